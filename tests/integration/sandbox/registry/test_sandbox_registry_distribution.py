"""The distribution specification's rules for pulling, pushing and listing."""

from __future__ import annotations

import hashlib
import json
import uuid

import httpx
import pytest

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
ABSENT = "sha256:" + "0" * 64


def digest_of(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def new_name() -> str:
    return f"tests/{uuid.uuid4().hex}"


def push_blob(http: httpx.Client, name: str, content: bytes) -> str:
    digest = digest_of(content)
    answer = http.post(f"/v2/{name}/blobs/uploads/", params={"digest": digest}, content=content)
    assert answer.status_code == 201, answer.text
    return digest


def descriptor(content: bytes, media_type: str = "application/octet-stream") -> dict:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def manifest(config: bytes, *layers: bytes, **extra: object) -> bytes:
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": descriptor(config),
            "layers": [descriptor(layer) for layer in layers],
            **extra,
        }
    ).encode()


def put(http: httpx.Client, name: str, reference: str, content: bytes, media_type: str = OCI_MANIFEST):
    return http.put(
        f"/v2/{name}/manifests/{reference}", content=content, headers={"Content-Type": media_type}
    )


def push(http: httpx.Client, name: str, *tags: str, text: str = "config") -> str:
    push_blob(http, name, text.encode())
    for tag in tags:
        assert put(http, name, tag, manifest(text.encode())).status_code == 201
    return digest_of(manifest(text.encode()))


def code(answer: httpx.Response) -> str:
    (error,) = answer.json()["errors"]
    assert set(error) == {"code", "message", "detail"}
    return error["code"]


def test_the_base_says_that_this_is_a_registry(http):
    answer = http.get("/v2/")

    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"


# manifests ------------------------------------------------------------------------------------------------


def test_a_manifest_comes_back_byte_for_byte_by_tag_and_by_digest(http):
    name, content = new_name(), b" " + manifest(b"c")
    push_blob(http, name, b"c")

    created = put(http, name, "1.0", content)

    digest = digest_of(content)
    assert created.status_code == 201
    assert created.headers["Docker-Content-Digest"] == digest
    assert http.get(created.headers["Location"]).content == content
    for reference in ("1.0", digest):
        found = http.get(f"/v2/{name}/manifests/{reference}")
        assert (found.content, found.headers["Content-Type"]) == (content, OCI_MANIFEST)
        assert found.headers["Docker-Content-Digest"] == digest


def test_head_tells_the_same_headers_without_the_content(http):
    name = new_name()
    digest = push(http, name, "1.0")

    head = http.head(f"/v2/{name}/manifests/1.0")

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["Docker-Content-Digest"] == digest
    assert int(head.headers["Content-Length"]) == len(http.get(f"/v2/{name}/manifests/1.0").content)


def test_a_manifest_may_be_put_by_its_digest(http):
    name = new_name()
    push_blob(http, name, b"c")

    assert put(http, name, digest_of(manifest(b"c")), manifest(b"c")).status_code == 201
    assert http.get(f"/v2/{name}/tags/list").json()["tags"] == []


def test_a_tag_moves_and_the_old_manifest_stays_under_its_digest(http):
    name = new_name()
    old = push(http, name, "latest", text="old")

    new = push(http, name, "latest", text="new")

    assert http.head(f"/v2/{name}/manifests/latest").headers["Docker-Content-Digest"] == new
    assert http.head(f"/v2/{name}/manifests/{old}").status_code == 200


def test_an_index_binds_manifests_of_the_repository(http):
    name = new_name()
    push(http, name, "a")
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(manifest(b"config"))]}

    assert put(http, name, "all", json.dumps(index).encode(), OCI_INDEX).status_code == 201
    assert http.get(f"/v2/{name}/manifests/all").headers["Content-Type"] == OCI_INDEX


