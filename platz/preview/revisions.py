"""What a revision installs."""

from __future__ import annotations

from sqlalchemy import Connection

from platz.db.encryption import Cipher
from platz.db.field_encryption import decrypt_fields, encrypted_keys
from platz.db.tables import charts, registries
from platz.preview.rendered_values import Wanted
from platz.tasks.operations import Install, Upgrade


def wanted_of(connection: Connection, operation: Install | Upgrade, cipher: Cipher) -> Wanted:
    """Return the chart, inputs and override of an operation, in plain."""
    chart = charts.get(connection, operation.helm_chart_id)
    return Wanted(
        chart_id=operation.helm_chart_id,
        chart=chart,
        registry=registries.get(connection, chart.helm_registry_id) if chart else None,
        inputs=decrypt_fields(operation.config_inputs, cipher),
        encrypted=encrypted_keys(operation.config_inputs),
        override=operation.values_override,
    )
