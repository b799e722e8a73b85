"""The errors of requests to a cluster, classified by what the caller can do about them.

Invariant: a message names the cluster and the reason; it never holds a token, a header or a request body.
"""

from __future__ import annotations

from dataclasses import dataclass

from platz.errors import Conflict, Denied, NotFound, PlatzError, Rejected, Retryable


class KubeUnreachable(Retryable):
    """The cluster does not answer right now."""

    def __init__(
        self,
        message: str | None = None,
        *,
        never_started: bool = False,
        never_reached: bool = False,
        answered: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        """``never_started`` means that the cluster certainly did not act on the request, ``never_reached`` that
        nothing accepted a connection at its address, ``answered`` that it said itself that it can't do this now;
        ``retry_after`` is how many seconds it asked to be left alone.
        """
        super().__init__(message)
        self.never_started = never_started
        self.never_reached = never_reached
        self.answered = answered
        self.retry_after = retry_after


class KubeAborted(KubeUnreachable):
    """The connection to the cluster was closed because its user was told to stop."""


class KubeUntrusted(KubeUnreachable):
    """The cluster's certificate is not one that Platz trusts."""


class KubeDenied(Denied):
    """The cluster does not let Platz do this."""


class KubeUnauthenticated(KubeDenied):
    """The cluster does not accept Platz's credentials."""


class KubeUnfinished(Retryable):
    """Something that the cluster was asked to remove is still there."""


class KubeNotFound(NotFound):
    """The cluster does not have this object."""


@dataclass(frozen=True, kw_only=True)
class FieldConflict:
    """A field that an apply would have changed, and the field manager that owns it."""

    field: str
    owner: str


class KubeConflict(Conflict):
    """The cluster's object changed, or belongs to somebody else."""

    def __init__(self, message: str | None = None, *, fields: tuple[FieldConflict, ...] = ()) -> None:
        """``fields`` are those that others own, when that was the reason."""
        super().__init__(message)
        self.fields = fields


class KubeAlreadyExists(KubeConflict):
    """The cluster has an object of this name already."""


class KubeGone(Retryable):
    """The cluster no longer remembers this resource version; list again."""


class KubeRejected(Rejected):
    """The cluster refuses this object."""


def doubts_access(error: PlatzError) -> bool:
    """Tell whether the error may mean that the cluster has a new address, certificate or user: look it up again."""
    if isinstance(error, KubeUnreachable):
        return error.never_reached or isinstance(error, KubeUntrusted)
    return isinstance(error, KubeUnauthenticated)
