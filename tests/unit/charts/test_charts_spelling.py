"""Names that authors write otherwise, and the known names that they mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from platz.charts.documents.actions import Action
from platz.charts.documents.db_tables import TABLE_NAMES
from platz.charts.documents.features import Features
from platz.charts.documents.ui_schema import Input
from platz.charts.reading import spelling
from platz.charts.reading.spelling import did_you_mean, nearest

KEYS = sorted({*Input.keys(), *Action.keys(), *Features.keys()})
DOCUMENTS = {
    "input": Input.keys(),
    "action": Action.keys(),
    "features": Features.keys(),
    "tables": sorted(TABLE_NAMES),
}


def snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


@pytest.mark.parametrize(
    ("document", "name"), [(document, name) for document, names in DOCUMENTS.items() for name in names]
)
def test_every_known_name_is_recognised_in_other_writing(document: str, name: str) -> None:
    known = DOCUMENTS[document]
    for written in (
        name.upper(),
        name.title(),
        name.capitalize(),
        snake(name),
        camel(name),
        snake(name).replace("_", "-"),
        snake(name).replace("_", " "),
        snake(name).replace("_", "."),
        f" {name} ",
        f"{name}s",
        name.removesuffix("s") if len(name) > 3 else name,
    ):
        assert nearest(written, known) == name, written


@pytest.mark.parametrize("name", [name for name in KEYS if len(name) >= 6])
def test_one_wrong_letter_is_forgiven(name: str) -> None:
    middle = len(name) // 2
    swapped = name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
    for written in (name[:middle] + name[middle + 1 :], name[:middle] + "x" + name[middle:], swapped):
        assert nearest(written, KEYS) is not None, written


@pytest.mark.parametrize(
    ("name", "known", "meant"),
    [
        ("value", ["contents", "name"], "contents"),
        ("default", ["initialValue", "label"], "initialValue"),
        ("boolean", ["text", "Checkbox"], "Checkbox"),
        ("green", ["primary", "success"], "success"),
        ("hour", ["run_days", "schedule"], "schedule"),
        ("?:", ["if", "and"], "if"),
        ("icon", ["fontawesome_icon", "title"], "fontawesome_icon"),
        ("standard_ingress", ["ingress", "status"], "ingress"),
        ("on", ["on_call", "title"], None),
        ("quite_different", ["a", "b"], None),
        ("", ["a"], None),
        ("***", ["a"], None),
        ("a", [], None),
        ("boss", ["bos", "boss"], "boss"),
        ("policies", ["policy"], "policy"),
        ("policy", ["policies"], "policies"),
    ],
)
def test_the_meant_name(name: str, known: list[str], meant: str | None) -> None:
    assert nearest(name, known) == meant


def test_the_question_names_the_meant_name() -> None:
    assert did_you_mean("Lable", ["label"]) == "Did you mean label?"
    assert did_you_mean("something", ["label"]) == ""
    assert did_you_mean("something", ["label"], otherwise="Remove it.") == "Remove it."


@given(some.text(max_size=30), some.lists(some.text(max_size=10), max_size=8))
def test_only_a_known_name_is_meant(name: str, known: list[str]) -> None:
    assert nearest(name, known) in {None, *known}


@given(
    some.lists(some.text(alphabet="abcdefgh", min_size=3, max_size=8), min_size=1, max_size=6, unique=True)
)
def test_a_known_name_in_capitals_means_a_name_that_reads_the_same(known: list[str]) -> None:
    meant = nearest(known[0].upper(), known)
    assert meant is not None
    assert meant.removesuffix("s") == known[0].removesuffix("s")


def test_only_some_of_thousands_of_known_names_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def counted(form: str, forms: dict[str, str], **_: object) -> list[str]:
        compared.append(len(form) * len(forms))
        return []

    monkeypatch.setattr(spelling, "get_close_matches", counted)
    nearest("y" * 100_000, (f"input_{number}_{'x' * 100}" for number in range(10_000)))
    assert compared == [80 * 300]
