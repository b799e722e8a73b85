"""Input that means harm, or nonsense: always one clear 4xx in the one envelope, never more."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from http_client import BASE, Installation

LARGEST = 2 * 1024 * 1024


def refusal(answer: Any, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert set(answer.json()) == {"message"}
    return answer.json()["message"]


def send(api: Installation, raw: bytes, content_type: str | None = "application/json", **given: Any) -> Any:
    headers = {"content-type": content_type} if content_type else {}
    return api["site"].request("POST", "/bots", content=raw, headers=headers, **given)


def test_a_body_of_two_mebibytes_passes_and_one_byte_more_does_not(api: Installation) -> None:
    frame = len(json.dumps({"display_name": ""}))
    largest = json.dumps({"display_name": "x" * (LARGEST - frame)}).encode()
    assert len(largest) == LARGEST
    assert send(api, largest).status_code == 201
    assert refusal(send(api, largest + b" "), 400) == (
        "JSON payload (2097153 bytes) is larger than allowed (limit: 2097152 bytes)."
    )


def test_a_chunked_body_is_not_read_to_its_end(api: Installation) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b"x" * 65536

    answer = send(api, endless())
    assert "larger than allowed" in refusal(answer, 400)
    assert sent < 2 * LARGEST


def test_a_body_is_not_read_for_who_is_not_known(api: Installation) -> None:
    touched = False

    async def body() -> AsyncIterator[bytes]:
        nonlocal touched
        touched = True
        yield b"{}"

    class NoBody:
        def __aiter__(self) -> AsyncIterator[bytes]:
            return body()

    answer = api["anonymous"].request(
        "POST", "/bots", content=NoBody(), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"nul", b"[]", b'"text"', b"1", b"null", b"{}",
        b'{"display_name": 1}', b'{"display_name": null}', b'{"display_name": ["x"]}',
        b'{"display_name": "\\u0000"}', b'{"display_name": "\\ud800"}', b'{"display_name": "\xff"}',
        b'{"display_name": "x", "\\u0000": 1}', b'{"display_name": "x", "a": NaN}',
        b'{"display_name": "x", "a": 1e999}', b'{"display_name": "x"} {}', b'{"display_name": "x",}',
        b"[" * 100_000, b'{"a":' * 100_000, b"\xef\xbb\xbf{}",
    ],
    ids=lambda raw: repr(raw[:30]),
)  # fmt: skip
def test_bodies_that_are_not_what_is_asked_for(api: Installation, raw: bytes) -> None:
    told = refusal(send(api, raw), 400)
    assert told.startswith("Json deserialize error: ")
    assert len(told) < 500


def test_unknown_fields_are_ignored_and_the_last_of_two_wins(api: Installation) -> None:
    answer = send(api, b'{"display_name": "a", "nonsense": {}, "display_name": "b"}')
    assert answer.json()["display_name"] == "b"


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "json"]
)
def test_only_json_is_read(api: Installation, content_type: str | None) -> None:
    assert refusal(send(api, b'{"display_name": "a"}', content_type), 400) == "Content type error"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/merge-patch+json"]
)
def test_json_has_several_names(api: Installation, content_type: str) -> None:
    assert send(api, b'{"display_name": "a"}', content_type).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/{person}", {"is_active": "true"}),
        ("PUT", "/users/{person}", {"is_active": 1}),
        ("POST", "/env-user-permissions", {"env_id": "{here}", "user_id": "{person}", "role": "Boss"}),
        ("POST", "/env-user-permissions", {"env_id": "{here}", "user_id": "{person}", "role": "admin"}),
        ("POST", "/env-user-permissions", {"env_id": "{here}", "user_id": 12, "role": "User"}),
        ("POST", "/env-user-permissions", {"env_id": "{here}"}),
        ("PUT", "/k8s-clusters/{cluster}", {"env_id": "x"}),
        ("PUT", "/k8s-clusters/{cluster}", {"ingress_domain": 1}),
        ("PUT", "/deployments/{deployment}", {"enabled": "no"}),
        ("PUT", "/deployments/{deployment}", {"cluster_id": []}),
        ("POST", "/deployment-resources", {"sync_status": "Done"}),
    ],
)  # fmt: skip
def test_wrong_types_and_unknown_words(
    api: Installation, method: str, path: str, body: dict[str, Any]
) -> None:
    names = {
        "person": api.new_user(), "here": api.here, "cluster": api.cluster, "deployment": api.deployment
    }  # fmt: skip
    filled = {key: value.format(**names) if isinstance(value, str) else value for key, value in body.items()}
    answer = api["site"].request(method, path.format(**names), json=filled)
    assert refusal(answer, 400).startswith("Json deserialize error: ")


@pytest.mark.parametrize(
    "text",
    [
        "robert'); drop table users;--",
        "%s %(x)s :value",
        "\u202e\u2603\U0001f4a3" * 50,
        "{}",
        "\\",
        "a" * 100_000,
    ],
)
def test_texts_of_all_kinds_are_stored_and_found(api: Installation, text: str) -> None:
    made = api["site"].post("/bots", {"display_name": text})
    assert made.json()["display_name"] == text
    if len(text) < 1000:
        listed = api["site"].items("/bots", params={"display_name": text})
        assert [bot["id"] for bot in listed] == [made.json()["id"]]


def test_what_can_not_be_stored_is_refused(api: Installation) -> None:
    too_long_for_an_index = "".join(f"{n:x}" for n in range(60_000))
    refusal(api["site"].post("/envs", {"name": too_long_for_an_index}), 400)


@pytest.mark.parametrize("method", ["PATCH", "OPTIONS", "TRACE", "HEAD", "POST", "PUT", "NONSENSE"])
def test_methods_that_a_path_does_not_offer(api: Installation, method: str) -> None:
    answer = api["site"].request(method, "/helm-charts")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/nothing", "/envs/", "/envs/1/2", "/../status", "//envs", "/deployment-kinds/x/y", "/ENVS"],
)
def test_paths_that_are_not_there(api: Installation, path: str) -> None:
    assert refusal(api["site"].get(path), 404)


def test_a_defect_tells_nothing_but_the_request_s_id(api: Installation) -> None:
    api.execute("alter table bots rename column display_name to elsewhere")
    answer = api["site"].get("/bots", headers={"x-request-id": "my-request-1"})
    told = refusal(answer, 500)
    assert "my-request-1" in told
    assert answer.headers["x-request-id"] == "my-request-1"
    assert "elsewhere" not in told
    assert "display_name" not in told


@pytest.mark.parametrize("given", ["short", "with space", "x" * 65, 'quote"'])
def test_a_request_id_of_the_caller_s_must_be_harmless(api: Installation, given: str) -> None:
    answer = api["site"].get("/bots", headers={"x-request-id": given})
    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["x-request-id"])


@pytest.mark.parametrize("path", ["/bots", "/nothing", "/envs/x", "/docs", "/openapi.json"])
def test_every_answer_has_the_security_headers(api: Installation, path: str) -> None:
    headers = api["anonymous"].get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] in {"no-store", "no-cache"}
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


def test_the_log_has_neither_bodies_nor_queries_nor_tokens(
    api: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = api["site"]
    body = {"env_id": str(api.here), "collection": "c", "name": "n", "contents": "hunter2"}
    caller.post("/secrets?password=hunter2", body)
    caller.get("/secrets?name=hunter2")
    log = capsys.readouterr().out
    assert "action=request" in log
    assert "/api/v2/secrets" in log
    assert "duration_ms=" in log
    assert "hunter2" not in log
    assert caller.headers["Authorization"].split()[1] not in log
    assert BASE not in log
