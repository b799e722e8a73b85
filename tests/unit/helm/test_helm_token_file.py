"""The file of a token that expires, and the pipe on which its successors come."""

from __future__ import annotations

import os
import threading

from platz.helm.parent_pipe import ParentPipe
from platz.helm.token_file import token_file, with_token_file
from platz.helm.wire import decode_news, encode_token
from platz.json import JsonObject

KUBECONFIG: JsonObject = {"users": [{"name": "user", "user": {"token": "first", "client-key-data": "k"}}]}


def test_the_kubeconfig_refers_to_the_file_instead_of_holding_the_token() -> None:
    with token_file() as file:
        changed = with_token_file(KUBECONFIG, file)
        expected = {"tokenFile": str(file.path), "client-key-data": "k"}
        assert changed["users"] == [{"name": "user", "user": expected}]
        assert file.path.read_text().strip() == "first"
    assert KUBECONFIG["users"] == [{"name": "user", "user": {"token": "first", "client-key-data": "k"}}]


def test_a_kubeconfig_without_a_token_stays_as_it_is() -> None:
    kubeconfig: JsonObject = {"users": [{"name": "user", "user": {"client-key-data": "k"}}]}
    with token_file() as file:
        assert with_token_file(kubeconfig, file) == kubeconfig


def test_a_shorter_token_leaves_nothing_of_a_longer_one() -> None:
    with token_file() as file:
        file.write("a" * 5000)
        file.write("short")
        assert file.path.read_text().strip() == "short"


def test_a_token_survives_the_wire() -> None:
    assert decode_news(encode_token('k8s-aws-v1."\n')) == 'k8s-aws-v1."\n'


def test_lines_that_come_together_or_in_pieces_are_told_apart() -> None:
    reading, writing = os.pipe()
    pipe = ParentPipe(reading)
    os.write(writing, b"order\nfirst\nsec")
    assert pipe.first_line() == b"order\n"
    taken: list[bytes] = []
    both = threading.Event()

    def take(line: bytes) -> None:
        taken.append(line)
        if len(taken) == 2:
            both.set()

    pipe.follow(take)  # the writing end stays open: its end would kill this process
    os.write(writing, b"ond\n")
    assert both.wait(10)
    assert taken == [b"first\n", b"second\n"]


def test_a_pipe_that_is_closed_without_an_order_gives_an_empty_line() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    assert ParentPipe(reading).first_line() == b""
    os.close(reading)
