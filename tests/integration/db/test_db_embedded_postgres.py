"""The sandbox's server: starts whole or not at all, adopts what was left, and gives one clear sentence."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from database import free_port
from waiting import eventually

from platz.db.database import Database
from platz.db.unreachable import DatabaseUnreachable
from platz_sandbox.postgres import account
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
from platz_sandbox.stand_in_process import StandInFailed

START_AND_DIE = """
import os, sys
from pathlib import Path
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]), durable=False)
server.start()
print(server.pid, flush=True)
os.kill(os.getpid(), 9)
"""

START_AND_STOP = """
server = EmbeddedPostgres(Path(sys.argv[1]), int(sys.argv[2]), durable=False)
server.start()
print(Path(f"/proc/{server.pid}").stat().st_uid)
server.stop()
"""
BECOME_NOBODY = """
import os, pwd, sys, encodings.idna, importlib.metadata, psycopg
from pathlib import Path
from platz_sandbox.postgres.embedded_postgres import EmbeddedPostgres
nobody = pwd.getpwnam("nobody")
os.setgroups([])
os.setgid(nobody.pw_gid)
os.setuid(nobody.pw_uid)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    made = EmbeddedPostgres(folder, free_port(), durable=False)
    yield made
    made.stop()


def again(server: EmbeddedPostgres, port: int | None = None) -> EmbeddedPostgres:
    return EmbeddedPostgres(server._folder, port or server.address.port, durable=False)


def remember(server: EmbeddedPostgres) -> None:
    with Database(server.address).dedicated() as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory (word text)")
        connection.execute("INSERT INTO memory VALUES ('kept')")


def memory(server: EmbeddedPostgres) -> list[tuple[str]]:
    with Database(server.address).dedicated() as connection:
        return connection.execute("SELECT word FROM memory").fetchall()


def is_running(pid: int) -> bool:
    return Path(f"/proc/{pid}/cwd").exists()


