"""Access tokens: what is issued, and what is refused.

Source: docs/contract/auth.md, "Access tokens".
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from jose import jwe, jws, jwt

from platz.access.tokens import BrokenSigningKey, Tokens
from platz.access.tokens.access_tokens import LIMIT
from platz.errors import Unauthenticated
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId

SECRET = bytes(range(24))
NOW = datetime(2024, 3, 9, 16, 0, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ALICE = User(id=UserId(UUID("6b8f0c1e-5c0f-4d9a-9d0e-2f0e2a0a7c11")))
WEEK = timedelta(days=7)


def tokens(secret: bytes = SECRET) -> Tokens:
    return Tokens(lambda: base64.b64encode(secret).decode())


def claims(**changes: Any) -> dict[str, Any]:
    base = {"iat": SECONDS, "nbf": SECONDS, "exp": SECONDS + 60, "identity": {"User": str(ALICE.id)}}
    return {key: value for key, value in (base | changes).items() if value is not ...}


def sign(document: dict[str, Any], *, secret: Any = SECRET, algorithm: str = "HS256", **headers: Any) -> str:
    return jws.sign(document, secret, headers=headers, algorithm=algorithm)


def segment(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def test_an_issued_token_has_the_contracts_header_and_claims() -> None:
    text = tokens().issue(ALICE, WEEK, NOW).text
    assert jwt.get_unverified_header(text) == {"typ": "JWT", "alg": "HS256"}
    assert jwt.get_unverified_claims(text) == {
        "iat": SECONDS,
        "nbf": SECONDS,
        "exp": SECONDS + 7 * 86400,
        "identity": {"User": str(ALICE.id)},
    }


def test_a_token_of_an_older_installation_is_accepted() -> None:
    """Made by another implementation: HMAC over the two first parts with the decoded secret."""
    import hashlib
    import hmac

    signed = f"{segment(json.dumps({'typ': 'JWT', 'alg': 'HS256'}).encode())}.{segment(json.dumps(claims()).encode())}"
    signature = segment(hmac.new(SECRET, signed.encode(), hashlib.sha256).digest())
    assert tokens().verify(f"{signed}.{signature}", NOW).identity == ALICE


@pytest.mark.parametrize(
    "identity",
    [ALICE, Bot(id=BotId(uuid4())), Deployment(id=DeploymentId(uuid4()))],
    ids=lambda i: type(i).__name__,
)
def test_every_kind_of_identity_comes_back(identity: Identity) -> None:
    issued = tokens().issue(identity, timedelta(hours=1), NOW)
    verified = tokens().verify(issued.text, NOW)
    assert (verified.identity, verified.expires_at) == (identity, issued.expires_at)


@pytest.mark.parametrize(
    ("behind", "difference"),
    [(60, "60 seconds"), (3600, "60 minutes"), (7199, "120 minutes"), (3 * 86400, "72 hours")],
)
def test_a_token_from_a_clock_ahead_tells_the_difference(behind: int, difference: str) -> None:
    """Given two copies of Platz of which one's clock is ahead, when its token comes to the other, then it says so."""
    issued = tokens().issue(ALICE, timedelta(days=7), NOW)
    sentence = f"the token is not valid yet: the clock of the Platz server .* is at least {difference} ahead"
    with pytest.raises(Unauthenticated, match=sentence):
        tokens().verify(issued.text, NOW - timedelta(seconds=behind))


@pytest.mark.parametrize(
    ("offset", "accepted"), [(-6, False), (-5, True), (0, True), (64, True), (65, False)]
)
def test_the_times_have_five_seconds_of_leeway(offset: int, accepted: bool) -> None:
    at = NOW + timedelta(seconds=offset)
    if accepted:
        assert tokens().verify(sign(claims()), at).identity == ALICE
    else:
        with pytest.raises(Unauthenticated, match="JWT decoding error: the token"):
            tokens().verify(sign(claims()), at)


@pytest.mark.parametrize("missing", ["iat", "nbf", "exp", "identity"])
def test_every_claim_is_required(missing: str) -> None:
    with pytest.raises(Unauthenticated, match=f"JWT decoding error: the claim `{missing}`"):
        tokens().verify(sign(claims(**{missing: ...})), NOW)


@pytest.mark.parametrize("value", ["soon", None, True, 1.5, -1, 10**15, [1], {}])
def test_a_time_is_a_whole_number_of_seconds(value: object) -> None:
    with pytest.raises(Unauthenticated, match="the claim `exp`"):
        tokens().verify(sign(claims(exp=value)), NOW)


@pytest.mark.parametrize(
    "identity",
    [
        {}, None, "User", [], {"user": str(ALICE.id)}, {"User": "me"}, {"User": 7},
        {"User": str(ALICE.id), "Bot": str(ALICE.id)}, {"Group": str(ALICE.id)},
    ],
)  # fmt: skip
def test_an_identity_has_exactly_one_known_kind(identity: object) -> None:
    with pytest.raises(Unauthenticated, match="claim `identity`"):
        tokens().verify(sign(claims(identity=identity)), NOW)


def test_another_key_does_not_sign() -> None:
    with pytest.raises(Unauthenticated, match="the signature is not valid"):
        tokens().verify(sign(claims(), secret=b"another secret of 24 byte"), NOW)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_of_the_family_is_refused(algorithm: str) -> None:
    with pytest.raises(Unauthenticated, match="the algorithm is not allowed"):
        tokens().verify(sign(claims(), algorithm=algorithm), NOW)


