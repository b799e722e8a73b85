"""The enums of the status, role and provider columns.

Invariant: a member's value is spelled exactly as in the database and in JSON; the column type `EnumColumn` refuses
to write anything else.

Source: docs/contract/data-model.md, "Enums".
"""

from __future__ import annotations

from enum import StrEnum
from typing import Generic, TypeVar

from sqlalchemy import Dialect, String
from sqlalchemy.types import TypeDecorator

AnyEnum = TypeVar("AnyEnum", bound=StrEnum)


class DeploymentStatus(StrEnum):
    """`deployments.status`."""

    UNKNOWN = "Unknown"
    INSTALLING = "Installing"
    RENAMING = "Renaming"
    UPGRADING = "Upgrading"
    RUNNING = "Running"
    ERROR = "Error"
    UNINSTALLING = "Uninstalling"
    UNINSTALLED = "Uninstalled"
    DELETING = "Deleting"


TRANSITIONAL_STATUSES = frozenset(
    {
        DeploymentStatus.INSTALLING,
        DeploymentStatus.RENAMING,
        DeploymentStatus.UPGRADING,
        DeploymentStatus.UNINSTALLING,
        DeploymentStatus.DELETING,
    }
)
"""The statuses of a deployment that last until a task has ended and what it removes is gone."""

REMOVAL_STATUSES = frozenset({DeploymentStatus.UNINSTALLING, DeploymentStatus.DELETING})
"""The statuses of a deployment that is being removed."""


class TaskStatus(StrEnum):
    """`deployment_tasks.status`."""

    PENDING = "Pending"
    STARTED = "Started"
    FAILED = "Failed"
    CANCELED = "Canceled"
    DONE = "Done"


ACTIVE_TASK_STATUSES = (TaskStatus.PENDING, TaskStatus.STARTED)
FINISHED_TASK_STATUSES = (TaskStatus.FAILED, TaskStatus.CANCELED, TaskStatus.DONE)


class EnvUserRole(StrEnum):
    """`env_user_permissions.role`."""

    ADMIN = "Admin"
    USER = "User"


class DeploymentRole(StrEnum):
    """`deployment_permissions.role`; also `allowed_role` in charts."""

    OWNER = "Owner"
    MAINTAINER = "Maintainer"


class SyncStatus(StrEnum):
    """`deployment_resources.sync_status`."""

    CREATING = "Creating"
    UPDATING = "Updating"
    DELETING = "Deleting"
    READY = "Ready"
    ERROR = "Error"


class RegistryProvider(StrEnum):
    """`helm_registries.provider`."""

    ECR = "Ecr"
    OCI = "Oci"


class EnumColumn(TypeDecorator[AnyEnum], Generic[AnyEnum]):
    """A varchar column that holds the members of one enum."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[AnyEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: AnyEnum | str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Return the word to store; raise ValueError for one that the enum does not have."""
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> AnyEnum | None:  # noqa: ARG002
        """Return the enum's member for a stored word; the check constraint guarantees that there is one."""
        return None if value is None else self.words(value)
