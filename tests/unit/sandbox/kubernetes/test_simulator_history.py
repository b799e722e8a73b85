"""A cluster's objects and history: what a list and a watch from its version say together."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platz_sandbox.kubernetes.objects.object_store import HISTORY_LENGTH, Cluster
from platz_sandbox.kubernetes.objects.served_kinds import built_in
from platz_sandbox.kubernetes.objects.storage import Storage
from platz_sandbox.kubernetes.objects.stored import ChangeType

SECRETS = built_in("secrets")
STEPS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from(["put", "remove"])), max_size=30)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(tmp_path / "state.sqlite")


def do(cluster: Cluster, name: str, action: str) -> None:
    item = cluster.get("secrets", "ns", name)
    if action == "put":
        document = item.document() if item else {"metadata": {"name": name, "namespace": "ns"}}
        cluster.put(SECRETS, document)
    elif item:
        cluster.remove(item)


def state(cluster: Cluster) -> dict[str, bytes]:
    return {item.name: item.body for item in cluster.list("secrets")}


@settings(max_examples=60, deadline=None)
@given(before=STEPS, after=STEPS)
def test_a_list_and_the_history_after_it_give_the_present(
    tmp_path_factory: pytest.TempPathFactory, before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    cluster = Cluster("east", Storage(tmp_path_factory.mktemp("state") / "state.sqlite"))
    for name, action in before:
        do(cluster, name, action)
    listed, version = state(cluster), cluster.version
    for name, action in after:
        do(cluster, name, action)

    changes = cluster.history("secrets").after(version)

    for change in changes:
        if change.type is ChangeType.DELETED:
            del listed[change.now.name]
        else:
            listed[change.now.name] = change.now.body
    assert listed == state(cluster)
    assert [change.version for change in changes] == sorted({change.version for change in changes})


def test_everything_is_there_after_loading_again(storage: Storage) -> None:
    cluster = Cluster("east", storage)
    for name in "abc":
        do(cluster, name, "put")
    do(cluster, "b", "remove")

    again = Cluster("east", storage)

    assert state(again) == state(cluster)
    assert again.version == cluster.version


def test_a_version_is_never_given_out_twice_even_after_a_removal(storage: Storage) -> None:
    cluster = Cluster("east", storage)
    do(cluster, "a", "put")
    do(cluster, "a", "remove")

    assert Cluster("east", storage).version == cluster.version


def test_the_history_forgets_what_is_too_old(storage: Storage) -> None:
    cluster = Cluster("east", storage)
    start = cluster.version
    for _ in range(HISTORY_LENGTH + 5):
        do(cluster, "a", "put")
    history = cluster.history("secrets")

    assert history.floor == start + 5
    assert len(history.after(history.floor)) == HISTORY_LENGTH


def test_a_write_that_fails_on_disk_changes_nothing(storage: Storage) -> None:
    cluster = Cluster("east", storage)
    do(cluster, "a", "put")
    before, version = state(cluster), cluster.version
    storage.close()

    with pytest.raises(Exception, match="closed database"):
        do(cluster, "b", "put")

    assert (state(cluster), cluster.version) == (before, version)
