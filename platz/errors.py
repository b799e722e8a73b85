"""The errors that Platz raises, named by what the caller must do about them.

The first line of a class's docstring is its default message.

Invariant: every message is a sentence that may be shown to a user. It never holds a secret, a stack
trace or a database's own words; those stay in the chained cause, which only the log sees.
"""

from __future__ import annotations

import errno
from pathlib import Path


class PlatzError(Exception):
    """Something went wrong."""

    message: str

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip().splitlines()[0]
        super().__init__(self.message)


class Retryable(PlatzError):
    """A service that Platz needs is not available right now; try again in a moment."""


class Rejected(PlatzError):
    """The request can't be accepted as it is."""

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Denied(PlatzError):
    """You don't have permissions to perform this operation"""

    def __init__(self, message: str | None = None, *, reason: str | None = None) -> None:
        """Take ``message``, which the user sees, and ``reason``, which is for the log."""
        super().__init__(message)
        self.reason = reason or self.message


class Unauthenticated(PlatzError):
    """Sign in first."""


class NotFound(PlatzError):
    """Not found"""


class Conflict(PlatzError):
    """The present state does not allow this."""


class DataFolderUnusable(PlatzError):
    """The data folder can't be used."""

    def __init__(self, path: Path, error: OSError) -> None:
        """Take the folder and what the system said about it."""
        reasons = {
            errno.ENOSPC: "its disk is full",
            errno.EACCES: "there is no permission to write there",
            errno.EROFS: "its disk is read-only",
            errno.EEXIST: "something else has this name",
            errno.ENOTDIR: "a file stands in the way",
        }
        reason = reasons.get(error.errno or 0, error.strerror or "unknown reason")
        super().__init__(
            f"The data folder {path} can't be used: {reason}. Choose another with PLATZ_DATA_DIR."
        )
