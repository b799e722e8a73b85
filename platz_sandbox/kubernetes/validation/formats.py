"""The formats of names, labels, addresses and other texts: what a real server says of a text that does not fit.

Invariant: a function returns one sentence for each broken rule, and none for a text that fits.
Source: Kubernetes "Object Names and IDs", "Labels and Selectors"; apimachinery's `util/validation`.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Format: TypeAlias = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_OLD_LABEL = "[a-z]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_WILDCARD = rf"\*\.{_SUBDOMAIN}"
_QUALIFIED = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_QUALIFIED})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_WITH_PREFIX = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """A regular expression, what it demands in words, and examples."""

    expression: str
    words: str
    examples: tuple[str, ...]

    def fits(self, text: str) -> bool:
        """Tell whether the whole text matches."""
        return re.fullmatch(self.expression, text) is not None

    def told(self) -> str:
        """Return the sentence about a text that does not match."""
        shown = ",  or ".join(f"'{example}'" for example in self.examples)
        return f"{self.words} (e.g. {shown}, regex used for validation is '{self.expression}')"


DNS_LABEL = Pattern(
    expression=_LABEL,
    words="a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
    "and must start and end with an alphanumeric character",
    examples=("my-name", "123-abc"),
)
OLD_DNS_LABEL = Pattern(
    expression=_OLD_LABEL,
    words="a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character",
    examples=("my-name", "abc-123"),
)
DNS_SUBDOMAIN = Pattern(
    expression=_SUBDOMAIN,
    words="a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character",
    examples=("example.com",),
)
WILDCARD_SUBDOMAIN = Pattern(
    expression=_WILDCARD,
    words="a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, "
    "which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
    examples=("*.example.com",),
)
QUALIFIED_NAME = Pattern(
    expression=_QUALIFIED,
    words="must consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    examples=("MyName", "my.name", "123-abc"),
)
LABEL_VALUE = Pattern(
    expression=_VALUE,
    words="a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and end with an alphanumeric character",
    examples=("MyValue", "my_value", "12345"),
)
CONFIG_KEY = Pattern(
    expression=_CONFIG_KEY,
    words="a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    examples=("key.name", "KEY_NAME", "key-name"),
)
PERCENT = Pattern(
    expression="[0-9]+%",
    words="a valid percent string must be a numeric string followed by an ending '%'",
    examples=("1%", "93%"),
)


def matching(pattern: Pattern, most: int | None = None, unit: str = "characters") -> Format:
    """Return the format of texts that match a pattern and have at most so many characters."""

    def check(text: str) -> list[str]:
        long = [f"must be no more than {most} {unit}"] if most is not None and len(text) > most else []
        return [*long, *([] if pattern.fits(text) else [pattern.told()])]

    return check


dns_label = matching(DNS_LABEL, 63)
old_dns_label = matching(OLD_DNS_LABEL, 63)
dns_subdomain = matching(DNS_SUBDOMAIN, 253)
label_value = matching(LABEL_VALUE, 63, "bytes")


def wildcard_subdomain(text: str) -> list[str]:
    """Check a host name that begins with `*.`."""
    return matching(WILDCARD_SUBDOMAIN, 253)(text)


def qualified_name(text: str) -> list[str]:
    """Check `name` or `prefix/name`, as in the keys of labels."""
    prefix, slash, name = text.rpartition("/")
    if text.count("/") > 1:
        return [f"a qualified name {QUALIFIED_NAME.told()} {_WITH_PREFIX}"]
    told = [] if name else ["name part must be non-empty"]
    if slash:
        empty = [] if prefix else ["prefix part must be non-empty"]
        told = [*empty, *(f"prefix part {said}" for said in dns_subdomain(prefix) if prefix), *told]
    if len(name) > 63:
        told.append("name part must be no more than 63 bytes")
    return told if QUALIFIED_NAME.fits(name) else [*told, f"name part {QUALIFIED_NAME.told()}"]


def lower_case_qualified_name(text: str) -> list[str]:
    """Check a qualified name whatever its capitals, as in the keys of annotations."""
    return qualified_name(text.lower())


def config_key(text: str) -> list[str]:
    """Check a key of a ConfigMap or Secret."""
    long = ["must be no more than 253 bytes"] if len(text) > 253 else []
    if not CONFIG_KEY.fits(text):
        return [*long, CONFIG_KEY.told()]
    if text in {".", ".."}:
        return [*long, f"must not be '{text}'"]
    return [*long, *(["must not start with '..'"] if text.startswith("..") else [])]


def path_segment(text: str) -> list[str]:
    """Check a name that may be any one segment of a path, as those of roles."""
    if text in {".", ".."}:
        return [f"may not be '{text}'"]
    return [f"may not contain '{letter}'" for letter in "/%" if letter in text]


def port_name(text: str) -> list[str]:
    """Check the name of a port (RFC 6335, an IANA service name)."""
    if len(text) > 15:
        return ["must be no more than 15 characters"]
    rules = (
        (not re.fullmatch("[-a-z0-9]*", text),
         "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"),
        (not re.search("[a-z]", text), "must contain at least one letter (a-z)"),
        ("--" in text, "must not contain consecutive hyphens"),
        (text.startswith("-") or text.endswith("-"), "must not begin or end with a hyphen"),
    )  # fmt: skip
    return [told for broken, told in rules if broken]


def variable_name(text: str) -> list[str]:
    """Check the name of an environment variable."""
    if text and all(" " <= letter <= "~" and letter != "=" for letter in text):
        return []
    return [
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
    ]


def address(text: str) -> list[str]:
    """Check an IP address."""
    return [] if _address(text) else ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    return _address(text) is not None


def special_address(text: str) -> list[str]:
    """Check that an address is none that reaches this machine or its own network only."""
    known = _address(text)
    if known is None:
        return address(text)
    rules = (
        (known.is_unspecified, f"may not be unspecified ({text})"),
        (known.is_loopback, "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
        (known.is_link_local, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
    )
    return [told for broken, told in rules if broken]


def network(text: str) -> list[str]:
    """Check a range of addresses such as `10.9.8.0/24`."""
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]
    return [] if "/" in text else ["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"]


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
