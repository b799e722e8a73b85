"""The users file: what it may hold, and how users are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from repository import SANDBOX_USERS

from platz.errors import Rejected
from platz_sandbox.identity.people import read_users

SHIPPED = SANDBOX_USERS
ENTRY = {"email": "Ada@x.y", "name": "Ada", "password": "p", "email_verified": True, "purpose": "x"}


def write(folder: Path, document: object) -> Path:
    file = folder / "users.json"
    file.write_text(json.dumps(document))
    return file


def test_the_shipped_users_cover_every_role_and_one_unverified_address():
    users = read_users(SHIPPED)

    emails = {user.email.partition("@")[0] for user in users.everyone()}
    assert {"admin", "owner", "maintainer", "viewer", "unverified"} <= emails
    assert [user.email for user in users.everyone() if not user.email_verified] == [
        "unverified@platz.localhost"
    ]


def test_an_address_is_found_in_any_case_and_with_spaces_around(tmp_path):
    users = read_users(write(tmp_path, {"users": [ENTRY]}))

    assert users.find(" ADA@X.Y ") == users.everyone()[0]


def test_the_password_must_be_right(tmp_path):
    users = read_users(write(tmp_path, {"users": [ENTRY]}))

    assert users.with_password("ada@x.y", "p") is not None
    assert users.with_password("ada@x.y", "P") is None
    assert users.with_password("ada@x.y", "") is None


def test_an_unknown_address_has_no_password_not_even_an_empty_one(tmp_path):
    users = read_users(write(tmp_path, {"users": [ENTRY]}))

    assert users.with_password("nobody@x.y", "") is None
    assert users.with_password("nobody@x.y", "p") is None


def test_the_subject_depends_on_the_address_alone(tmp_path):
    (ada,) = read_users(write(tmp_path, {"users": [ENTRY]})).everyone()
    (other,) = read_users(write(tmp_path, {"users": [ENTRY | {"email": "ada@X.Y", "name": "B"}]})).everyone()

    assert ada.subject == other.subject


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "the document"),
        ({"users": []}, "users"),
        ({"users": [ENTRY | {"email": "no-at"}]}, r"users\.0\.email"),
        ({"users": [{**ENTRY, "admin": True}]}, r"users\.0\.admin"),
        ({"users": [{key: value for key, value in ENTRY.items() if key != "name"}]}, r"users\.0\.name"),
        ({"users": [ENTRY, ENTRY | {"email": "ada@x.y"}]}, "twice"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_of_the_mistake(tmp_path, document, complaint):
    with pytest.raises(Rejected, match=complaint):
        read_users(write(tmp_path, document))


def test_a_missing_file_is_refused_with_its_name(tmp_path):
    with pytest.raises(Rejected, match=r"none\.json can't be read"):
        read_users(tmp_path / "none.json")


def test_no_password_shows_in_the_complaint(tmp_path):
    entry = ENTRY | {"password": "hunter2" * 100}

    with pytest.raises(Rejected) as refusal:
        read_users(write(tmp_path, {"users": [entry]}))

    assert "hunter2" not in refusal.value.message
