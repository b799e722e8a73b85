"""The events of EventBridge about pushed and deleted ECR images.

Invariant: no value of an event is used in a host name or a request before its form is checked against that of AWS.

Source: docs/contract/workers.md, "ECR event message".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from platz.aws.ecr import EcrPlace
from platz.errors import Rejected

_FORMS = {
    "account": re.compile(r"[0-9]{12}"),
    "region": re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}"),
    "repository": re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,255}"),
    "digest": re.compile(r"[a-z0-9]+([+._-][a-z0-9]+)*:[A-Za-z0-9=_-]+"),
    "tag": re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,127})?"),
}


@dataclass(frozen=True, kw_only=True)
class ImageEvent:
    """An event; ``tag`` is empty for an image without one, ``action`` is `PUSH`, `DELETE` or one unknown to Platz."""

    place: EcrPlace
    digest: str
    tag: str
    action: str
    succeeded: bool
    at: datetime


def parse_image_event(body: str) -> ImageEvent:
    """Parse the body of a message; raise `Rejected` when it is not an event about an ECR image."""
    try:
        document: Any = orjson.loads(body)  # Any: JSON of unknown form, matched below
    except orjson.JSONDecodeError as error:
        raise Rejected("The message is not JSON.") from error
    match document:
        case {
            "source": "aws.ecr",
            "detail-type": "ECR Image Action",
            "account": str(account),
            "region": str(region),
            "time": str(time),
            "detail": {
                "result": ("SUCCESS" | "FAILURE") as result,
                "action-type": str(action),
                "repository-name": str(repository),
                "image-digest": str(digest),
                **rest,
            },
        }:
            return ImageEvent(
                place=EcrPlace(
                    account=_formed("account", account),
                    region=_formed("region", region),
                    repository=_formed("repository", repository),
                ),
                digest=_formed("digest", digest),
                tag=_formed("tag", rest.get("image-tag") or ""),
                action=action,
                succeeded=result == "SUCCESS",
                at=_moment(time),
            )
        case _:
            raise Rejected("The message is not an event of ECR's images.")


def _formed(what: str, found: Any) -> str:  # Any: whatever the event holds
    if isinstance(found, str) and _FORMS[what].fullmatch(found):
        return found
    raise Rejected(f"The event's {what} does not look like one.")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Rejected("The event's time can't be read.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