@pytest.mark.parametrize(
    ("content", "media_type", "expected"),
    [
        (b"", OCI_MANIFEST, "MANIFEST_INVALID"),
        (b"nonsense", OCI_MANIFEST, "MANIFEST_INVALID"),
        (b"[]", OCI_MANIFEST, "MANIFEST_INVALID"),
        (b'{"schemaVersion": 1}', OCI_MANIFEST, "MANIFEST_INVALID"),
        (b'{"schemaVersion": 2}', OCI_MANIFEST, "MANIFEST_INVALID"),
        (b'{"schemaVersion": 2, "config": {"digest": 1}, "layers": []}', OCI_MANIFEST, "MANIFEST_INVALID"),
        (b'{"schemaVersion": 2, "config": {"digest": "x"}, "layers": []}', OCI_MANIFEST, "DIGEST_INVALID"),
        (manifest(b"c"), "text/plain", "MANIFEST_INVALID"),
        (manifest(b"c"), OCI_INDEX, "MANIFEST_INVALID"),
        (manifest(b"never pushed"), OCI_MANIFEST, "MANIFEST_BLOB_UNKNOWN"),
    ],
)
def test_a_manifest_that_is_none_or_lacks_its_parts_is_refused(http, content, media_type, expected):
    answer = put(http, new_name(), "1.0", content, media_type)

    assert (answer.status_code, code(answer)) == (400, expected)


def test_a_manifest_under_the_digest_of_another_is_refused(http):
    name = new_name()
    push_blob(http, name, b"c")

    answer = put(http, name, ABSENT, manifest(b"c"))

    assert (answer.status_code, code(answer)) == (400, "DIGEST_INVALID")


def test_a_manifest_over_four_mebibytes_is_refused(http):
    name = new_name()
    push_blob(http, name, b"c")

    answer = put(http, name, "big", manifest(b"c", annotations={"x": "y" * (4 * 1024 * 1024)}))

    assert (answer.status_code, code(answer)) == (413, "SIZE_INVALID")


def test_a_deleted_tag_leaves_the_manifest(http):
    name = new_name()
    digest = push(http, name, "a", "b")

    assert http.delete(f"/v2/{name}/manifests/a").status_code == 202

    assert http.get(f"/v2/{name}/tags/list").json()["tags"] == ["b"]
    assert http.head(f"/v2/{name}/manifests/{digest}").status_code == 200


def test_a_deleted_manifest_takes_its_tags_along(http):
    name = new_name()
    digest = push(http, name, "a", "b")
    push(http, name, "c", text="other")

    assert http.delete(f"/v2/{name}/manifests/{digest}").status_code == 202

    assert http.get(f"/v2/{name}/tags/list").json()["tags"] == ["c"]
    assert http.head(f"/v2/{name}/manifests/{digest}").status_code == 404


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("reference", ["no-such-tag", ABSENT])
def test_an_unknown_manifest_is_not_found(http, method, reference):
    answer = http.request(method, f"/v2/web-shop/manifests/{reference}")

    assert answer.status_code == 404
    if method != "HEAD":
        assert code(answer) == "MANIFEST_UNKNOWN"


# blobs ----------------------------------------------------------------------------------------------------


def test_a_blob_comes_back_with_its_digest(http):
    name = new_name()
    digest = push_blob(http, name, b"blob")

    answer = http.get(f"/v2/{name}/blobs/{digest}")

    assert (answer.status_code, answer.content) == (200, b"blob")
    assert answer.headers["Docker-Content-Digest"] == digest
    head = http.head(f"/v2/{name}/blobs/{digest}")
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "4", b"")


def test_a_range_of_a_blob_can_be_read(http):
    name = new_name()
    digest = push_blob(http, name, b"0123456789")

    answer = http.get(f"/v2/{name}/blobs/{digest}", headers={"Range": "bytes=2-4"})

    assert (answer.status_code, answer.content) == (206, b"234")
    assert answer.headers["Content-Range"] == "bytes 2-4/10"


def test_a_blob_is_read_through_its_own_repository_only(http):
    digest = push_blob(http, new_name(), b"private")

    answer = http.get(f"/v2/{new_name()}/blobs/{digest}")

    assert (answer.status_code, code(answer)) == (404, "BLOB_UNKNOWN")


def test_a_deleted_blob_is_gone_from_its_repository_only(http):
    one, other = new_name(), new_name()
    digest = push_blob(http, one, b"shared")
    push_blob(http, other, b"shared")

    assert http.delete(f"/v2/{one}/blobs/{digest}").status_code == 202

    assert http.head(f"/v2/{one}/blobs/{digest}").status_code == 404
    assert http.get(f"/v2/{other}/blobs/{digest}").content == b"shared"
    assert http.delete(f"/v2/{one}/blobs/{digest}").status_code == 404


