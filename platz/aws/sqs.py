"""An SQS queue, read one message at a time.

Invariant: a message that is not deleted comes again when its visibility timeout is over. Platz only looks up the
queue's URL, receives and deletes, because the production policy allows nothing else.

Source: docs/contract/workers.md, "Queue of ECR events".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from platz.aws.sessions import AwsAccount, AwsClient
from platz.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class QueueMessage:
    """A received message; ``receives`` is the approximate number of times that it was received, including this one."""

    id: str
    body: str = field(repr=False)
    receipt: str = field(repr=False)
    receives: int


class EventQueue:
    """A queue, found by its name; one thread may use it at a time.

    Every method may raise `NotFound`, `Denied`, `Rejected` or `Retryable`.
    """

    def __init__(self, account: AwsAccount, *, name: str, region: str) -> None:
        """Take the queue's name and region; no request is sent yet."""
        self._account = account
        self._name = name
        self._region = region
        self._client: AwsClient | None = None
        self._url: str | None = None

    def receive(self, *, wait_seconds: int) -> QueueMessage | None:
        """Return a message, or None when none arrives within ``wait_seconds`` (SQS allows 20)."""
        answer = self._call(
            "receive_message",
            MaxNumberOfMessages=1,
            WaitTimeSeconds=wait_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        for message in answer.get("Messages", ()):
            return QueueMessage(
                id=str(message["MessageId"]),
                body=str(message["Body"]),
                receipt=str(message["ReceiptHandle"]),
                receives=int(message["Attributes"]["ApproximateReceiveCount"]),
            )
        return None

    def delete(self, message: QueueMessage) -> None:
        """Delete a message that was handled."""
        self._call("delete_message", ReceiptHandle=message.receipt)

    def _call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        if self._client is None:
            self._client = self._account.client("sqs", self._region)
        if self._url is None:
            self._url = str(self._client.call("get_queue_url", QueueName=self._name)["QueueUrl"])
        try:
            return self._client.call(operation, QueueUrl=self._url, **parameters)
        except NotFound:
            self._url = None  # the queue may be created again
            raise
