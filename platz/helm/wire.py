"""The messages between `platz.helm.process_pool` and `platz.helm.child`: one line of JSON each way, and news for the
child: tokens, and more time to live.

Invariant: secrets travel only here, never in an argument list, the environment or a file.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path

from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.json import JsonObject


@dataclass(frozen=True, kw_only=True)
class Order:
    """A run and the kubeconfig of its cluster; with ``renews_token`` new tokens may follow the order.

    The child is killed at ``until`` by the boot clock (None: it is not).
    """

    run: HelmRun
    kubeconfig: JsonObject = field(repr=False)
    renews_token: bool = False
    until: float | None = None


def encode_order(order: Order) -> bytes:
    """Return the line that the child reads, without the list of secrets, which only the parent needs."""
    run = dataclasses.asdict(dataclasses.replace(order.run, secrets=()))
    document = {"run": run, "kubeconfig": order.kubeconfig}
    return _line({**document, "renews_token": order.renews_token, "until": order.until})


def decode_order(line: bytes) -> Order:
    """Read what `encode_order` wrote."""
    document = json.loads(line)
    run = document["run"]
    return Order(
        run=HelmRun(
            action=HelmAction(run["action"]),
            release=run["release"],
            namespace=run["namespace"],
            chart_archive=Path(run["chart_archive"]) if run["chart_archive"] else None,
            values=run["values"],
            values_override=run["values_override"],
            description=run["description"],
            labels=run["labels"],
            timeout_seconds=run["timeout_seconds"],
            wait=run["wait"],
            force_conflicts=run["force_conflicts"],
            kept_replicas=run["kept_replicas"],
            dry_run=run["dry_run"],
        ),
        kubeconfig=document["kubeconfig"],
        renews_token=document["renews_token"],
        until=document["until"],
    )


def encode_token(token: str) -> bytes:
    """Return the line that gives a running child a new token."""
    return _line({"token": token})


def encode_prolongation(until: float) -> bytes:
    """Return the line that lets a child live longer."""
    return _line({"until": until})


def decode_news(line: bytes) -> str | float:
    """Read a token or a time that `encode_token` or `encode_prolongation` wrote."""
    news = json.loads(line)
    return str(news["token"]) if "token" in news else float(news["until"])


def encode_outcome(outcome: HelmOutcome) -> bytes:
    """Return the line that the parent reads."""
    return _line(dataclasses.asdict(outcome))


def decode_outcome(line: bytes) -> HelmOutcome:
    """Read what `encode_outcome` wrote."""
    return HelmOutcome(**json.loads(line))


def _line(document: object) -> bytes:
    """Encode with the standard library's JSON, which takes integers of any size; paths become text."""
    return json.dumps(document, default=str).encode("ascii") + b"\n"
