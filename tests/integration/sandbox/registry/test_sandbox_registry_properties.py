"""What holds for every input: chunks join up, and nothing that is no manifest gets past the parser."""

from __future__ import annotations

import hashlib
import json

import httpx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from platz_sandbox.registry import manifest, oci_names
from platz_sandbox.registry.errors import RegistryRefusal

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(chunks=st.lists(st.binary(max_size=200), max_size=6))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_blob_is_its_chunks_one_after_the_other(registry, chunks):
    content = b"".join(chunks)
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    with httpx.Client(base_url=registry) as client:
        upload = client.post("/v2/tests/chunks/blobs/uploads/").headers["Location"]
        for chunk in chunks:
            assert client.patch(upload, content=chunk).status_code == 202

        assert client.put(upload, params={"digest": digest}).status_code == 201
        assert client.get(f"/v2/tests/chunks/blobs/{digest}").content == content


@given(
    document=st.fixed_dictionaries(
        {"schemaVersion": st.sampled_from([2, 2, 2, 1, "2", None])},
        optional={
            "mediaType": st.sampled_from([manifest.OCI_MANIFEST, manifest.OCI_INDEX]) | JSON,
            "config": JSON,
            "layers": JSON,
            "manifests": JSON,
        },
    )
    | JSON,
    content_type=st.sampled_from([manifest.OCI_MANIFEST, manifest.OCI_INDEX, "text/plain", ""]),
)
def test_the_parser_accepts_or_refuses_and_never_breaks(document, content_type):
    try:
        found = manifest.parse(json.dumps(document).encode(), content_type)
    except RegistryRefusal:
        return
    assert all(oci_names.digest(part) == part for part in (*found.blobs, *found.manifests))


@given(text=st.text(alphabet="aA0._-/:@ \\%\0é", max_size=20))
def test_an_accepted_name_is_safe_as_a_path(text):
    for check in (oci_names.repository, oci_names.reference):
        try:
            accepted = check(text)
        except RegistryRefusal:
            continue
        assert not accepted.startswith(("/", ".", "-"))
        assert ".." not in accepted.split("/")
        assert "\0" not in accepted
