"""The ids of rows, and the identities (users, bots, deployments) that can act.

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
    """A person who signed in."""

    id: UserId


@dataclass(frozen=True, kw_only=True)
class Bot:
    """An account for automation, created by a site admin."""

    id: BotId


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """A running deployment that calls the API of Platz."""

    id: DeploymentId


Identity = User | Bot | Deployment
