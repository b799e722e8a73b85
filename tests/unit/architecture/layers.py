"""The rooms of the house, from the roof to the ground: an import may only point to a room further down.

This is the one declaration; `test_layers.py` holds the code and the drawing in docs/development.md to it. Rooms in one
layer do not know each other. A room with wings is a folder with folders; no two wings import in a circle.
"""

from __future__ import annotations

LAYERS: tuple[dict[str, str], ...] = (
    {"app": "the story of one process: configure, connect, start, serve, stop"},
    {"commands": "the command line", "banner": "what is said at the start"},
    {"wiring": "which object is made of which"},
    {"backing_services": "which services are real, which are embedded, and where each answers"},
    {"embedded_services": "the stand-ins as the product sees them; loads platz_sandbox"},
    {
        "actors": "who acts, and when: the only folder with mailboxes",
        "http": "the API, the live feed, the pages",
    },
    {"changes": "what a wish changes, and the tasks and reinstalls that it causes"},
    {"tasks": "how a task runs: operations, execution, recovery"},
    {"observation": "what is seen of clusters and deployments, and kept in step with it"},
    {"discovery": "what is found in accounts and registries, and how it is recorded"},
    {"access": "who may see and do what: tokens, sign-in, permissions"},
    {
        "helm": "Helm in child processes, and registries",
        "kube": "Kubernetes clusters in raw JSON",
        "aws": "EKS, ECR, SQS, SSM",
        "charts": "chart extensions: pure functions over documents",
    },
    {"db": "tables, lists, the task queue, change events, leases, adoption"},
    {"identities": "the ids and identities that every layer speaks of"},
    {
        "backoff": "how long to wait after failures",
        "errors": "what a caller must do about a failure",
        "config": "every setting",
        "json": "the type of a JSON document, and equality",
        "logs": "one structured line for each event",
        "metrics": "what Platz counts about itself",
        "signals": "signals, heeded by one thread",
        "web_addresses": "the names of this machine, and one spelling for each address",
        "shipped_files": "files that are no Python, in a wheel and in a checkout",
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
