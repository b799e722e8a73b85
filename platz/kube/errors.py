"""The errors of requests to a cluster, classified by what the caller can do about them.

Invariant: a message names the cluster and the reason; it never holds a token, a header or a request body.
"""

from __future__ import annotations

from platz.errors import Conflict, Denied, NotFound, Rejected, Retryable


class KubeUnreachable(Retryable):
    """The cluster does not answer right now."""

    def __init__(
        self,
        message: str | None = None,
        *,
        never_started: bool = False,
        retry_after: float = 0.0,
    ) -> None:
        """``never_started`` means that the cluster certainly did not act on the request; ``retry_after`` is how many
        seconds it asked to be left alone."""
        super().__init__(message)
        self.never_started = never_started
        self.retry_after = retry_after


class KubeAborted(KubeUnreachable):
    """The connection to the cluster was closed because its user was told to stop."""


class KubeUntrusted(KubeUnreachable):
    """The cluster's certificate is not one that Platz trusts."""


class KubeDenied(Denied):
    """The cluster does not let Platz do this."""


class KubeNotFound(NotFound):
    """The cluster does not have this object."""


class KubeConflict(Conflict):
    """The cluster's object changed, or belongs to somebody else."""


class KubeAlreadyExists(KubeConflict):
    """The cluster has an object of this name already."""


class KubeGone(Retryable):
    """The cluster no longer remembers this resource version; list again."""


class KubeRejected(Rejected):
    """The cluster refuses this object."""
