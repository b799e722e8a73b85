"""Given a listening session that ends, when a row changes meanwhile, then every client has to read again, and the older
web frontend, which does not, is told what it missed."""

from __future__ import annotations

import pytest
from acceptance.event_recorder import EventRecorder
from acceptance.platz_client import signed_in
from acceptance.platz_process import PlatzProcess
from acceptance.web_frontend import WebFrontend

ROUNDS = 5
END_LISTENING = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%' OR query = 'SELECT 1'"
)
"""Ends the listening session, whose latest query is LISTEN or its regular check of the connection."""


@pytest.mark.parametrize("_round", range(ROUNDS))
def test_no_client_is_left_with_what_it_read_before(platz: PlatzProcess, _round: int) -> None:
    with signed_in(platz.url) as admin, EventRecorder(admin, ["envs"]) as recorder:
        (env_id,) = platz.sql("SELECT id FROM envs LIMIT 1")[0]
        assert platz.sql(END_LISTENING)
        platz.sql("UPDATE envs SET name = name || '+' WHERE id = %s RETURNING id", env_id)
        closed = recorder.wait_until_closed(seconds=15)
        assert closed.rcvd is not None
        assert closed.rcvd.code == 1012
    with signed_in(platz.url) as admin, EventRecorder(admin, ["envs"]) as recorder:
        platz.sql("UPDATE envs SET name = name || '+' WHERE id = %s RETURNING id", env_id)
        assert recorder.saw("UPDATE", "envs", str(env_id))


def test_the_older_web_frontend_shows_what_it_missed(platz: PlatzProcess) -> None:
    with signed_in(platz.url) as admin, WebFrontend(platz.url, admin.token) as tab:
        ((bot_id,),) = platz.sql("INSERT INTO bots (display_name) VALUES ('before') RETURNING id")
        tab.shows("bots", id=str(bot_id))
        (env_id,) = platz.sql("SELECT id FROM envs LIMIT 1")[0]
        assert platz.sql(END_LISTENING)
        ((name,),) = platz.sql("UPDATE envs SET name = name || '+' WHERE id = %s RETURNING name", env_id)
        ((made,),) = platz.sql("INSERT INTO bots (display_name) VALUES ('meanwhile') RETURNING id")
        platz.sql("DELETE FROM bots WHERE id = %s RETURNING id", bot_id)
        assert tab.wait_until_closed(seconds=15) == 1012
        tab.shows("envs", seconds=15, id=str(env_id), name=name)
        tab.shows("bots", seconds=15, id=str(made))
        tab.no_longer_shows("bots", seconds=15, id=str(bot_id))
        tab.agrees_with_a_fresh_tab()
