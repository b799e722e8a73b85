"""The cluster view: whatever order events arrive in, the written rows equal what the cluster shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from platz.db.tables.k8s_resources import SeenWorkload, WorkloadId
from platz.identities import ClusterId
from platz.json import JsonObject
from platz.kube.api_resources import DEPLOYMENT, JOB, NAMESPACE, STATEFUL_SET, ResourceKind
from platz.kube.watch_specs import Changes, Gone, Snapshot, Upsert
from platz.observation.cluster_view import Batch, ClusterView

SPACE = UUID("00000000-0000-4000-8000-000000000000")
CLUSTER = ClusterId(uuid5(SPACE, "cluster"))
KINDS = (DEPLOYMENT, STATEFUL_SET, JOB)
NAMES = ("a", "b")


def id_of(*words: object) -> UUID:
    return uuid5(SPACE, " ".join(map(str, words)))


def namespace(name: str) -> JsonObject:
    return {
        "metadata": {"name": name, "annotations": {"platz_deployment_id": str(id_of("deployment", name))}}
    }


def workload(kind: ResourceKind, namespace: str, name: str, ready: int = 0) -> JsonObject:
    uid = str(id_of(kind.kind, namespace, name))
    metadata: JsonObject = {"uid": uid, "name": name, "namespace": namespace, "labels": {"ready": str(ready)}}
    return {"metadata": metadata, "status": {"availableReplicas": ready, "readyReplicas": ready}}


@dataclass
class Table:
    """`k8s_resources`, as the batches leave it."""

    rows: dict[WorkloadId, SeenWorkload] = field(default_factory=dict)

    def write(self, batch: Batch | None) -> None:
        if batch is None:
            return
        self.rows |= {row.id: row for row in batch.upserts}
        for id_ in batch.removals:
            self.rows.pop(id_, None)
        for kind, kept in batch.kept.items():
            self.rows = {i: row for i, row in self.rows.items() if row.kind != kind or i in kept}


def names_in(table: Table) -> set[tuple[str, str]]:
    return {(row.kind, row.name) for row in table.rows.values()}


def fresh() -> ClusterView:
    """The view of a cluster that was listed and had no namespace of Platz."""
    view = ClusterView(cluster_id=CLUSTER)
    view.apply(NAMESPACE, Snapshot(objects=()))
    return view


def test_nothing_is_written_before_the_namespaces_are_known() -> None:
    view, table = ClusterView(cluster_id=CLUSTER), Table()
    view.apply(DEPLOYMENT, Snapshot(objects=(workload(DEPLOYMENT, "a", "web"),)))
    assert view.take_batch() is None
    view.apply(NAMESPACE, Snapshot(objects=(namespace("a"),)))
    table.write(view.take_batch())
    assert names_in(table) == {("Deployment", "web")}


def test_a_workload_waits_for_its_namespace() -> None:
    view, table = fresh(), Table()
    view.apply(DEPLOYMENT, Changes(changes=(Upsert(object=workload(DEPLOYMENT, "a", "web")),)))
    table.write(view.take_batch())
    assert table.rows == {}
    view.apply(NAMESPACE, Changes(changes=(Upsert(object=namespace("a")),)))
    table.write(view.take_batch())
    assert names_in(table) == {("Deployment", "web")}
    assert table.rows[WorkloadId(id_of("Deployment", "a", "web"))].deployment_id == id_of("deployment", "a")


def test_a_snapshot_prunes_what_the_database_still_has() -> None:
    view, table = fresh(), Table()
    stale = WorkloadId(id_of("left over"))
    table.rows[stale] = SeenWorkload(
        id=stale, cluster_id=CLUSTER, deployment_id=id_of("x"), kind="Job", api_version="batch/v1",
        name="old", status_color=[], metadata={},
    )  # fmt: skip
    view.apply(DEPLOYMENT, Snapshot(objects=()))
    table.write(view.take_batch())
    assert stale in table.rows  # a list of another kind says nothing about jobs
    view.apply(JOB, Snapshot(objects=()))
    table.write(view.take_batch())
    assert table.rows == {}


def test_what_was_not_written_comes_again_as_it_is_now() -> None:
    view, table = ClusterView(cluster_id=CLUSTER), Table()
    view.apply(NAMESPACE, Snapshot(objects=(namespace("a"),)))
    view.apply(DEPLOYMENT, Snapshot(objects=(workload(DEPLOYMENT, "a", "web"),)))
    failed = view.take_batch()
    assert failed is not None
    view.apply(DEPLOYMENT, Changes(changes=(Upsert(object=workload(DEPLOYMENT, "a", "web", ready=2)),)))
    view.put_back(failed)
    table.write(view.take_batch())
    assert [row.status_color for row in table.rows.values()] == [["Success", "Success"]]
    assert view.take_batch() is None


def test_every_change_of_the_deployments_namespaces_is_told() -> None:
    view = ClusterView(cluster_id=CLUSTER)
    bare: JsonObject = {"metadata": {"name": "a"}}
    going: JsonObject = {
        "metadata": {**namespace("a")["metadata"], "deletionTimestamp": "2026-01-01T00:00:00Z"}
    }  # type: ignore[dict-item]
    view.apply(NAMESPACE, Snapshot(objects=()))
    for change, is_news, present in (
        (Upsert(object=namespace("a")), True, {"a"}),
        (Upsert(object=namespace("a")), False, {"a"}),
        (Upsert(object=bare), True, set[str]()),
        (Upsert(object=namespace("a")), True, {"a"}),
        (Upsert(object=going), True, set[str]()),
        (Gone(object=going), True, set[str]()),
    ):
        assert view.apply(NAMESPACE, Changes(changes=(change,))) is is_news
        assert set(view.present_namespaces() or ()) == present


def test_nothing_is_known_of_namespaces_before_they_are_listed() -> None:
    assert ClusterView(cluster_id=CLUSTER).present_namespaces() is None


def test_workloads_of_a_namespace_that_loses_its_annotation_are_removed() -> None:
    view = ClusterView(cluster_id=CLUSTER)
    view.apply(NAMESPACE, Snapshot(objects=(namespace("a"),)))
    view.apply(DEPLOYMENT, Snapshot(objects=(workload(DEPLOYMENT, "a", "web"),)))
    view.take_batch()
    view.apply(NAMESPACE, Changes(changes=(Upsert(object={"metadata": {"name": "a"}}),)))
    batch = view.take_batch()
    assert batch is not None
    assert len(batch.removals) == 1


def test_a_malformed_annotation_is_no_deployment() -> None:
    view = ClusterView(cluster_id=CLUSTER)
    broken: JsonObject = {"metadata": {"name": "a", "annotations": {"platz_deployment_id": "not-a-uuid"}}}
    view.apply(NAMESPACE, Snapshot(objects=(broken,)))
    view.apply(DEPLOYMENT, Snapshot(objects=(workload(DEPLOYMENT, "a", "web"),)))
    batch = view.take_batch()
    assert batch is not None
    assert batch.upserts == ()


events = st.lists(
    st.one_of(
        st.tuples(st.just("namespace"), st.sampled_from(NAMES), st.booleans()),
        st.tuples(st.just("list-namespaces"), st.sets(st.sampled_from(NAMES)), st.just(True)),
        st.tuples(
            st.sampled_from(KINDS),
            st.tuples(st.sampled_from(NAMES), st.sampled_from(("x", "y"))),
            st.integers(0, 2),
        ),
        st.tuples(
            st.sampled_from(KINDS), st.tuples(st.sampled_from(NAMES), st.sampled_from(("x", "y"))), st.none()
        ),
        st.tuples(st.just("write"), st.booleans(), st.just(True)),
        st.tuples(st.just("relist"), st.sampled_from(KINDS), st.just(True)),
    ),
    max_size=40,
)


@given(events)
def test_the_rows_equal_the_cluster_once_everything_is_written(history: list[tuple[object, ...]]) -> None:
    view, table = fresh(), Table()
    spaces: set[str] = set()
    objects: dict[tuple[ResourceKind, str, str], int] = {}
    for event in history:
        match event:
            case ("namespace", name, present):
                (spaces.add if present else spaces.discard)(name)
                change = Upsert(object=namespace(name)) if present else Gone(object=namespace(name))
                view.apply(NAMESPACE, Changes(changes=(change,)))
            case ("list-namespaces", names, _):
                spaces = set(names)
                view.apply(NAMESPACE, Snapshot(objects=tuple(namespace(name) for name in names)))
            case ("write", succeeds, _):
                batch = view.take_batch()
                if succeeds:
                    table.write(batch)
                elif batch is not None:
                    view.put_back(batch)
            case ("relist", kind, _):
                listed = tuple(workload(k, ns, n, r) for (k, ns, n), r in objects.items() if k == kind)
                view.apply(kind, Snapshot(objects=listed))
            case (kind, (space, name), None):
                objects.pop((kind, space, name), None)
                view.apply(kind, Changes(changes=(Gone(object=workload(kind, space, name)),)))
            case (kind, (space, name), ready):
                objects[kind, space, name] = ready
                view.apply(kind, Changes(changes=(Upsert(object=workload(kind, space, name, ready)),)))
    table.write(view.take_batch())
    expected = {id_of(k.kind, ns, n): r for (k, ns, n), r in objects.items() if ns in spaces}
    assert {id_: len(row.status_color) if row.kind != "Job" else 0 for id_, row in table.rows.items()} == {
        id_: ready if table.rows[WorkloadId(id_)].kind != "Job" else 0 for id_, ready in expected.items()
    }
