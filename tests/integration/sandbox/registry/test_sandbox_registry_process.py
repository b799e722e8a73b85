"""The registry as a process: it ends with its parent, and one clear line says what is wrong."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import orjson
import pytest

from platz_sandbox.stand_in_process import StandInFailed, StandInProcess


def command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "platz_sandbox.registry", "--port", "0", "--data", str(folder / "data")]


def last_words(folder: Path, *arguments: str) -> str:
    process = StandInProcess(
        name="chart registry", module="platz_sandbox.registry", arguments=arguments, log=folder / "log"
    )
    process.start()
    with pytest.raises(StandInFailed) as failure:
        process.wait_until_ready(seconds=20)
    assert (folder / "log").read_text().count("\n") == 1
    return failure.value.message


def test_it_answers_as_soon_as_it_has_told_its_address(tmp_path):
    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        url = orjson.loads(process.stdout.readline())["url"]

        assert httpx.get(f"{url}/v2/web-shop/manifests/1.0.0").status_code == 200
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def test_it_listens_on_the_loopback_interface_only(registry):
    assert registry.startswith("http://127.0.0.1:")
    port = int(registry.rpartition(":")[2])

    with socket.socket() as other:  # were it bound to every address, this one would be taken
        other.bind(("127.0.0.2", port))


def test_sigterm_ends_it(tmp_path):
    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()

        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=10) in (0, -signal.SIGTERM)


def test_a_kill_in_the_middle_of_an_upload_leaves_only_whole_blobs(tmp_path):
    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        url = orjson.loads(process.stdout.readline())["url"]
        upload = httpx.post(f"{url}/v2/a/blobs/uploads/").headers["Location"]
        httpx.patch(url + upload, content=b"half of it")
        process.kill()

    with subprocess.Popen(command(tmp_path), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        url = orjson.loads(process.stdout.readline())["url"]
        assert httpx.get(f"{url}/v2/web-shop/manifests/1.0.0").status_code == 200
        assert list((tmp_path / "data" / "uploads").iterdir()) == []
        process.stdin.close()


def test_a_taken_port_is_one_clear_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])

        words = last_words(tmp_path, "--port", port, "--data", str(tmp_path / "data"))

    assert f"port {port} of 127.0.0.1 is already in use" in words


def test_a_data_folder_that_cant_be_used_is_one_clear_line(tmp_path):
    words = last_words(tmp_path, "--port", "0", "--data", "/proc/nowhere")

    assert "the data folder /proc/nowhere can't be used" in words
