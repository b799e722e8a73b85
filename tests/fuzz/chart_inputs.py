"""Random inputs for the fuzzer: mostly sensible, with something broken in them.

Invariant: everything comes from the given `random.Random`, so a seed reproduces a run.
"""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from platz.charts.jsonlogic.operators import OPERATORS

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "conformance" / "chart_extensions_cases.json").read_text(encoding="utf-8")
)
DOCUMENTS: list[Any] = [
    case["schema"] for case in CASES if case["kind"] in {"values_ui", "features", "actions", "resources"}
]
IDS = ["d0000000-0000-4000-8000-000000000001", "D000000000004000800000000000000A", "{x}", "urn:uuid:", ""]
WORDS = [
    "a",
    "b",
    "a.b",
    "l.1",
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    " 12px",
    "é",
    "\u2028",
    "[0]",
    "[+]",
    "[=]",
    "[9999]",
    "[-1]",
    "x" * 300,
]
CHART_NAMES = [
    "Chart.yaml",
    "platz/values-ui.yaml",
    "platz/features.yaml",
    "platz/resources.yaml",
    "values.ui.json",
]
CHART_NAMES += ["platz/actions.yaml", "templates/x.yaml", "features.json", "actions.schema.json"]
HOSTILE_NAMES = [*CHART_NAMES, "platz", "../x", "/etc/passwd", "a" * 150, "é/" * 60 + "b", ""]
MEMBER_KINDS = [tarfile.REGTYPE] * 6 + [tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]
YAML_PIECES = [
    "- ", "? ", ": ", "\n", "\n  ", "\n    ", "{", "}", "[", "]", ",", "&a ", "*a", "!!str ", "!!int ", "!x ", "! ",
    "|\n  ", ">-\n ", "'", '"', "\\x41", "\\uD800", "\\UFFFFFFFF", "#", "---\n", "...\n", "%YAML 1.2\n", "\t",
    "%TAG ! tag:x,2000:\n", "0x1F", "0o7", ".inf", "1e5", "~", "yes", "true", "<<", "\ufeff", "\r\n", "\x85", "a",
    "b: 1", "@", "`",
]  # fmt: skip


def json_value(random: Random, depth: int = 4) -> Any:
    kind = random.randrange(9 if depth else 6)
    match kind:
        case 0:
            return random.choice([None, True, False])
        case 1:
            return random.choice([0, 1, -1, 2**53 + 1, 2**64 - 1, random.randrange(-100, 2000)])
        case 2:
            return random.choice([0.0, -0.0, 1.0, 1e308, -1e308, 1e-7, 1e16, random.uniform(-10, 10)])
        case 3 | 4:
            return random.choice(WORDS)
        case 5:
            return random.choice(IDS)
        case 6 | 7:
            return [json_value(random, depth - 1) for _ in range(random.randrange(4))]
        case _:
            return {random.choice(WORDS): json_value(random, depth - 1) for _ in range(random.randrange(4))}


def rule(random: Random, depth: int = 6) -> Any:
    if not depth or random.random() < 0.25:
        return json_value(random, 2)
    operator = random.choice(list(OPERATORS)) if random.random() < 0.97 else random.choice(WORDS)
    if operator == "match":
        return {
            operator: [random.choice(WORDS), pattern(random), random.choice(["", "i", "gimsx", "ii", "z"])]
        }
    arguments = [rule(random, depth - 1) for _ in range(random.randrange(5))]
    return {operator: arguments if random.random() < 0.9 else rule(random, depth - 1)}


def growing_rule(random: Random) -> Any:
    """A rule that multiplies its data with every element, nested."""
    accumulator = {"var": random.choice(["accumulator", ""])}
    many = {random.choice(["cat", "merge", "missing", "+"]): ["x", *[accumulator] * random.randrange(1, 6)]}
    elements: Any = list(range(random.randrange(1, 300)))
    body = {"reduce": [elements, many, random.choice(["x", ["x"], None])]} if random.random() < 0.3 else many
    return {random.choice(["reduce", "map"]): [elements, body, "x"]}


