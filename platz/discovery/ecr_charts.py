"""Finds charts in ECR by the events of pushes and deletions that a queue holds.

Invariant: a message is deleted only after what it tells is in the database, and handling it twice, late or in
another order changes nothing: what ECR holds now decides whether a push still counts.

A message that can't be understood, or whose chart is refused, would come back for ever: it is dropped, with a line
in the log, when it was received `MAX_RECEIVES` times. What fails because AWS or the database is away is tried
again as often as the queue delivers it (fourteen days).

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
WAIT_SECONDS = 2  # whoever stops Platz waits for a poll that is under way
ROUND_SECONDS = 2.0
QUEUE_KEEPS = timedelta(days=14)


@dataclass(kw_only=True)
class EcrSearch:
    """Takes messages from one queue; used by one thread at a time."""

    queue: EventQueue
    images: EcrImages
    database: Database
    client_of: Callable[[str], RegistryClient]
    _unfinished: tuple[str, ...] = ()
    """Why the latest message had to wait; an empty queue does not mean that it is well again."""

    def look(self) -> RoundReport:
        """Handle what the queue holds, for some seconds at most, so that an actor that ends is soon alone.

        Raises `NotFound`, `Denied`, `Rejected` or `Retryable` when the queue, ECR, the registry or the database
        can't be asked; the message of that moment stays in the queue.
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
        """Handle a message; return how many charts were recorded and how many are gone."""
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
        match event:
            case ImageEvent(succeeded=True, action="PUSH"):
                return self._pushed(event), 0
            case ImageEvent(succeeded=True, action="DELETE"):
                return 0, self._deleted(event)
            case _:
                return 0, 0

    def _pushed(self, event: ImageEvent) -> int:
        """Record a chart that ECR still has. One that can't be downloaded is recorded with the reason, too."""
        if not event.tag:
            return 0
        try:
            image = self.images.image(event.place, event.digest, tag=event.tag)
            if not self._is_chart(event, image):
                return 0
            found = self._found(event, image)
        except NotFound:
            return 0  # deleted since
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
        """Name the chart and its repository, which only has to be described when it is new."""
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
        """Tell whether a deletion comes so late that ECR has the same image again.

        An event that is older than the queue keeps messages does not say when it happened, so it is believed.
        """
        if datetime.now(UTC) - event.at > QUEUE_KEEPS:
            return False
        try:
            image = self.images.image(event.place, event.digest, tag=event.tag or None)
        except NotFound:
            return False
        return image.pushed_at > event.at