def start_and_die(folder: Path, port: int) -> int:
    """Start a server in a process that is killed at once; give the server's process id."""
    child = subprocess.run(
        [sys.executable, "-c", START_AND_DIE, str(folder), str(port)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert child.returncode == -signal.SIGKILL, child.stderr
    return int(child.stdout)


def test_the_first_start_gives_an_empty_database_that_takes_the_documented_password(
    server: EmbeddedPostgres,
) -> None:
    server.start()
    url = f"postgresql://postgres:postgres@127.0.0.1:{server.address.port}/platz"
    with psycopg.connect(url) as connection:
        assert connection.execute(
            "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
        ).fetchone() == (0,)


def test_no_other_password_is_taken(server: EmbeddedPostgres) -> None:
    server.start()
    with pytest.raises(DatabaseUnreachable, match="refuses user postgres or the password"):
        Database(replace(server.address, password="guess")).check()


def test_it_listens_on_the_loopback_interface_only(server: EmbeddedPostgres) -> None:
    server.start()
    with Database(server.address).dedicated() as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
        assert connection.execute("SHOW unix_socket_directories").fetchone() == ("",)


def test_data_is_kept_between_runs(server: EmbeddedPostgres) -> None:
    server.start()
    remember(server)
    server.stop()
    server.start()
    assert memory(server) == [("kept",)]


def test_a_stop_ends_every_process_even_with_clients_in_the_middle(server: EmbeddedPostgres) -> None:
    server.start()
    pid = server.pid
    assert pid is not None
    busy = Database(server.address).dedicated()
    busy.execute("BEGIN")
    server.stop()
    busy.close()
    assert not is_running(pid)
    assert server.pid is None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", server.address.port)) != 0


def test_a_server_that_outlived_its_owner_is_adopted(server: EmbeddedPostgres, folder: Path) -> None:
    left = start_and_die(folder, server.address.port)
    assert is_running(left)
    server.start()
    assert server.pid == left
    server.stop()
    assert not is_running(left)


def test_a_server_that_outlived_its_owner_on_another_port_is_replaced(
    server: EmbeddedPostgres, folder: Path
) -> None:
    left = start_and_die(folder, free_port())
    server.start()
    assert not is_running(left)
    assert server.pid not in (None, left)


def test_a_killed_server_starts_again_with_its_data(folder: Path) -> None:
    server = EmbeddedPostgres(folder, free_port())
    try:
        server.start()
        remember(server)
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        assert eventually(lambda: server.pid is None)
        server.stop()
        server.start()
        assert memory(server) == [("kept",)]
    finally:
        server.stop()


def test_a_pid_file_that_names_a_stranger_does_not_matter(server: EmbeddedPostgres, folder: Path) -> None:
    server.start()
    stale = (folder / "data" / "postmaster.pid").read_text().splitlines()
    server.stop()
    stale[0] = str(os.getpid())
    (folder / "data" / "postmaster.pid").write_text("\n".join(stale))
    server.start()
    assert server.pid not in (None, os.getpid())


@pytest.mark.parametrize("content", ["", "not a number\n", "4\n"])
def test_a_damaged_pid_file_does_not_matter(server: EmbeddedPostgres, folder: Path, content: str) -> None:
    server.start()
    server.stop()
    (folder / "data" / "postmaster.pid").write_text(content)
    server.start()
    assert server.pid is not None


def test_an_unfinished_data_folder_is_made_anew(server: EmbeddedPostgres, folder: Path) -> None:
    unfinished = folder / "data.new.abc"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    assert not unfinished.exists()


def test_a_second_process_may_not_use_the_folder(server: EmbeddedPostgres) -> None:
    server.start()
    with pytest.raises(StandInFailed, match=f"process {os.getpid()} of another Platz uses the folder"):
        again(server).start()
    assert server.pid is not None
    remember(server)


def test_a_taken_port_is_one_sentence_and_nothing_is_left(server: EmbeddedPostgres, folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StandInFailed, match=f"port {port} is taken"):
            EmbeddedPostgres(folder, port, durable=False).start()
    assert not folder.exists()


def test_data_of_another_major_version_is_one_sentence_and_stays(
    server: EmbeddedPostgres, folder: Path
) -> None:
    server.start()
    server.stop()
    (folder / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(StandInFailed, match=r"PostgreSQL 16 made the data.*version 18"):
        server.start()
    assert (folder / "data" / "base").is_dir()


def test_a_folder_with_something_else_in_it_is_one_sentence_and_stays(
    server: EmbeddedPostgres, folder: Path
) -> None:
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "diary.txt").write_text("dear diary")
    if os.geteuid() == 0:
        os.chown(folder / "data", 65534, 65534)
    with pytest.raises(StandInFailed, match="not a data folder of PostgreSQL"):
        server.start()
    assert (folder / "data" / "diary.txt").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
@pytest.mark.parametrize("megabytes", [1, 20, 39])
def test_a_full_disk_is_one_sentence_and_nothing_half_made_is_left(tmp_path: Path, megabytes: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("this container may not mount a small disk")
    try:
        with pytest.raises(StandInFailed) as caught:
            EmbeddedPostgres(disk / "postgres", free_port(), durable=False).start()
        assert caught.value.message == (
            f"The embedded PostgreSQL did not start: the disk of {disk / 'postgres'} is full."
        )
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must become somebody else")
class TestAsRoot:
    """PostgreSQL refuses root, so the server runs as somebody else."""

    def test_it_works_below_a_folder_that_only_root_may_enter(
        self, server: EmbeddedPostgres, folder: Path
    ) -> None:
        folder.mkdir(parents=True)
        folder.parent.chmod(0o700)
        server.start()
        assert folder.parent.stat().st_mode & 0o777 == 0o700
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}").stat().st_uid == folder.joinpath("data").stat().st_uid != 0

    def test_a_user_who_is_not_root_runs_it_as_himself(self, tmp_path: Path) -> None:
        for folder in (tmp_path, *tmp_path.parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(0o711)
        home = tmp_path / "home"
        home.mkdir(mode=0o700)
        shutil.chown(home, "nobody", "nogroup")
        done = subprocess.run(
            [sys.executable, "-c", BECOME_NOBODY + START_AND_STOP, str(home / "postgres"), str(free_port())],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.stdout, done.stderr) == (f"{home.stat().st_uid}\n", "")

    def test_data_that_belongs_to_a_user_is_served_as_that_user(
        self, server: EmbeddedPostgres, folder: Path
    ) -> None:
        server.start()
        server.stop()
        for path in (folder / "data", *(folder / "data").rglob("*")):
            os.chown(path, 12345, 12345)
        server.start()
        assert Path(f"/proc/{server.pid}").stat().st_uid == 12345

    def test_programs_in_a_closed_folder_are_copied_once(
        self, server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache = Path("/var/tmp") / f"platz-test-{os.getpid()}"
        monkeypatch.setattr(account, "PROGRAMS_CACHE", cache)
        monkeypatch.setattr(account.Account, "can_pass", lambda self, folder: False)
        try:
            server.start()
            assert Path(f"/proc/{server.pid}/exe").readlink().is_relative_to(cache)
            (copy,) = cache.iterdir()
            before = copy.stat().st_ino
            server.stop()
            server.start()
            (copy,) = cache.iterdir()
            assert copy.stat().st_ino == before
        finally:
            server.stop()
            shutil.rmtree(cache, ignore_errors=True)


def test_it_is_durable_unless_told_otherwise(folder: Path) -> None:
    server = EmbeddedPostgres(folder, free_port())
    try:
        server.start()
        with Database(server.address).dedicated() as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("on",)
            assert connection.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        server.stop()


def test_a_server_that_never_answers_is_one_sentence_and_is_stopped(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    launch = EmbeddedPostgres._launch

    def launch_and_note(self: EmbeddedPostgres, *arguments: object) -> object:
        made = launch(self, *arguments)  # type: ignore[arg-type]
        started.append(made.pid)
        return made

    monkeypatch.setattr(EmbeddedPostgres, "_launch", launch_and_note)
    monkeypatch.setattr(EmbeddedPostgres, "_is_ready", lambda self: False)
    with pytest.raises(StandInFailed, match="did not answer in time"):
        server.start(seconds=1)
    assert started
    assert not any(is_running(pid) for pid in started)
