"""The rooms of the house, from the roof to the ground: an import may only point to a room further down.

This is the one declaration; `test_layers.py` holds the code and the drawing in docs/development.md to it. Rooms in one
layer do not know each other. A room with wings is a folder with folders; no two wings import in a circle.
"""

from __future__ import annotations

LAYERS: tuple[dict[str, str], ...] = (
    {"entry_points": "the entry points of the five executables of the older install chart"},
    {"app": "the life of one process: configure, connect, start, serve, stop"},
    {"commands": "the command line", "banner": "the text printed at the start"},
    {"wiring": "the construction of all objects"},
    {"backing_services": "which services are real, which are embedded, and their addresses"},
    {"embedded_services": "the interface to the stand-ins; loads platz_sandbox"},
    {
        "actors": "the actors, which decide when work is done; the only folder with mailboxes",
        "http": "the API, the live feed, the pages",
    },
    {"preview": "what a change would do, and what earlier ones did: shown, and changed nowhere"},
    {"changes": "the changes that users request, and the tasks and reinstalls that they cause"},
    {"tasks": "how a task runs: operations, execution, recovery"},
    {"observation": "what Platz learns from clusters and deployments, and keeps up to date in them"},
    {"discovery": "the search for clusters and charts, and the recording of what is found"},
    {"access": "tokens, sign-in, and permissions: who may see and do what"},
    {
        "helm": "Helm in child processes, and chart registries",
        "kube": "Kubernetes clusters, in raw JSON",
        "aws": "EKS, ECR, SQS, SSM",
        "charts": "chart extensions, as pure functions of documents",
    },
    {"db": "tables, lists, the task queue, change events, leases, adoption"},
    {"identities": "ids and identities, for every layer above"},
    {
        "backoff": "waiting times after failures",
        "boot_clock": "the clock by which the right to work runs out",
        "errors": "errors, by what the caller must do about them",
        "config": "every setting",
        "json": "the type of JSON documents, their equality and their merging",
        "logs": "structured log lines",
        "memory_limit": "the memory that the process may use",
        "metrics": "the metrics of the process",
        "signals": "signal handling, on one thread",
        "web_addresses": "the names of this machine, and the normal form of URLs",
        "shipped_files": "files other than Python modules, found in a wheel and in a checkout",
    },
)

SANDBOX_MAY_IMPORT = {
    "backoff",
    "errors",
    "json",
    "shipped_files",
    "web_addresses",
    "embedded_services",
    "db",
}
"""Rooms of the product that the stand-ins know. Nothing of the product but `embedded_services` knows the stand-ins."""

CHARTS_MAY_IMPORT = {"charts", "errors", "json", "web_addresses"}
"""Chart extensions are pure, and so is what they know: no database, no network, no settings."""

MAY_USE: dict[str, set[str]] = {
    "starlette": {"wiring", "http"},
    "pykka": {"actors", "wiring", "app"},
    "kubernetes": {"kube"},
    "boto3": {"aws"},
    "helm_python": {"helm"},
    "jose": {"access"},
    "psycopg": {"db"},
    "alembic": {"db"},
}
"""Which rooms may import a library; libraries that are not named here are for all."""

BUILDS_SQL = "db"
"""The room in which SQL is built; the others know of SQLAlchemy only the names in `MAY_IMPORT_OF_SQLALCHEMY`."""

MAY_IMPORT_OF_SQLALCHEMY = {"sqlalchemy.Connection"}

MAY_READ_ENVIRONMENT = {"app", "wiring", "config"}

MAX_FILES_IN_A_FOLDER = 25
