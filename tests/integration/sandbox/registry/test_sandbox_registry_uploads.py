"""Blob uploads: at once, in chunks, mounted, cut off, wrong."""

from __future__ import annotations

import hashlib
import socket
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from waiting import eventually

CONTENT = b"0123456789"


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture
def name() -> str:
    return f"tests/{uuid.uuid4().hex}"


@pytest.fixture
def upload(http: httpx.Client, name: str) -> str:
    answer = http.post(f"/v2/{name}/blobs/uploads/")
    assert answer.status_code == 202
    assert answer.headers["Range"] == "0-0"
    assert answer.headers["Docker-Upload-UUID"]
    return answer.headers["Location"]


def code(answer: httpx.Response) -> str:
    return answer.json()["errors"][0]["code"]


def test_a_post_and_a_put_bring_a_blob(http, name, upload):
    answer = http.put(upload, params={"digest": digest_of(CONTENT)}, content=CONTENT)

    assert answer.status_code == 201
    assert answer.headers["Docker-Content-Digest"] == digest_of(CONTENT)
    assert http.get(answer.headers["Location"]).content == CONTENT


def test_chunks_in_order_bring_a_blob(http, name, upload):
    first = http.patch(upload, content=CONTENT[:4], headers={"Content-Range": "0-3"})
    assert (first.status_code, first.headers["Range"]) == (202, "0-3")
    assert http.get(upload).headers["Range"] == "0-3"
    second = http.patch(first.headers["Location"], content=CONTENT[4:8], headers={"Content-Range": "4-7"})
    assert second.headers["Range"] == "0-7"

    last = http.put(upload, params={"digest": digest_of(CONTENT)}, content=CONTENT[8:])

    assert last.status_code == 201
    assert http.get(f"/v2/{name}/blobs/{digest_of(CONTENT)}").content == CONTENT


def test_a_streamed_patch_without_range_and_an_empty_put_bring_a_blob(http, name, upload):
    assert http.patch(upload, content=iter([CONTENT[:5], CONTENT[5:]])).status_code == 202

    assert http.put(upload, params={"digest": digest_of(CONTENT)}).status_code == 201


@pytest.mark.parametrize("header", ["3-6", "5-9", "x", "-1-3", "4"])
def test_a_chunk_out_of_order_is_refused_and_the_upload_goes_on(http, upload, header):
    http.patch(upload, content=CONTENT[:4], headers={"Content-Range": "0-3"})

    answer = http.patch(upload, content=CONTENT[4:], headers={"Content-Range": header})

    assert (answer.status_code, code(answer)) == (416, "RANGE_INVALID")
    assert http.get(upload).headers["Range"] == "0-3"
    assert http.patch(upload, content=CONTENT[4:], headers={"Content-Range": "4-9"}).status_code == 202


def test_another_digest_is_refused_and_nothing_is_kept(http, name, upload):
    wanted = digest_of(b"something else")

    answer = http.put(upload, params={"digest": wanted}, content=CONTENT)

    assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")
    assert http.head(f"/v2/{name}/blobs/{wanted}").status_code == 404
    assert http.head(f"/v2/{name}/blobs/{digest_of(CONTENT)}").status_code == 404
    assert http.get(upload).status_code == 404


@pytest.mark.parametrize("parameters", [{}, {"digest": "md5:x"}])
def test_a_put_needs_a_digest(http, upload, parameters):
    answer = http.put(upload, params=parameters, content=CONTENT)

    assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")


def test_a_cancelled_upload_is_gone(http, upload):
    assert http.delete(upload).status_code == 204

    assert code(http.get(upload)) == "BLOB_UPLOAD_UNKNOWN"


def test_an_upload_belongs_to_its_repository(http, upload):
    identifier = upload.rpartition("/")[2]

    answer = http.patch(f"/v2/another/blobs/uploads/{identifier}", content=b"x")

    assert (answer.status_code, code(answer)) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_a_blob_of_another_repository_is_mounted(http, name):
    http.post("/v2/tests/source/blobs/uploads/", params={"digest": digest_of(CONTENT)}, content=CONTENT)

    answer = http.post(
        f"/v2/{name}/blobs/uploads/", params={"mount": digest_of(CONTENT), "from": "tests/source"}
    )

    assert answer.status_code == 201
    assert http.get(answer.headers["Location"]).content == CONTENT


@pytest.mark.parametrize("source", ["tests/has-nothing", None])
def test_a_mount_that_is_not_possible_starts_an_upload_instead(http, name, source):
    parameters = {"mount": digest_of(b"nowhere")} | ({"from": source} if source else {})

    answer = http.post(f"/v2/{name}/blobs/uploads/", params=parameters)

    assert answer.status_code == 202
    assert answer.headers["Location"]


def test_a_client_that_goes_away_can_resume(http, registry, upload):
    host, port = registry.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as connection:
        head = f"PATCH {upload} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\n"
        connection.sendall(head.encode() + CONTENT[:6])
        eventually(lambda: http.get(upload).headers["Range"] == "0-5")
        connection.shutdown(socket.SHUT_WR)
        connection.recv(100)

    assert http.get(upload).headers["Range"] == "0-5"
    rest = http.put(upload, params={"digest": digest_of(CONTENT)}, content=CONTENT[6:])
    assert rest.status_code == 201


def test_the_same_blob_pushed_by_many_at_once_is_kept_once_and_whole(registry, name):
    content = b"x" * 1_000_000

    def push(_: int) -> int:
        return httpx.post(
            f"{registry}/v2/{name}/blobs/uploads/", params={"digest": digest_of(content)}, content=content
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(push, range(16))) == {201}
    assert httpx.get(f"{registry}/v2/{name}/blobs/{digest_of(content)}").content == content


def test_a_blob_over_the_limit_is_refused_and_removed(start_registry, tmp_path):
    url = start_registry("--largest-blob", "1000", "--no-demo-charts")
    content = b"x" * 1001

    answer = httpx.post(f"{url}/v2/a/blobs/uploads/", params={"digest": digest_of(content)}, content=content)

    assert (answer.status_code, code(answer)) == (413, "SIZE_INVALID")
    assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_what_a_killed_registry_left_is_cleaned_at_the_next_start(start_registry, tmp_path):
    url = start_registry("--no-demo-charts")
    upload = httpx.post(f"{url}/v2/a/blobs/uploads/").headers["Location"]
    httpx.patch(url + upload, content=b"left behind")
    blobs = tmp_path / "data" / "blobs" / "sha256"
    (blobs / ("0" * 64)).write_bytes(b"nobody refers to this")

    url = start_registry("--no-demo-charts")

    assert list(Path(tmp_path / "data" / "uploads").iterdir()) == []
    assert list(blobs.iterdir()) == []
    assert httpx.get(url + upload).status_code == 404


def test_too_many_uploads_at_once_are_refused(start_registry):
    url = start_registry("--no-demo-charts")
    with httpx.Client(base_url=url) as client:
        statuses = [client.post("/v2/a/blobs/uploads/").status_code for _ in range(257)]

    assert statuses == [202] * 256 + [429]
