"""The queue: who may claim what, and that nothing is lost or done twice."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from db_rows import LEASE, LONG_AGO, Ground, add_cluster, add_deployment, add_task, lay_ground
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from waiting import eventually

from platz.db import schema, task_queue
from platz.db.database import Database
from platz.db.enums import TaskStatus
from platz.db.tables import task_waits
from platz.db.task_queue import Claim, ClaimId, ClaimLost
from platz.errors import Conflict, Rejected
from platz.identities import ClusterId, TaskId

ME = Claim(id=ClaimId(UUID(int=1)), lease=LEASE)
OTHER = Claim(id=ClaimId(UUID(int=2)), lease=LEASE)
tasks = schema.deployment_tasks


@pytest.fixture
def ground(database: Database) -> Ground:
    with database.transaction() as connection:
        return lay_ground(connection)


def claim(database: Database, ground: Ground, *, by: Claim = ME, most: int = 100) -> list[TaskId]:
    with database.reading() as connection:
        claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=by, most=most)
        return [task.id for task in claimed]


def add(database: Database, ground: Ground, deployment: UUID | None = None, **values: object) -> TaskId:
    with database.transaction() as connection:
        return add_task(connection, ground, deployment or add_deployment(connection, ground), **values)  # type: ignore[arg-type]


def deployment_of(database: Database, ground: Ground) -> UUID:
    with database.transaction() as connection:
        return add_deployment(connection, ground)


def row(database: Database, task: TaskId) -> object:
    with database.reading() as connection:
        return connection.execute(select(tasks).where(tasks.c.id == task)).one()


def test_a_due_task_is_claimed_and_says_by_whom_and_when(database: Database, ground: Ground) -> None:
    task = add(database, ground, reason="left from before")
    with database.reading() as connection:
        (claimed,) = task_queue.claim(connection, cluster_id=ground.cluster, claim=ME, most=1)
    assert (claimed.id, claimed.status, claimed.claimed_by) == (task, TaskStatus.STARTED, ME.id)
    stored = row(database, task)
    assert (stored.status, stored.claimed_by, stored.reason) == (TaskStatus.STARTED, ME.id, None)  # type: ignore[attr-defined]
    assert stored.started_at is not None  # type: ignore[attr-defined]
    assert claimed.first_attempted_at == stored.started_at  # type: ignore[attr-defined]


def test_a_task_is_claimed_only_once(database: Database, ground: Ground) -> None:
    task = add(database, ground)
    assert claim(database, ground) == [task]
    assert claim(database, ground, by=OTHER) == []


def test_a_scheduled_task_waits_for_its_time(database: Database, ground: Ground) -> None:
    add(database, ground, execute_at=datetime.now(UTC) + timedelta(hours=1))
    assert claim(database, ground) == []


def test_the_tasks_of_another_cluster_are_left_alone(database: Database, ground: Ground) -> None:
    with database.transaction() as connection:
        elsewhere = add_cluster(connection, ground.env)
    add(database, ground, cluster_id=elsewhere)
    assert claim(database, ground) == []


def test_claimed_tasks_come_in_the_order_of_the_queue(database: Database, ground: Ground) -> None:
    late, early = add(database, ground, after=2), add(database, ground, after=1)
    assert claim(database, ground) == [early, late]


def test_no_more_tasks_are_claimed_than_asked_for(database: Database, ground: Ground) -> None:
    late, early = add(database, ground, after=2), add(database, ground, after=1)
    assert claim(database, ground, most=1) == [early]
    assert claim(database, ground, most=1) == [late]


@pytest.mark.parametrize("earlier", [{"after": -1}, {"created_at": LONG_AGO - timedelta(seconds=1)}])
def test_a_deployments_tasks_start_one_after_another(
    database: Database, ground: Ground, earlier: dict[str, object]
) -> None:
    deployment = deployment_of(database, ground)
    second = add(database, ground, deployment)
    first = add(database, ground, deployment, **earlier)
    assert claim(database, ground) == [first]
    assert claim(database, ground) == []
    with database.reading() as connection:
        assert task_queue.mark_ended(connection, first, ME, TaskStatus.DONE, "")
    assert claim(database, ground) == [second]


def test_ties_are_broken_by_the_id(database: Database, ground: Ground) -> None:
    deployment = deployment_of(database, ground)
    ids = sorted(add(database, ground, deployment) for _ in range(3))
    for expected in ids:
        assert claim(database, ground) == [expected]
        with database.reading() as connection:
            assert task_queue.mark_ended(connection, expected, ME, TaskStatus.FAILED, "no")


def test_a_task_behind_one_that_another_process_claims_right_now_is_not_claimed(
    database: Database, ground: Ground
) -> None:
    deployment = deployment_of(database, ground)
    first, _second = add(database, ground, deployment, after=1), add(database, ground, deployment, after=2)
    with database.transaction() as connection:
        claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=OTHER, most=10)
        assert [task.id for task in claimed] == [first]
        assert claim(database, ground) == []


def test_a_task_that_another_process_claims_right_now_delays_nobody(
    database: Database, ground: Ground
) -> None:
    busy, free = add(database, ground, after=1), add(database, ground, after=2)
    with database.transaction() as connection:
        claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=OTHER, most=1)
        assert [task.id for task in claimed] == [busy]
        assert claim(database, ground) == [free]


def test_a_scheduled_task_does_not_hold_up_those_behind_it(database: Database, ground: Ground) -> None:
    deployment = deployment_of(database, ground)
    add(database, ground, deployment, execute_at=datetime.now(UTC) + timedelta(hours=1))
    due = add(database, ground, deployment)
    assert claim(database, ground) == [due]


def test_two_started_tasks_of_one_deployment_are_impossible(database: Database, ground: Ground) -> None:
    deployment = deployment_of(database, ground)
    started = {"status": "Started", "started_at": LONG_AGO}
    add(database, ground, deployment, **started, claimed_by=ME.id)
    with pytest.raises(Conflict, match="Another task of this deployment is running"):
        add(database, ground, deployment, **started, claimed_by=OTHER.id)


@pytest.mark.parametrize("end", [TaskStatus.DONE, TaskStatus.FAILED])
def test_only_the_claimer_can_finish(database: Database, ground: Ground, end: TaskStatus) -> None:
    task = add(database, ground)
    claim(database, ground)
    with database.reading() as connection:
        assert task_queue.mark_ended(connection, task, OTHER, end, "mine?") is False
        assert task_queue.mark_ended(connection, task, ME, end, "mine") is True
        assert task_queue.mark_ended(connection, task, ME, end, "again") is False
    assert row(database, task).reason == "mine"  # type: ignore[attr-defined]


def test_output_that_the_database_can_not_hold_does_not_keep_a_task_from_ending(
    database: Database, ground: Ground
) -> None:
    task = add(database, ground)
    claim(database, ground)
    with database.reading() as connection:
        assert task_queue.mark_ended(connection, task, ME, TaskStatus.FAILED, "a\x00b\ud800c")
    assert row(database, task).reason == "a\ufffdb?c"  # type: ignore[attr-defined]


def test_a_task_that_was_attempted_before_keeps_its_first_attempt(database: Database, ground: Ground) -> None:
    task = add(database, ground)
    earlier = datetime(2024, 1, 1, tzinfo=UTC)
    with database.transaction() as connection:
        connection.execute(update(tasks).where(tasks.c.id == task).values(first_attempted_at=earlier))
    assert claim(database, ground) == [task]
    claimed = row(database, task)
    assert claimed.first_attempted_at == earlier  # type: ignore[attr-defined]
    assert claimed.started_at > earlier  # type: ignore[attr-defined]


def test_one_heir_takes_over_a_dead_process_s_task(database: Database, ground: Ground) -> None:
    task = add(database, ground)
    claim(database, ground, by=OTHER)
    heir, rival = (Claim(id=ClaimId(uuid4()), lease=LEASE) for _ in range(2))
    with database.reading() as connection:
        assert [each.id for each in task_queue.started_tasks(connection, ground.cluster)] == [task]
        assert task_queue.take_over(connection, task, claim=heir, formerly=OTHER.id) is True
        assert task_queue.take_over(connection, task, claim=rival, formerly=OTHER.id) is False
        assert task_queue.mark_ended(connection, task, OTHER, TaskStatus.DONE, "too late") is False
        assert task_queue.mark_ended(connection, task, heir, TaskStatus.DONE, "") is True


def test_a_started_task_that_nobody_claimed_can_be_taken_over(database: Database, ground: Ground) -> None:
    task = add(database, ground, status="Started", started_at=LONG_AGO)
    with database.reading() as connection:
        assert task_queue.take_over(connection, task, claim=ME, formerly=None) is True


def test_the_outlook_counts_what_is_due_and_tells_when_the_next_is(
    database: Database, ground: Ground
) -> None:
    for delay in (timedelta(minutes=4), timedelta(minutes=3)):
        add(database, ground, execute_at=datetime.now(UTC) + delay)
    for _ in range(3):
        add(database, ground, execute_at=LONG_AGO)
    with database.reading() as connection:
        all_due = task_queue.outlook(connection, ground.cluster, most=10)
        assert all_due.due == 3
        assert all_due.next_seconds == pytest.approx(180, abs=60)
        assert task_queue.outlook(connection, ground.cluster, most=2).due == 2
        nothing = task_queue.outlook(connection, ClusterId(uuid4()), most=10)
        assert (nothing.due, nothing.next_seconds) == (0, None)


def test_the_outlook_counts_exactly_what_a_claim_gets(database: Database, ground: Ground) -> None:
    blocked, queued = deployment_of(database, ground), deployment_of(database, ground)
    add(database, ground, deployment=blocked, status="Started", started_at=LONG_AGO)
    add(database, ground, deployment=blocked, execute_at=LONG_AGO)
    for _ in range(2):
        add(database, ground, deployment=queued, execute_at=LONG_AGO)  # only the first can be claimed
    with database.transaction() as connection:
        due = task_queue.outlook(connection, ground.cluster, most=10).due
        claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=ME, most=10)
    assert due == len(claimed) == 1


def test_a_claim_reads_only_what_is_due_however_long_the_history(database: Database, ground: Ground) -> None:
    with database.transaction() as connection:
        deployments = [add_deployment(connection, ground) for _ in range(20)]
        for deployment in deployments:
            connection.execute(
                text("""
                    INSERT INTO deployment_tasks (cluster_id, deployment_id, operation, status, finished_at)
                    SELECT :cluster, :deployment, '{"Uninstall": {}}', 'Done', now() FROM generate_series(1, 500)
                """),
                {"cluster": ground.cluster, "deployment": deployment},
            )
            add_task(connection, ground, deployment)
        connection.execute(text("ANALYZE deployment_tasks"))
        lease = {"lease": LEASE.name, "epoch": LEASE.epoch}
        arguments = {"cluster_id": ground.cluster, "claimed_by": ME.id, "most": 5, **lease}
        plan = "\n".join(connection.execute(text(f"EXPLAIN {task_queue.CLAIM.element}"), arguments).scalars())
    assert "Seq Scan" not in plan
    assert "_history" not in plan


@given(seed=st.integers(0, 2**32), workers=st.integers(2, 6), per_deployment=st.integers(1, 5))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_many_workers_keep_every_deployments_order_and_lose_and_repeat_nothing(
    database: Database, seed: int, workers: int, per_deployment: int
) -> None:
    chance = random.Random(seed)
    with database.transaction() as connection:
        ground = lay_ground(connection)
        places: dict[UUID, list[tuple[float, TaskId]]] = defaultdict(list)
        for _ in range(6):
            deployment = add_deployment(connection, ground)
            for _ in range(per_deployment):
                after = chance.choice([0, 1, 2])
                task = add_task(connection, ground, deployment, after=after)
                places[deployment].append((after, task))
    finished, problems = _work_off(database, ground, workers, per_deployment * 6)
    assert problems == []
    for deployment, expected in places.items():
        assert finished[deployment] == [task for _, task in sorted(expected)]


def _work_off(
    database: Database, ground: Ground, workers: int, total: int
) -> tuple[dict[UUID, list[TaskId]], list[str]]:
    """Let threads claim and finish until ``total`` tasks are done."""
    finished: dict[UUID, list[TaskId]] = defaultdict(list)
    running: set[UUID] = set()
    problems: list[str] = []
    lock, done = threading.Lock(), threading.Event()
    expired = threading.Timer(30, done.set)
    expired.start()

    def work(number: int) -> None:
        me = Claim(id=ClaimId(UUID(int=number + 10)), lease=LEASE)
        while not done.is_set():
            with database.reading() as connection:
                claimed = task_queue.claim(connection, cluster_id=ground.cluster, claim=me, most=2)
            for task in claimed:
                with lock:
                    if task.deployment_id in running:
                        problems.append(f"{task.deployment_id} ran twice at once")
                    running.add(task.deployment_id)
                with lock, database.reading() as connection:
                    running.discard(task.deployment_id)
                    assert task_queue.mark_ended(connection, task.id, me, TaskStatus.DONE, "")
                    finished[task.deployment_id].append(task.id)
                    if sum(map(len, finished.values())) >= total:
                        done.set()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expired.cancel()
    return finished, problems


def test_a_task_does_not_become_pending_with_a_claim_on_it(database: Database, ground: Ground) -> None:
    task = add(database, ground)
    claim(database, ground)
    with pytest.raises(Rejected), database.transaction() as connection:
        connection.execute(update(tasks).where(tasks.c.id == task).values(status="Pending"))


def test_when_the_lease_has_changed_hands_nothing_is_claimed_taken_over_or_written(
    database: Database, ground: Ground
) -> None:
    task, waiting = add(database, ground, after=1), add(database, ground, after=2)
    assert claim(database, ground, most=1) == [task]
    with database.transaction() as connection:
        connection.execute(text("UPDATE platz_leases SET epoch = DEFAULT"))
    with database.reading() as connection:
        (stored,) = task_queue.started_tasks(connection, ground.cluster)
        assert claim(database, ground) == []
        assert not task_queue.take_over(connection, task, claim=OTHER, formerly=ME.id)
        assert not task_queue.mark_ended(connection, task, ME, TaskStatus.DONE, "too late")
        assert not task_queue.may_go_on(connection, stored, ME)
    with pytest.raises(ClaimLost), database.transaction() as connection:
        task_queue.hold(connection, stored, ME)
    assert row(database, waiting).status is TaskStatus.PENDING  # type: ignore[attr-defined]


def test_whoever_takes_a_task_over_waits_for_the_last_write_of_the_former_owner(
    database: Database, ground: Ground
) -> None:
    task = add(database, ground)
    claim(database, ground)
    heir = Claim(id=ClaimId(uuid4()), lease=LEASE)
    taken: list[bool] = []

    def take() -> None:
        with database.transaction() as connection:
            taken.append(task_queue.take_over(connection, task, claim=heir, formerly=ME.id))

    thread = threading.Thread(target=take)
    with database.transaction() as connection:
        (stored,) = task_queue.started_tasks(connection, ground.cluster)
        task_queue.hold(connection, stored, ME)
        thread.start()
        eventually(lambda: waits_for_a_lock(database))
        assert taken == []
        assert task_queue.mark_ended(connection, task, ME, TaskStatus.DONE, "in time")
    thread.join(timeout=10)
    assert taken == [False]
    assert row(database, task).reason == "in time"  # type: ignore[attr-defined]


def waits_for_a_lock(database: Database) -> bool:
    with database.reading() as connection:
        query = text(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database())"
        )
        return bool(connection.scalar(query))


def test_a_task_begins_only_when_the_one_that_it_waits_for_has_ended(
    database: Database, ground: Ground
) -> None:
    first, second = add(database, ground, after=2), add(database, ground, after=1)
    with database.transaction() as connection:
        task_waits.add(connection, [second], first)
        assert task_queue.outlook(connection, ground.cluster, most=10).due == 1
    assert claim(database, ground) == [first]
    assert claim(database, ground) == []
    with database.reading() as connection:
        assert task_queue.clusters_to_wake(connection, added=[], changed=[first]) == {ground.cluster}
        assert task_queue.mark_ended(connection, first, ME, TaskStatus.DONE, "")
    assert claim(database, ground) == [second]


def test_what_waits_for_a_task_that_failed_ends_with_it_step_by_step(
    database: Database, ground: Ground
) -> None:
    first, step, other = add(database, ground), add(database, ground), add(database, ground)
    with database.transaction() as connection:
        task_waits.add(connection, [step], first)
        task_waits.add(connection, [other], step)
        task_waits.end_what_waits(connection, [first], "The cluster is full.")
    for task in (step, other):
        ended = row(database, task)
        assert ended.status is TaskStatus.CANCELED  # type: ignore[attr-defined]
        assert str(ended.reason).endswith("was not carried out: The cluster is full.")  # type: ignore[attr-defined]
        assert ended.canceled_by_deployment_id is not None  # type: ignore[attr-defined]
        assert ended.finished_at is not None  # type: ignore[attr-defined]


def test_what_began_already_is_not_ended_by_the_failure_of_another(
    database: Database, ground: Ground
) -> None:
    first, running = add(database, ground, after=1), add(database, ground, after=2)
    assert len(claim(database, ground)) == 2
    with database.transaction() as connection:
        task_waits.add(connection, [running], first)
        task_waits.end_what_waits(connection, [first], "no")
    assert row(database, running).status is TaskStatus.STARTED  # type: ignore[attr-defined]