# names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("Upper/manifests/1.0", "NAME_INVALID"),
        ("a//b/manifests/1.0", "NAME_INVALID"),
        ("a/..%2f..%2fetc/manifests/1.0", "NAME_INVALID"),
        ("-a/manifests/1.0", "NAME_INVALID"),
        ("_blobs/manifests/1.0", "NAME_INVALID"),
        ("a" * 256 + "/manifests/1.0", "NAME_INVALID"),
        ("a/manifests/.hidden", "TAG_INVALID"),
        ("a/manifests/" + "t" * 129, "TAG_INVALID"),
        ("a/manifests/sha256:abc", "DIGEST_INVALID"),
        ("a/manifests/sha512:" + "0" * 128, "DIGEST_INVALID"),
        ("a/blobs/nonsense", "DIGEST_INVALID"),
        ("a/blobs/sha256:" + "A" * 64, "DIGEST_INVALID"),
    ],
)
def test_a_name_that_the_specification_does_not_allow_is_refused(http, path, expected):
    answer = http.get(f"/v2/{path}")

    assert (answer.status_code, code(answer)) == (400, expected)


def test_a_method_that_the_specification_does_not_know_is_told_in_the_envelope(http):
    answer = http.patch("/v2/web-shop/manifests/1.0.0")

    assert (answer.status_code, code(answer)) == (405, "UNSUPPORTED")


def test_a_host_name_other_than_the_loopback_is_refused(http):
    assert http.get("/v2/", headers={"Host": "rebound.example"}).status_code == 400


# lists ----------------------------------------------------------------------------------------------------


def all_pages(http: httpx.Client, path: str, key: str) -> list[list[str]]:
    pages = []
    while path:
        answer = http.get(path)
        pages.append(answer.json()[key])
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    return pages


def test_tags_are_listed_in_order(http):
    name = new_name()
    push(http, name, "b", "10", "a", "9")

    assert http.get(f"/v2/{name}/tags/list").json() == {"name": name, "tags": ["10", "9", "a", "b"]}


@pytest.mark.parametrize(
    ("size", "pages"),
    [
        (1, [["a"], ["b"], ["c"]]),
        (2, [["a", "b"], ["c"]]),
        (3, [["a", "b", "c"]]),
        (4, [["a", "b", "c"]]),
        (0, [[]]),
    ],
)
def test_tags_come_in_pages_of_n_without_a_link_at_the_end(http, size, pages):
    name = new_name()
    push(http, name, "a", "b", "c")

    assert all_pages(http, f"/v2/{name}/tags/list?n={size}", "tags") == pages


def test_a_page_starts_after_last_even_when_that_tag_is_gone(http):
    name = new_name()
    push(http, name, "a", "c")

    assert http.get(f"/v2/{name}/tags/list", params={"last": "b"}).json()["tags"] == ["c"]


def test_a_list_without_n_has_at_most_a_hundred_entries_and_a_link(http):
    name = new_name()
    push(http, name, *(f"t{number:03}" for number in range(101)))

    assert [len(page) for page in all_pages(http, f"/v2/{name}/tags/list", "tags")] == [100, 1]


def test_the_catalogue_lists_every_repository_over_its_pages(http):
    name = new_name()
    push(http, name, "a")

    pages = all_pages(http, "/v2/_catalog?n=2", "repositories")

    found = [repository for page in pages for repository in page]
    assert found == sorted(found)
    assert all(len(page) == 2 for page in pages[:-1])
    assert {name, "web-shop", "registry-cache", "storefront", "chaos-monkey", "guestbook"} <= set(found)


def test_a_repository_without_manifests_is_not_in_the_catalogue(http):
    name = new_name()
    push_blob(http, name, b"x")

    assert name not in http.get("/v2/_catalog", params={"n": 1000}).json()["repositories"]
    answer = http.get(f"/v2/{name}/tags/list")
    assert (answer.status_code, code(answer)) == (404, "NAME_UNKNOWN")


@pytest.mark.parametrize("size", ["-1", "x", "1.5", "9" * 20, "²"])
def test_a_page_size_that_is_no_number_is_refused(http, size):
    answer = http.get("/v2/_catalog", params={"n": size})

    assert (answer.status_code, code(answer)) == (400, "PAGINATION_NUMBER_INVALID")
