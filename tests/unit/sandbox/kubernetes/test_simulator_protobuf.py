"""The protobuf bodies of Go clients."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.api.protobuf import MAGIC, decode
from platz_sandbox.kubernetes.objects.status_errors import ApiError


def varint(number: int) -> bytes:
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number: int, value: bytes | str | int) -> bytes:
    """Encode one field as protobuf does."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    raw = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(raw)) + raw


def envelope(kind: str, raw: bytes) -> bytes:
    return MAGIC + field(1, field(1, "v1") + field(2, kind)) + field(2, raw)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.binary(max_size=300), max_size=4))
def test_a_secrets_data_is_read(data: dict[str, bytes]) -> None:
    metadata = field(1, "s") + field(3, "shop") + field(11, field(1, "owner") + field(2, "helm"))
    entries = b"".join(field(2, field(1, key) + field(2, value)) for key, value in data.items())

    document = decode(envelope("Secret", field(1, metadata) + entries + field(3, "helm.sh/release.v1")))

    assert document["kind"] == "Secret"
    assert document["metadata"] == {"name": "s", "namespace": "shop", "labels": {"owner": "helm"}}
    assert document["type"] == "helm.sh/release.v1"
    assert document.get("data", {}) == {key: base64.b64encode(value).decode() for key, value in data.items()}


def test_delete_options_are_read() -> None:
    preconditions = field(2, field(1, "some-uid"))

    document = decode(
        envelope("DeleteOptions", field(1, 0) + preconditions + field(4, "Background") + field(99, "?"))
    )

    assert document["gracePeriodSeconds"] == 0
    assert document["preconditions"] == {"uid": "some-uid"}
    assert document["propagationPolicy"] == "Background"


def test_an_unknown_kind_is_415() -> None:
    with pytest.raises(ApiError) as refused:
        decode(envelope("StatefulSet", b""))

    assert refused.value.code == 415


def test_a_field_that_would_be_lost_is_415() -> None:
    volumes, nothing = field(1, field(1, "data")), field(14, b"")

    with pytest.raises(ApiError) as refused:
        decode(envelope("Deployment", field(2, field(3, field(2, volumes)))))
    document = decode(envelope("Deployment", field(2, field(3, field(2, nothing)))))

    assert (refused.value.code, "PodSpec with the field 1" in refused.value.message) == (415, True)
    assert document["spec"] == {"template": {"spec": {}}}


def test_a_number_in_place_of_a_text_is_refused() -> None:
    assert answer(envelope("Secret", field(3, 1 << 62))) == 400


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(garbage: bytes) -> None:
    for body in (garbage, MAGIC + garbage, envelope("Secret", garbage)):
        assert answer(body) in {200, 400, 415}


def answer(body: bytes) -> int:
    try:
        decode(body)
    except ApiError as refused:
        return refused.code
    return 200
