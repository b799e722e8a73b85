"""The data folder of the embedded PostgreSQL, made completely or not at all.

Invariant: `initdb` works in a folder of another name, which gets the real name only when it is complete.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from platz.db.address import DatabaseAddress
from platz_sandbox.postgres.account import MAJOR_VERSION, Account
from platz_sandbox.stand_in_process import StandInFailed

UNFINISHED = "data.new."
WITHIN_DATA_FOLDER = "/proc/self/cwd"
CHILD_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
INITDB_SECONDS = 60


def folder_argument(data: Path) -> str:
    """Return the data folder's path for a child that starts inside it; root's child can't enter the parent folders."""
    return WITHIN_DATA_FOLDER if os.geteuid() == 0 else str(data)


def check_version(data: Path) -> None:
    """Raise `StandInFailed` when another major version of PostgreSQL made the folder."""
    try:
        found = (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise StandInFailed(f"The folder {data} is not a data folder of PostgreSQL; move it away.") from None
    if found != str(MAJOR_VERSION):
        raise StandInFailed(
            f"PostgreSQL {found} made the data in {data}, and this Platz brings version {MAJOR_VERSION}: "
            "move the folder away, or run the version of Platz that made it and dump the database."
        )


def make_data_folder(
    data: Path, *, account: Account, programs: Path, owner: DatabaseAddress, durable: bool
) -> None:
    """Run `initdb` for ``data`` with ``owner`` as superuser; raise `StandInFailed` with its error message."""
    remove_unfinished(data.parent)
    fresh = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=data.parent))
    try:
        account.own(fresh)
        _run_initdb(fresh, account=account, programs=programs, owner=owner, durable=durable)
        fresh.rename(data)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def remove_unfinished(parent: Path) -> None:
    """Remove the folders of every `initdb` that did not finish."""
    for unfinished in parent.glob(f"{UNFINISHED}*"):
        shutil.rmtree(unfinished, ignore_errors=True)


def _run_initdb(
    data: Path, *, account: Account, programs: Path, owner: DatabaseAddress, durable: bool
) -> None:
    password_file = os.memfd_create("password")
    try:
        os.write(password_file, f"{owner.password}\n".encode())
        done = subprocess.run(
            [
                str(programs / "initdb"),
                f"--pgdata={folder_argument(data)}",
                f"--username={owner.user}",
                f"--pwfile=/proc/self/fd/{password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",  # the same order on every machine
                "--locale=C.UTF-8",
                "--no-instructions",
                *([] if durable else ["--no-sync"]),
            ],
            cwd=data,
            env=CHILD_ENVIRONMENT,
            pass_fds=(password_file,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            umask=0o077,
            timeout=INITDB_SECONDS,
            check=False,
            user=account.user,
            group=account.group,
            extra_groups=account.extra_groups,
        )
    finally:
        os.close(password_file)
    if done.returncode:
        raise StandInFailed(_what_it_said(done.stderr))


def _what_it_said(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "FATAL" in line or "error:" in line), lines[-1] if lines else "")
