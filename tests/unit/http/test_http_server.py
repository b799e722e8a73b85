"""The address that Platz listens on."""

from __future__ import annotations

import socket

import pytest

from platz.http.server import PortTaken, bind

needs_v6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")


def reach(host: str, port: int) -> None:
    socket.create_connection((host, port), timeout=5).close()


@needs_v6
def test_an_address_of_the_newer_kind_is_listened_on() -> None:
    with bind("::1", 0) as listener:
        reach("::1", listener.getsockname()[1])


@needs_v6
def test_every_address_of_the_newer_kind_is_every_address() -> None:
    with bind("::", 0) as listener:
        reach("::1", listener.getsockname()[1])
        reach("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize("host", ["127.0.0.1", pytest.param("::1", marks=needs_v6)])
def test_a_port_that_is_taken_is_told_with_what_to_do(host: str) -> None:
    with bind(host, 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(PortTaken, match=rf":{port}: Address already in use\. .*API_PORT"):
            bind(host, port)


def test_a_port_of_another_setting_is_told_with_that_setting() -> None:
    with bind("127.0.0.1", 0) as listener, pytest.raises(PortTaken, match="PLATZ_HEALTH_PORT"):
        bind("127.0.0.1", listener.getsockname()[1], chosen_by="PLATZ_HEALTH_PORT")
