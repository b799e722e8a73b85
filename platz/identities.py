"""Who acts: the ids and identities that every layer speaks of.

Source: docs/contract/auth.md, "Identities and credentials".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType
from uuid import UUID

BotId = NewType("BotId", UUID)
ChartId = NewType("ChartId", UUID)
ClusterId = NewType("ClusterId", UUID)
DeploymentId = NewType("DeploymentId", UUID)
EnvId = NewType("EnvId", UUID)
KindId = NewType("KindId", UUID)
TaskId = NewType("TaskId", UUID)
UserId = NewType("UserId", UUID)


@dataclass(frozen=True, kw_only=True)
class User:
    """A human who signed in."""

    id: UserId


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Automation that a site admin created."""

    id: BotId


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A running deployment that calls back."""

    id: DeploymentId


Identity = User | Bot | Deployment
