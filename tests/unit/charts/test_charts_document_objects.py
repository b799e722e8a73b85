"""A declared object reads, stores and describes the same keys."""

from __future__ import annotations

from typing import Any

import pytest

from platz.charts.reading.codecs import COUNT, FLAG, TEXT, exactly, list_of, mapping_of
from platz.charts.reading.decoding import decoded
from platz.charts.reading.document_objects import DocumentObject, embedded, object_of
from platz.charts.reading.members import Presence, known_in, nullable, optional, required, required_if
from platz.charts.reading.problems import InvalidDocument


class Lens(DocumentObject, name="LensForClients"):
    """What it looks through."""

    diameter: int = required(COUNT)


class Mount(DocumentObject, name="MountForClients"):
    """What it stands on."""

    legs: int = required(COUNT)
    brand: str | None = nullable(TEXT)


class Telescope(DocumentObject, name="TelescopeForClients"):
    """Something to look at stars with.

    And at planets.
    """

    kind: str | None = known_in({"v1"}, exactly("Telescope"))
    serial_number: str = required(TEXT, key="serialNumber")
    mount: Mount = embedded(Mount)
    lenses: tuple[Lens, ...] = optional(list_of(object_of(Lens)), absent=(), described=Presence.REQUIRED)
    is_open: bool = optional(FLAG, absent=True, key="open")
    motor: str | None = required_if(lambda read: read["is_open"], TEXT)
    notes: Any = nullable(mapping_of(TEXT), described=Presence.NULLABLE)


SMALLEST = {"serialNumber": "7", "legs": 3, "motor": "m"}
STORED = {
    "serialNumber": "7",
    "legs": 3,
    "brand": None,
    "lenses": [],
    "open": True,
    "motor": "m",
    "notes": None,
}


def read(document: Any, **options: Any) -> Telescope:
    return decoded(document, object_of(Telescope, **options).read)


def complaints(document: Any, **options: Any) -> list[str]:
    with pytest.raises(InvalidDocument) as caught:
        read(document, **options)
    return [complaint.sentence() for complaint in caught.value.complaints]


def test_what_may_be_missing_is_stored_as_what_it_means() -> None:
    assert read(SMALLEST).stored() == STORED


def test_keys_are_stored_in_the_order_of_their_declaration() -> None:
    assert list(read(SMALLEST).stored()) == list(STORED)


def test_the_stored_form_reads_as_the_same_object() -> None:
    full = {**SMALLEST, "lenses": [{"diameter": 2}], "notes": {"a": "b"}, "open": False}
    assert read(read(full).stored()) == read(full)


def test_every_problem_is_told_in_the_order_of_the_declaration() -> None:
    assert complaints({"lenses": [{}], "legs": "x", "open": None}) == [
        'The key "serialNumber" is missing. Add it.',
        'legs: The text "x" stands where an integer is expected. Write an integer that is not negative.',
        'lenses[0]: The key "diameter" is missing. Add it.',
        "open: Null stands where a boolean is expected. Write true or false.",
    ]


def test_a_key_that_nothing_asks_for_is_ignored() -> None:
    assert read({**SMALLEST, "open": False, "motor": 7}).motor is None


def test_a_key_of_one_version_is_demanded_there_and_unknown_elsewhere() -> None:
    assert read({**SMALLEST, "kind": "Telescope"}, version="v1").stored() == {"kind": "Telescope", **STORED}
    assert complaints(SMALLEST, version="v1") == ['The key "kind" is missing. Add it.']
    assert complaints({**SMALLEST, "kind": "Telescope"}, exact=True) == [
        'The key "kind" is not known here. Known keys are: serialNumber, legs, brand, lenses, open, motor, notes.'
    ]


def test_the_description_follows_from_the_declaration() -> None:
    schema = Telescope.schema()
    text, text_or_null = {"type": "string"}, {"anyOf": [{"type": "string"}, {"type": "null"}]}
    texts = {"type": "object", "additionalProperties": text}
    assert schema.json == {"$ref": "#/$defs/TelescopeForClients"}
    assert set(schema.definitions) == {"TelescopeForClients", "LensForClients"}
    assert schema.definitions["TelescopeForClients"] == {
        "description": "Something to look at stars with.\n\nAnd at planets.",
        "type": "object",
        "required": ["serialNumber", "legs", "lenses", "notes"],
        "properties": {
            "kind": {
                "anyOf": [{"type": "string", "const": "Telescope"}, {"type": "null"}],
                "default": None,
            },
            "serialNumber": text,
            "legs": {"type": "integer"},
            "brand": {**text_or_null, "default": None},
            "lenses": {"type": "array", "items": {"$ref": "#/$defs/LensForClients"}},
            "open": {"type": "boolean", "default": True},
            "motor": {**text_or_null, "default": None},
            "notes": {"anyOf": [texts, {"type": "null"}]},
        },
    }
