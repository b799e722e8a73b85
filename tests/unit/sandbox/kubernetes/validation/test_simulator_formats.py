"""Formats of names, labels, ports and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.formats import Format

EVERY: tuple[Format, ...] = (
    formats.dns_label, formats.old_dns_label, formats.dns_subdomain, formats.label_value, formats.wildcard_subdomain,
    formats.qualified_name, formats.lower_case_qualified_name, formats.config_key, formats.path_segment,
    formats.port_name, formats.variable_name, formats.address, formats.special_address, formats.network,
)  # fmt: skip


@pytest.mark.parametrize(
    ("form", "good", "bad"),
    [
        (formats.dns_label, ["a", "1a", "a-b", "a" * 63], ["", "A", "a.b", "-a", "a-", "a" * 64, "a\n"]),
        (formats.old_dns_label, ["a", "a1"], ["1a", "A"]),
        (formats.dns_subdomain, ["a.b", "1.2", "a" * 253], ["a..b", ".a", "a_b", "a" * 254]),
        (formats.wildcard_subdomain, ["*.a", "*.a.b"], ["*", "a.*", "*a.b", "a"]),
        (formats.label_value, ["", "a", "A_b.c-1"], ["-a", "a b", "a" * 64, "a/"]),
        (formats.qualified_name, ["a", "A.b", "example.com/a"], ["", "a b", "/a", "a/", "A.com/a", "a/b/c"]),
        (formats.lower_case_qualified_name, ["Example.com/A"], ["a b/c"]),
        (formats.config_key, ["a", ".a", "A_b-c"], ["", "a/b", ".", "..", "..a"]),
        (formats.path_segment, ["system:a", "A"], [".", "..", "a/b", "a%b"]),
        (formats.port_name, ["http", "a1", "a-b"], ["HTTP", "1", "a--b", "-a", "a" * 16]),
        (formats.variable_name, ["A", "a.b", "1"], ["", "A=B", "ä"]),
        (formats.address, ["10.0.0.1", "::1"], ["10.0.0", "a", "10.0.0.256"]),
        (formats.special_address, ["10.0.0.1"], ["127.0.0.1", "::1", "0.0.0.0", "169.254.1.1", "a"]),
        (formats.network, ["10.0.0.0/8", "2001:db8::/32", "10.0.0.1/8"], ["10.0.0.1", "a/8", "10.0.0.0/33"]),
    ],
)
def test_what_fits_and_what_does_not(form: Format, good: list[str], bad: list[str]) -> None:
    assert {text: form(text) for text in good} == {text: [] for text in good}
    assert [text for text in bad if not form(text)] == []


@pytest.mark.parametrize("form", EVERY)
@given(text=st.text(max_size=30))
def test_any_text_is_judged_in_sentences(form: Format, text: str) -> None:
    assert all(told.strip() == told and told for told in form(text))
