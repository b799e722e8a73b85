"""Calls to deployments while others hang, and threads beside one asyncio loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait

from figures import Figure

from platz.actors.fair_threads import FairThreads, Share
from platz.actors.status_poller import (
    MAX_CONCURRENT_POLLS,
    MAX_POLLS_IN_A_CLUSTER,
    MAX_SLOW_POLLS_IN_A_CLUSTER,
)

HANGING = 160
HEALTHY = 100
HANG_SECONDS = 1.0
WAITING_CALLS = 10_000
WAIT_SECONDS = 0.01


def measure() -> Iterator[Figure]:
    """Ask healthy deployments beside hanging ones; then make calls that wait."""
    threads = FairThreads(MAX_CONCURRENT_POLLS, name="bench")
    usual = threads.within(Share(of="cluster", most=MAX_POLLS_IN_A_CLUSTER))
    slow = threads.within(Share(of="slow", most=MAX_SLOW_POLLS_IN_A_CLUSTER))
    with ThreadPoolExecutor(16) as sixteen:
        yield Figure(
            name=f"{HEALTHY} healthy polls beside {HANGING} that hang {HANG_SECONDS:g} s",
            value=_seconds_of_the_healthy(usual, slow),
            unit="s",
            floor=_seconds_of_the_healthy(sixteen, sixteen),
            floor_is="16 threads for all",
        )
    yield Figure(
        name=f"calls that wait {WAIT_SECONDS * 1000:g} ms, {MAX_CONCURRENT_POLLS} at once",
        value=_calls_per_second(threads.within(Share(of="all", most=MAX_CONCURRENT_POLLS)).submit),
        unit="/s",
        floor=asyncio.run(_asyncio_calls_per_second()),
        floor_is="one asyncio loop",
    )
    threads.stop()


def _seconds_of_the_healthy(usual: Executor, slow: Executor) -> float:
    let_go = threading.Event()
    hanging = [slow.submit(let_go.wait, HANG_SECONDS) for _ in range(HANGING)]
    began = time.perf_counter()
    wait([usual.submit(lambda: None) for _ in range(HEALTHY)])
    took = time.perf_counter() - began
    let_go.set()
    wait(hanging)
    return took


def _calls_per_second(submit: Callable[..., Future[None]]) -> float:
    began = time.perf_counter()
    wait([submit(time.sleep, WAIT_SECONDS) for _ in range(WAITING_CALLS)])
    return WAITING_CALLS / (time.perf_counter() - began)


async def _asyncio_calls_per_second() -> float:
    places = asyncio.Semaphore(MAX_CONCURRENT_POLLS)

    async def call() -> None:
        async with places:
            await asyncio.sleep(WAIT_SECONDS)

    began = time.perf_counter()
    await asyncio.gather(*(call() for _ in range(WAITING_CALLS)))
    return WAITING_CALLS / (time.perf_counter() - began)