def test_an_asymmetric_signature_is_refused() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(Unauthenticated, match="the algorithm is not allowed"):
        tokens().verify(sign(claims(), secret=key, algorithm="RS256"), NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "", None, "hs256"])
def test_a_token_without_a_signature_is_refused(algorithm: str | None) -> None:
    header = segment(json.dumps({"typ": "JWT", "alg": algorithm}).encode())
    body = segment(json.dumps(claims()).encode())
    for text in (f"{header}.{body}.", f"{header}.{body}.AAAA", f"{header}.{body}"):
        with pytest.raises(Unauthenticated):
            tokens().verify(text, NOW)


@pytest.mark.parametrize("encoding", [Encoding.DER, Encoding.PEM])
def test_a_public_key_used_as_a_secret_does_not_pass(encoding: Encoding) -> None:
    """Algorithm confusion: whatever bytes a forger signs with, only the stored secret counts."""
    import hashlib
    import hmac

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    public = key.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    header = segment(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    signed = f"{header}.{segment(json.dumps(claims()).encode())}"
    forged = segment(hmac.new(public, signed.encode(), hashlib.sha256).digest())
    with pytest.raises(Unauthenticated, match="the signature is not valid"):
        tokens().verify(f"{signed}.{forged}", NOW)


def test_an_encrypted_token_is_not_opened() -> None:
    text = jwe.encrypt(
        json.dumps(claims()), SECRET + b"12345678", algorithm="dir", encryption="A256GCM"
    ).decode()
    with pytest.raises(Unauthenticated, match="not a signed compact token"):
        tokens().verify(text, NOW)


@pytest.mark.parametrize(
    "headers", [{"crit": ["exp"]}, {"jwk": {"kty": "oct"}}, {"x": {"deep": {}}}, {"x": [[]]}]
)
def test_a_header_that_asks_for_more_is_refused(headers: dict[str, Any]) -> None:
    with pytest.raises(Unauthenticated, match="the header asks"):
        tokens().verify(sign(claims(), **headers), NOW)


def test_an_oversized_token_is_refused_before_it_is_read() -> None:
    with pytest.raises(Unauthenticated, match="too long"):
        tokens().verify(sign(claims(padding="x" * LIMIT)), NOW)


def test_a_deeply_nested_header_is_refused_and_does_not_crash() -> None:
    header = segment(b'{"alg":"HS256","x":' + b"[" * 1400 + b"]" * 1400 + b"}")
    with pytest.raises(Unauthenticated):
        tokens().verify(f"{header[:2000]}.e30.AAAA", NOW)
    with pytest.raises(Unauthenticated):
        tokens().verify(f"{segment(b'[' * 700 + b']' * 700)}.e30.AAAA", NOW)


def test_a_second_spelling_of_a_token_is_refused() -> None:
    """Decoders skip foreign characters; a token has one spelling here."""
    text = tokens().issue(ALICE, WEEK, NOW).text
    for spelled in (f" {text}", f"{text}\n", text.replace(".", "!.", 1), f"{text}="):
        with pytest.raises(Unauthenticated):
            tokens().verify(spelled, NOW)


@given(st.text(max_size=300))
def test_no_text_crashes_the_check(text: str) -> None:
    with pytest.raises(Unauthenticated):
        tokens().verify(text, NOW)


@given(st.data())
def test_no_change_of_one_character_goes_unnoticed(data: st.DataObject) -> None:
    text = tokens().issue(ALICE, WEEK, NOW).text
    place = data.draw(st.integers(0, len(text) - 2))  # the last character holds padding bits
    other = data.draw(st.sampled_from("ABCabc019-_").filter(lambda letter: letter != text[place]))
    with pytest.raises(Unauthenticated):
        tokens().verify(text[:place] + other + text[place + 1 :], NOW)


@pytest.mark.parametrize("stored", ["", "not base64!", "c2hvcnQ=", "AAAA AAAA"])
def test_a_damaged_signing_key_is_a_server_error(stored: str) -> None:
    with pytest.raises(BrokenSigningKey, match="JWT decode error"):
        Tokens(lambda: stored).issue(ALICE, WEEK, NOW)


def test_a_replaced_signing_key_is_noticed_within_seconds() -> None:
    from platz.access.tokens.keys import SigningKeys

    stored, time = [base64.b64encode(SECRET).decode()], [0.0]
    keys = SigningKeys(lambda: stored[0], clock=lambda: time[0])
    first = keys.current().fingerprint
    stored[0] = base64.b64encode(b"another secret of 24 byt").decode()
    assert keys.current().fingerprint == first
    time[0] = 2.1
    assert keys.current().fingerprint != first


def test_a_signing_key_does_not_show_itself() -> None:
    from platz.access.tokens.keys import parse_signing_key

    stored = base64.b64encode(SECRET).decode()
    assert "secret" not in repr(parse_signing_key(stored))


def test_a_failed_reading_of_the_key_is_not_repeated_by_everybody_who_waited() -> None:
    from platz.access.tokens.keys import SigningKeys
    from platz.errors import Retryable

    reads, time = [], [0.0]

    def load() -> str:
        reads.append(1)
        if len(reads) == 1:
            raise Retryable("no database")
        return base64.b64encode(SECRET).decode()

    keys = SigningKeys(load, clock=lambda: time[0])
    for _ in range(5):
        with pytest.raises(Retryable, match="no database"):
            keys.current()
    assert len(reads) == 1
    time[0] = 0.6
    assert keys.current().secret == SECRET
