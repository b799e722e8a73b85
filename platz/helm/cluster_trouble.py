"""Recognises, in the words of Helm, that a run failed because of its cluster and not because of its chart.

Invariant: what a chart's author wrote, such as the text of `fail`, is never taken for the words of a cluster.

Source: the texts of Go's `net/url` (`Get "https://…": …`, whatever the cause), of Kubernetes' `apimachinery/pkg/
api/errors`, and of etcd.
"""

from __future__ import annotations

import re
from enum import Enum


class ClusterTrouble(Enum):
    """What a cluster did to a run."""

    AWAY = "it did not answer, or could not answer right now"
    UNTRUSTED = "its certificate is not the one that is known"
    UNAUTHENTICATED = "it does not accept the credentials"
    REFUSED = "it does not allow what the run needs"


_AUTHORS_WORDS = re.compile(r"execution error at \(")

_BOOKKEEPING = "create: failed to create|update: failed to update|query: failed to query|get: failed to get"
"""What Helm says when it can't read or write its own record of the release, which no chart can cause …"""
_REFUSED_OBJECT = "is forbidden|is invalid|[Tt]oo long|too large|already exists|not found|exceeded quota"
"""… unless by its size, or where somebody does not let it."""

_WORDS = (
    (ClusterTrouble.UNTRUSTED, re.compile(r"x509:|tls: failed to verify|server gave HTTP response to HTTPS")),
    (
        ClusterTrouble.UNAUTHENTICATED,
        re.compile(r"(?:^|: )Unauthorized\b|client to provide credentials|must be logged in to the server"),
    ),
    (
        ClusterTrouble.REFUSED,
        re.compile(r"is forbidden: .*\bcannot \w+ resource|not yet ready to handle request"),
    ),
    (
        ClusterTrouble.AWAY,
        re.compile(
            r'\b(?:Get|Head|Post|Put|Patch|Delete) "https?://[^"]*": (?!context (?:canceled|deadline exceeded$))'
            r"|connection refused|connection reset by peer|no route to host|network is unreachable|broken pipe"
            r"|TLS handshake timeout|i/o timeout|unexpected EOF|client connection lost|server sent GOAWAY"
            r"|currently unable to handle the request|unable to return a response in the time allotted"
            r"|received too many requests|[Tt]oo [Mm]any [Rr]equests|etcdserver: |[Ii]nternal error occurred"
            r"|an error on the server \(|request did not complete within|apiserver (?:not ready|is shutting down)"
            r"|storage is \(re\)initializing|Service Unavailable|Bad Gateway|Gateway Time-?out"
            rf"|(?:{_BOOKKEEPING}): (?!.*(?:{_REFUSED_OBJECT}))"
        ),
    ),
)


def trouble_in(text: str) -> ClusterTrouble | None:
    """Return the trouble of which Helm's text tells, or None if it tells of something else."""
    if _AUTHORS_WORDS.search(text):
        return None
    return next((trouble for trouble, words in _WORDS if words.search(text)), None)
