"""A chart whose deployments report a status, and have an action for one status only."""

from __future__ import annotations

import orjson

from platz.json import JsonObject

ACTIONS: JsonObject = {
    "schema_version": 0,
    "actions": [
        {
            "id": "repair",
            "allowed_role": "Maintainer",
            "allowed_on_statuses": ["Broken"],
            "endpoint": "standard_ingress",
            "path": "/repair",
            "method": "POST",
            "title": "Repair",
            "description": "Mend it",
        }
    ],
}
FEATURES: JsonObject = {
    "standard_ingress": True,
    "status": {"endpoint": "standard_ingress", "path": "/status", "refresh_interval_secs": 60},
}


def status_document(name: str) -> JsonObject:
    """What a deployment with the status ``name`` reports."""
    return {"status": {"name": name, "color": "success"}}


def status_text(name: str) -> str:
    """The same, as it is sent."""
    return orjson.dumps(status_document(name)).decode()
