"""An order and an outcome survive the pipe."""

from __future__ import annotations

from pathlib import Path

from platz.helm.engine import HelmAction, HelmOutcome, HelmRun
from platz.helm.wire import Order, decode_order, decode_outcome, encode_order, encode_outcome


def test_an_order_arrives_as_it_was_sent_without_the_list_of_secrets() -> None:
    run = HelmRun(
        action=HelmAction.UPGRADE,
        release="shop",
        namespace="shop",
        chart_archive=Path("/charts/shop.tgz"),
        values={"big": 2**70, "text": "a\nb\x00\ud800", "nothing": None},
        values_override={"a": [1.5]},
        description="task 1",
        timeout_seconds=7,
        wait=True,
        secrets=("hunter2",),
    )
    line = encode_order(Order(run=run, kubeconfig={"kind": "Config"}))
    arrived = decode_order(line)
    assert line.count(b"\n") == 1
    assert arrived.kubeconfig == {"kind": "Config"}
    assert arrived.run.values == run.values
    assert arrived.run.secrets == ()
    assert arrived.run.chart_archive == run.chart_archive


def test_an_outcome_arrives_as_it_was_sent() -> None:
    outcome = HelmOutcome(ok=True, output="two\nlines", revision=3, log="log")
    assert decode_outcome(encode_outcome(outcome)) == outcome


def test_nothing_secret_is_in_a_repr() -> None:
    run = HelmRun(
        action=HelmAction.INSTALL, release="a", namespace="a", values={"p": "hunter2"}, secrets=("hunter2",)
    )
    order = Order(run=run, kubeconfig={"token": "hunter2"})
    assert "hunter2" not in repr(order)