def pattern(random: Random) -> str:
    pieces = [
        "a",
        ".",
        "*",
        "+",
        "?",
        "(",
        ")",
        "(?P<version>",
        "(?<x>",
        "[",
        "]",
        "^",
        "$",
        r"\d",
        r"\W",
        r"\s",
        r"\b",
        r"\1",
        "|",
    ]
    pieces += ["{2,}", "{1000}", "(?=", "(?i)", "-", r"\p{L}", r"\x{1F600}", "é", " ", "#"]
    return "".join(random.choice(pieces) for _ in range(random.randrange(20)))


def mutated_document(random: Random) -> Any:
    """A document of the corpus in which some values were replaced, removed or repeated."""
    document = json.loads(json.dumps(random.choice(DOCUMENTS)))
    for _ in range(random.randrange(4)):
        document = _mutated(random, document)
    return document


def _mutated(random: Random, value: Any) -> Any:
    if isinstance(value, dict) and value and random.random() < 0.85:
        key = random.choice(list(value))
        if random.random() < 0.15:
            value.pop(key)
        elif random.random() < 0.15:
            value[random.choice(WORDS)] = json_value(random, 2)
        else:
            value[key] = _mutated(random, value[key])
        return value
    if isinstance(value, list) and value and random.random() < 0.85:
        position = random.randrange(len(value))
        value[position] = _mutated(random, value[position])
        return value
    return json_value(random, 3)


def yaml_text(random: Random) -> str:
    if random.random() < 0.4:
        return "".join(random.choice(YAML_PIECES) for _ in range(random.randrange(60)))
    if random.random() < 0.1:
        return alias_bomb(random)
    text = json.dumps(
        mutated_document(random), indent=random.choice([None, 1, 2]), ensure_ascii=random.random() < 0.5
    )
    return _spliced(random, text, lambda: random.choice(YAML_PIECES))


def alias_bomb(random: Random) -> str:
    width = random.randrange(2, 12)
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, random.randrange(2, 40))]
    return "\n".join(lines)


def json_text(random: Random) -> str:
    text = json.dumps(mutated_document(random))
    return _spliced(
        random,
        text,
        lambda: random.choice(['"', "{", "[", ",", "1e999", "NaN", "\\ud800", "//", "\x00", "9" * 400]),
    )


def _spliced(random: Random, text: str, piece: Callable[[], str]) -> str:
    for _ in range(random.randrange(4)):
        start = random.randrange(len(text) + 1)
        end = min(len(text), start + random.randrange(6))
        text = text[:start] + piece() + text[end:]
    return text


def archive(random: Random) -> bytes:
    """A chart's archive: sensible, with hostile members, or with bytes damaged before or after compression."""
    packed = io.BytesIO()
    hostile = random.random() < 0.4
    with tarfile.open(
        fileobj=packed, mode="w", format=random.choice([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
    ) as tar:
        for name in random.sample(CHART_NAMES, k=random.randrange(len(CHART_NAMES) + 1)):
            _add_member(random, tar, f"c/{name}", tarfile.REGTYPE)
        for _ in range(random.randrange(3) if hostile else 0):
            prefix = random.choice(["c/", "c\\", "./c/", "d/", ""])
            _add_member(random, tar, prefix + random.choice(HOSTILE_NAMES), random.choice(MEMBER_KINDS))
    content = bytearray(packed.getvalue())
    _damage(random, content, most=2 if hostile else 0)
    zipped = bytearray(gzip.compress(bytes(content), compresslevel=1))
    _damage(random, zipped, most=1 if hostile else 0)
    if hostile and random.random() < 0.2:
        zipped = zipped[: random.randrange(len(zipped) + 1)]
    return bytes(zipped)


def _add_member(random: Random, tar: tarfile.TarFile, name: str, kind: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.type = kind
    member.linkname = "x" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    content = _member_content(random, name).encode("utf-8", "surrogatepass") if member.isreg() else b""
    member.size = len(content)
    tar.addfile(member, io.BytesIO(content))


def _member_content(random: Random, name: str) -> str:
    if name.endswith("Chart.yaml") and random.random() < 0.9:
        return "apiVersion: v2\nversion: 1.2.3\n"
    if random.random() < 0.5:
        return json.dumps(random.choice(DOCUMENTS), indent=1)
    return json_text(random) if name.endswith(".json") else yaml_text(random)


def _damage(random: Random, content: bytearray, *, most: int) -> None:
    for _ in range(random.randrange(most + 1)):
        if content:
            content[random.randrange(min(len(content), 4096))] = random.randrange(256)
