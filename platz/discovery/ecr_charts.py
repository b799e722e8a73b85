"""The search for charts in ECR, by the events about pushes and deletions in a queue.

Invariant: a message is deleted only after its event is recorded in the database. Messages may be handled twice, late
or in another order with the same result, because the present content of ECR decides whether a push still counts.

A message that can't be understood, or that is refused, would come back forever; so it is dropped and logged once it
was received `MAX_RECEIVES` times. A message that fails because AWS or the database is not available is tried again as
long as the queue delivers it (fourteen days).

Source: docs/contract/workers.md, "Queue of ECR events", "ECR event message", "ECR push", "ECR deletion",
"Download and reading of a chart".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from platz.aws.ecr import EcrImage, EcrImages, EcrRepository
from platz.aws.ecr_events import ImageEvent, parse_image_event
from platz.aws.sqs import EventQueue, QueueMessage
from platz.charts.chart import ReadChart
from platz.db.database import Database
from platz.db.enums import RegistryProvider
from platz.db.tables import registries
from platz.discovery.chart_records import record_removal
from platz.discovery.findings import FoundChart, RoundReport
from platz.discovery.found_charts import download, is_known, not_downloaded, record
from platz.errors import Denied, NotFound, PlatzError, Rejected, Retryable
from platz.helm.oci_manifest import HELM_CONFIG, parse_manifest
from platz.helm.registry_client import RegistryClient

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_RECEIVES = 5
WAIT_SECONDS = 2  # a poll that is under way delays the shutdown
ROUND_SECONDS = 2.0
QUEUE_KEEPS = timedelta(days=14)


@dataclass(kw_only=True)
class EcrSearch:
    """The search in one queue; one thread may use it at a time."""

    queue: EventQueue
    images: EcrImages
    database: Database
    client_of: Callable[[str], RegistryClient]
    own_account: Callable[[], str]
    accounts: frozenset[str] = frozenset()
    """The accounts whose events count; if empty, only the ``own_account``, which is asked for once."""
    _unfinished: tuple[str, ...] = ()
    """The reason why the latest message failed, if it did; it is reported until another message is handled."""

    def look(self) -> RoundReport:
        """Handle the queue's messages for a few seconds, so that an actor that ends soon has no thread left.

        Raises `NotFound`, `Denied`, `Rejected` or `Retryable` when the queue, ECR, the registry or the database is not
        available; the message that was being handled then stays in the queue.
        """
        ends, recorded, removed = time.monotonic() + ROUND_SECONDS, 0, 0
        while (message := self.queue.receive(wait_seconds=WAIT_SECONDS)) is not None:
            try:
                added, gone = self._take(message)
            except PlatzError as error:
                self._unfinished = (error.message,)
                raise
            self._unfinished = ()
            recorded, removed = recorded + added, removed + gone
            if time.monotonic() > ends:
                break
        return RoundReport(recorded=recorded, removed=removed, failures=self._unfinished)

    def _take(self, message: QueueMessage) -> tuple[int, int]:
        """Handle a message; return how many charts were recorded, and how many were marked as deleted."""
        try:
            counts = self._handle(parse_image_event(message.body))
        except Rejected as error:
            self._refuse(message, error)
            return 0, 0
        self.queue.delete(message)
        return counts

    def _refuse(self, message: QueueMessage, error: Rejected) -> None:
        facts = {"message": message.id, "receives": message.receives, "reason": error.message}
        if message.receives < MAX_RECEIVES:
            log.warning("A message can't be handled", action="wait", **facts)
            return
        log.error("Dropped a message that can't be handled", action="drop", body=message.body[:500], **facts)
        self.queue.delete(message)

    def _handle(self, event: ImageEvent) -> tuple[int, int]:
        if not self._counts(event):
            log.warning(
                "An event of a foreign account was ignored", action="ignore", account=event.place.account
            )
            return 0, 0
        match event:
            case ImageEvent(succeeded=True, action="PUSH"):
                return self._pushed(event), 0
            case ImageEvent(succeeded=True, action="DELETE"):
                return 0, self._deleted(event)
            case _:
                return 0, 0

    def _counts(self, event: ImageEvent) -> bool:
        """Tell whether the event's account is one of ours: whoever may write to the queue can name any account."""
        if not self.accounts:
            self.accounts = frozenset({self.own_account()})
        return event.place.account in self.accounts

    def _pushed(self, event: ImageEvent) -> int:
        """Record a pushed chart that ECR still has; return the number of recorded charts, 0 or 1.

        A chart that can't be downloaded is recorded with the reason.
        """
        if not event.tag:
            return 0
        try:
            image = self.images.image(event.place, event.digest, tag=event.tag)
            if not self._is_chart(event, image):
                return 0
            found = self._found(event, image)
        except NotFound:
            return 0  # deleted after the push
        if is_known(self.database, found):
            return 0
        try:
            read = self._download(found)
        except (Denied, Retryable) as error:
            record(self.database, found, not_downloaded(error, so_far=True))
            raise  # the message stays, and the chart is read again
        return record(self.database, found, read)

    def _is_chart(self, event: ImageEvent, image: EcrImage) -> bool:
        if image.media_type is not None:
            return image.media_type == HELM_CONFIG
        manifest = self.images.manifest(event.place, event.digest)
        return parse_manifest(manifest.encode(), digest=event.digest).is_chart

    def _found(self, event: ImageEvent, image: EcrImage) -> FoundChart:
        """Return the chart with its registry's data; ECR is asked about the repository only when it is new."""
        place = event.place
        with self.database.reading() as connection:
            known = registries.find(connection, place.domain, place.repository)
        if known is not None:
            repository = EcrRepository(
                domain=known.domain_name, name=known.repo_name, created_at=known.created_at
            )
        else:
            repository = self.images.repository(place)
        return FoundChart(
            provider=RegistryProvider.ECR,
            domain_name=repository.domain,
            repo_name=repository.name,
            tag=event.tag,
            digest=event.digest,
            pushed_at=image.pushed_at,
            registry_created_at=repository.created_at,
        )

    def _download(self, found: FoundChart) -> ReadChart:
        with closing(self.client_of(found.domain_name)) as registry:
            try:
                return download(registry, found)
            except NotFound as error:
                return not_downloaded(error)

    def _deleted(self, event: ImageEvent) -> int:
        if self._was_pushed_again(event):
            return 0
        with self.database.transaction() as connection:
            gone = record_removal(
                connection,
                domain_name=event.place.domain,
                repo_name=event.place.repository,
                digest=event.digest,
                tag=event.tag or None,
            )
        return len(gone)

    def _was_pushed_again(self, event: ImageEvent) -> bool:
        """Return whether the image was pushed again after the deletion, so that the event is out of date.

        The time of an event older than the queue keeps messages can't be right; such an event is taken as current.
        """
        if datetime.now(UTC) - event.at > QUEUE_KEEPS:
            return False
        try:
            image = self.images.image(event.place, event.digest, tag=event.tag or None)
        except NotFound:
            return False
        return image.pushed_at > event.at
