"""The contents of the lock files: the versions of the distributions that an installation gets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from repository import ROOT

PRODUCTION = "requirements.lock"
SANDBOX = "requirements-sandbox.lock"
DEVELOPMENT = "requirements-dev.lock"
LOCKS = (PRODUCTION, SANDBOX, DEVELOPMENT)

_PIN = re.compile(r"^([a-z0-9-]+)==(\S+)", re.MULTILINE)


def lock_text(lock: str) -> str:
    """Return the text of a lock file."""
    return (ROOT / lock).read_text(encoding="utf-8")


def locked(lock: str) -> Mapping[str, str]:
    """Return the version of each distribution in a lock file, by the distribution's normalized name."""
    return dict(_PIN.findall(lock_text(lock)))
