"""The provider as a process: quick to start, the same after a restart, one clear line when something is wrong."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from jose import jwk, jwt
from repository import SANDBOX_USERS
from waiting import eventually

from platz_sandbox.stand_in_process import StandInFailed, StandInProcess

USERS = SANDBOX_USERS


def arguments(folder: Path, **changes: str) -> list[str]:
    secret = folder / "secret"
    secret.write_text("shh")
    given = {
        "--port": "0",
        "--users": str(USERS),
        "--data": str(folder / "data"),
        "--client-id": "platz",
        "--client-secret-file": str(secret),
        "--redirect-uri": "http://127.0.0.1:3000/cb",
    } | {"--" + name.replace("_", "-"): value for name, value in changes.items()}
    return [word for pair in given.items() for word in pair]


def last_words(folder: Path, **changes: str) -> str:
    process = StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=arguments(folder, **changes),
        log=folder / "log",
    )
    process.start()
    with pytest.raises(StandInFailed) as failure:
        process.wait_until_ready(seconds=20)
    assert (folder / "log").read_text().count("\n") == 1
    return failure.value.message


def test_it_answers_as_soon_as_it_has_told_the_issuer_and_the_users(tmp_path):
    process = StandInProcess(
        name="identity provider",
        module="platz_sandbox.identity",
        arguments=arguments(tmp_path),
        log=tmp_path / "log",
    )
    process.start()
    facts = process.wait_until_ready(seconds=20)
    try:
        assert httpx.get(f"{facts['issuer']}/jwks").status_code == 200
        assert "admin@platz.localhost" in facts["users"]
    finally:
        process.stop(seconds=5)


def test_a_restart_keeps_the_signing_key(start_provider):
    before = httpx.get(f"{start_provider()}/jwks").json()

    assert httpx.get(f"{start_provider()}/jwks").json() == before


def test_keys_rotate_on_schedule(start_provider):
    issuer = start_provider("--rotate-after", "1")
    (first, *_) = [key["kid"] for key in httpx.get(f"{issuer}/jwks").json()["keys"]]

    kids = eventually(
        lambda: [
            kids
            for kids in [[key["kid"] for key in httpx.get(f"{issuer}/jwks").json()["keys"]]]
            if kids[0] != first
        ]
    )[0]

    assert first in kids


def test_es256_is_offered_and_used_when_asked_for(start_provider):
    issuer = start_provider("--algorithm", "ES256")

    document = httpx.get(f"{issuer}/.well-known/openid-configuration").json()
    (key,) = httpx.get(f"{issuer}/jwks").json()["keys"]
    assert document["id_token_signing_alg_values_supported"] == ["ES256"]
    assert (key["kty"], key["crv"], key["alg"]) == ("EC", "P-256", "ES256")


def test_an_es256_id_token_verifies(start_provider, application):
    application.issuer = start_provider("--algorithm", "ES256")

    tokens = application.tokens()

    (key,) = httpx.get(f"{application.issuer}/jwks").json()["keys"]
    claims = jwt.decode(
        tokens["id_token"],
        jwk.construct(key, "ES256"),
        algorithms=["ES256"],
        audience="platz",
        issuer=application.issuer,
        access_token=tokens["access_token"],
    )
    assert claims["nonce"] == application.nonce


def test_the_issuer_can_be_another_origin(start_provider):
    # the port is chosen late, so only the document can tell
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start_provider("--port", str(port), "--issuer", "http://identity.platz.localhost")

    answer = httpx.get(
        f"http://127.0.0.1:{port}/.well-known/openid-configuration",
        headers={"Host": "identity.platz.localhost"},
    )

    assert answer.json()["token_endpoint"] == "http://identity.platz.localhost/token"


def test_it_ends_when_its_parent_closes_standard_input(tmp_path):
    command = [sys.executable, "-m", "platz_sandbox.identity", *arguments(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdin.close()

        assert process.wait(timeout=10) == 0


def test_a_taken_port_is_one_clear_line(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert f"port {port} of 127.0.0.1 is already in use" in last_words(tmp_path, port=str(port))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"users": "/nowhere/users.json"}, "the users file /nowhere/users.json can't be read"),
        ({"client_secret_file": "/nowhere/secret"}, "the client secret file /nowhere/secret can't be read"),
        ({"issuer": "http://127.0.0.1:9000/idp"}, "the issuer must be an origin"),
        ({"data": "/proc/nowhere"}, "the data folder /proc/nowhere can't be used"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(tmp_path, changes, complaint):
    assert complaint in last_words(tmp_path, **changes)


def test_broken_keys_are_one_clear_line(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "signing-keys.json").write_text("{")

    assert "remove the file to make new ones" in last_words(tmp_path)
