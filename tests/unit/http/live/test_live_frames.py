"""The frames of live events, to the letter.

Source: docs/contract/http-api.md, "Client messages", "Event frames".
"""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from platz.db.events import RowChange
from platz.http.live.frames import (
    Subscribe,
    Subscription,
    Unsubscribe,
    event_frame,
    read_client_frame,
    wire_frame,
)
from platz.identities import EnvId

ENV = EnvId(UUID("0b3bc7ae-bcd9-49c3-9a47-01f63d48da13"))
ROW = UUID("3048304f-8fd1-4b80-ba6a-4ecc06dc50cb")


def test_an_event_looks_as_the_contract_says() -> None:
    change = RowChange(table="deployments", operation="UPDATE", id=ROW, env_id=ENV)
    assert event_frame(change) == (
        '{"operation":"UPDATE","table":"deployments","env_id":"0b3bc7ae-bcd9-49c3-9a47-01f63d48da13",'
        '"data":{"id":"3048304f-8fd1-4b80-ba6a-4ecc06dc50cb"}}'
    )


def test_an_event_without_environment_says_null() -> None:
    change = RowChange(table="helm_charts", operation="DELETE", id=ROW, env_id=None)
    assert '"env_id":null' in event_frame(change)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'{{"type":"subscribe","table":"deployments","env_id":"{ENV}"}}', Subscribe),
        (f'{{"type": "unsubscribe", "table": "deployments", "env_id": "{ENV}"}}', Unsubscribe),
        (f'{{"type":"subscribe","table":"deployments","env_id":"{str(ENV).upper()}","more":1}}', Subscribe),
    ],
)
def test_a_wish_names_a_table_and_an_environment(text: str, expected: type) -> None:
    assert read_client_frame(text) == expected(subscription=Subscription(table="deployments", env_id=ENV))


@pytest.mark.parametrize("rest", ["", ',"env_id":null'])
def test_the_environment_may_be_left_out(rest: str) -> None:
    wish = read_client_frame(f'{{"type":"subscribe","table":"helm_charts"{rest}}}')
    assert wish == Subscribe(subscription=Subscription(table="helm_charts", env_id=None))


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "[]", "{}", "null", '"subscribe"', '{"type":"subscribe"}', '{"table":"deployments"}',
        '{"type":"subscribe","table":"user_tokens"}', '{"type":"subscribe","table":"Deployments"}',
        '{"type":"publish","table":"deployments"}', '{"type":"subscribe","table":"deployments","env_id":"x"}',
        '{"type":"subscribe","table":"deployments","env_id":7}', '{"type":"subscribe","table":["deployments"]}',
        "[" * 5000, '{"type":"subscribe","table":"deployments"',
    ],
)  # fmt: skip
def test_what_is_not_understood_is_ignored(text: str) -> None:
    assert read_client_frame(text) is None


@given(st.text(max_size=200))
def test_no_text_crashes_the_reader(text: str) -> None:
    assert read_client_frame(text) is None


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 170, 65535])
def test_the_finished_frame_is_what_the_websocket_library_makes(length: int) -> None:
    text = "x" * length
    expected = Frame(Opcode.TEXT, text.encode()).serialize(mask=False)
    assert wire_frame(text) == expected
