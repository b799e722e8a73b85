"""Builds the database of the former server and fills it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from platz.db.database import Database

SCHEMA = Path(__file__).with_suffix(".sql")
DAY_ONE = datetime(2024, 3, 9, 12, tzinfo=UTC)

LEVELS: dict[str, tuple[str, ...]] = {
    "20260613184500": (),
    "20260509120000": (),
    "20240911173524addbottokens": ("ALTER TABLE helm_registries DROP COLUMN provider",),
    "20240831105935addbots": ("DROP TABLE bot_tokens",),
    "20240831102801deploymentkindnotnull": ("DROP TABLE bots",),
    "20240831095523deploymentkindtriggers": tuple(
        f"ALTER TABLE {table} ALTER {column} DROP NOT NULL"
        for table, column in (
            ("deployments", "kind_id"),
            ("deployment_permissions", "kind_id"),
            ("helm_registries", "kind_id"),
            ("deployment_resource_types", "deployment_kind_id"),
        )
    ),
    "20240828202600deploymentkindonlyid": ("DROP TRIGGER notify_changes ON deployment_kinds",),
}
"""The versions that can be adopted, the newest first, and what the one before each had not yet."""

Row = dict[str, Any]


def day(number: float) -> datetime:
    """Give a moment some days after the first."""
    return DAY_ONE + timedelta(days=number)


class FormerPlatz:
    """One former database, with short ways to insert into and look at it."""

    def __init__(self, database: Database) -> None:
        self._connection: psycopg.Connection[Row] = database.dedicated()
        self._connection.row_factory = dict_row

    def build(self) -> None:
        """Create its tables, rules and version table."""
        with self._transaction() as connection:
            connection.execute(SCHEMA.read_bytes())

    def go_back_to(self, level: str) -> None:
        """Undo the migrations after ``level``, as far as their effects are known."""
        for version, undo in LEVELS.items():
            for statement in undo:
                self.execute(statement)
            if version == level:
                break
        self.execute(f"DELETE FROM __diesel_schema_migrations WHERE version > '{level}'")

    def execute(self, statement: str) -> None:
        """Run any statement."""
        with self._transaction() as connection:
            connection.execute(statement.encode())

    def select(self, query: str) -> list[Row]:
        """Give what any query finds."""
        with self._transaction() as connection:
            return connection.execute(query.encode()).fetchall()

    def rows(self, table: str) -> list[Row]:
        """Give every row of a table, by id."""
        with self._transaction() as connection:
            query = sql.SQL("SELECT * FROM {} ORDER BY id").format(sql.Identifier(table))
            return connection.execute(query).fetchall()

    def row(self, table: str, row_id: UUID) -> Row | None:
        """Give one row, None when it is not there."""
        return next((row for row in self.rows(table) if row["id"] == row_id), None)

    def add(self, table: str, **values: Any) -> UUID:
        """Insert a row; dictionaries become JSON."""
        row_id = values.setdefault("id", uuid4())
        with self._transaction() as connection:
            if (
                table == "deployment_resource_types"
            ):  # as the version of the trigger that still worked let it in
                connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                    sql.Identifier(table),
                    sql.SQL(", ").join(map(sql.Identifier, values)),
                    sql.SQL(", ").join([sql.Placeholder()] * len(values)),
                ),
                [Jsonb(value) if isinstance(value, dict) else value for value in values.values()],
            )
        return row_id

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Connection[Row]]:
        with self._connection.transaction():
            yield self._connection


class Installation(FormerPlatz):
    """A former database with what a deployment needs."""

    def build(self) -> None:
        super().build()
        self.env = self.add("envs", name="Production")
        self.kind = self.add("deployment_kinds", name="Shop")
        self.registry = self.add(
            "helm_registries", domain_name="r", repo_name="shop-chart", kind_id=self.kind
        )
        self.chart = self.add_chart()
        self.cluster = self.add(
            "k8s_clusters", provider_id="arn:1", name="c", region_name="r", env_id=self.env
        )
        self.deployment: UUID | None = None
        self.user = self.add("users", display_name="Ann", email="ann@example.com", created_at=day(0))

    def add_chart(self, **values: Any) -> UUID:
        """Insert a chart of the registry."""
        defaults = {"created_at": day(0), "helm_registry_id": self.registry, "image_digest": "sha256:1"}
        return self.add("helm_charts", **{**defaults, "image_tag": str(uuid4()), **values})

    def add_deployment(self, **values: Any) -> UUID:
        """Insert a deployment."""
        defaults = {"kind_id": self.kind, "cluster_id": self.cluster, "helm_chart_id": self.chart}
        return self.add("deployments", **{**defaults, "name": str(uuid4()), "created_at": day(0), **values})

    def add_task(self, deployment: UUID, **values: Any) -> UUID:
        """Insert a task of the user."""
        defaults = {
            "deployment_id": deployment,
            "cluster_id": self.cluster,
            "acting_user_id": self.user,
            "operation": {"Uninstall": {}},
            "status": "Done",
            "created_at": day(0),
            "execute_at": day(0),
        }
        if "acting_deployment_id" in values:
            defaults.pop("acting_user_id")
        return self.add("deployment_tasks", **{**defaults, **values})
