"""The metrics of the process, for Prometheus. Any module may count; only `GET /metrics` reads.

Invariant: no label takes a value that users can choose freely (ids, paths, names of deployments), so the number of
series is bounded. Metrics that are read from the database are not here but in platz/http/database_counts.py.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
GCCollector(registry=registry)

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SLOW = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)

# HTTP: `route` is the route's template or operation id, never the path.
http_requests = Counter(
    "platz_http_requests", "HTTP requests answered.", ("method", "route", "status"), registry=registry
)
http_request_seconds = Histogram(
    "platz_http_request_duration_seconds",
    "Time from the first byte of a request's head to the end of its answer.",
    ("method", "route"),
    buckets=_FAST,
    registry=registry,
)
http_requests_in_progress = Gauge(
    "platz_http_requests_in_progress", "HTTP requests being answered.", registry=registry
)

# Tasks: `operation` is Install, Upgrade, ...; `outcome` is a DeploymentTaskStatus.
tasks_finished = Counter(
    "platz_tasks_finished", "Tasks that this process finished.", ("operation", "outcome"), registry=registry
)
task_seconds = Histogram(
    "platz_task_duration_seconds",
    "Time from a task's start to its end.",
    ("operation",),
    buckets=_SLOW,
    registry=registry,
)
task_wait_seconds = Histogram(
    "platz_task_wait_seconds", "Time from when a task was due to its start.", buckets=_SLOW, registry=registry
)
tasks_running = Gauge("platz_tasks_running", "Tasks that run in this process.", registry=registry)

# Actors: `actor` is the name of an actor class or of a role, not of an instance.
actor_mailbox_depth = Gauge(
    "platz_actor_mailbox_depth", "Messages that wait in mailboxes.", ("actor",), registry=registry
)
actor_messages = Counter("platz_actor_messages", "Messages handled.", ("actor",), registry=registry)
actor_restarts = Counter("platz_actor_restarts", "Actors restarted.", ("actor",), registry=registry)
leases_held = Gauge("platz_leases_held", "Leases that this process holds.", registry=registry)

# Watches: `cluster` is a cluster's name, `kind` a watched Kubernetes kind.
watch_events = Counter(
    "platz_watch_events", "Objects that watches reported.", ("cluster", "kind"), registry=registry
)
watch_failures = Counter(
    "platz_watch_failures", "Watches that broke off.", ("cluster", "kind"), registry=registry
)
watch_healthy = Gauge(
    "platz_watch_healthy", "1 while the watch is healthy, else 0.", ("cluster", "kind"), registry=registry
)

# Change events from the database, and the live feed that passes them on.
change_events = Counter(
    "platz_change_events", "Row changes that the database told.", ("table",), registry=registry
)
listener_reconnects = Counter(
    "platz_listener_reconnects", "Times that listening for changes had to start again.", registry=registry
)
live_clients = Gauge("platz_live_clients", "Clients of live events.", registry=registry)
live_deliveries = Counter("platz_live_deliveries", "Live events queued for clients.", registry=registry)
live_clients_dropped = Counter(
    "platz_live_clients_dropped", "Live clients that were disconnected.", ("reason",), registry=registry
)
