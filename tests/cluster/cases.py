"""The cases of `cases/`: what is sent to a cluster, and how a real cluster answers (`answers/`).

A file of cases has `bases` (whole manifests) and `cases`: each takes a base (`of`), changes places in it (`set`; null
removes), and may go on with a change to the object made (`then`: `put` sets places, `merge` is a merge patch, `delete`
deletes). `ways` is there when only one way of sending makes sense; `words: own` where a real server shows its inner
structures or its parser's words, which nobody reads. In a text, `x$300` stands for 300 letters x.
`definition` is a CustomResourceDefinition that must exist.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from ruamel.yaml import YAML

FOLDER = Path(__file__).parent
AREAS = tuple(sorted(path.stem for path in (FOLDER / "cases").glob("*.yaml")))
_REPEATED = re.compile(r"(.)\$(\d+)")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One manifest, and the change that follows its creation, if any."""

    area: str
    name: str
    manifest: dict[str, Any]
    then: Mapping[str, Any]
    ways: tuple[str, ...]
    same_words: bool

    @property
    def id(self) -> str:
        """The case's name in the report of the tests."""
        return f"{self.area}: {self.name}"


def cases_of(area: str) -> list[Case]:
    """Return an area's cases."""
    document = _document(area)
    return [_case(area, name, case, document["bases"]) for name, case in document["cases"].items()]


def definition_of(area: str) -> dict[str, Any] | None:
    """Return the CustomResourceDefinition that an area's cases need."""
    return _document(area).get("definition")


def answers_of(area: str) -> dict[str, dict[str, Any]]:
    """Return the answers of a real cluster, by case and by the way in which it was sent."""
    path = FOLDER / "answers" / f"{area}.json"
    return orjson.loads(path.read_bytes()) if path.exists() else {}


def write_answers(area: str, answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Record a real cluster's answers."""
    body = orjson.dumps(answers, option=orjson.OPT_INDENT_2) + b"\n"
    (FOLDER / "answers" / f"{area}.json").write_bytes(body)


def with_places(document: dict[str, Any], places: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the document with each place (`spec.containers[0].name`) set, or removed where it is null."""
    changed = copy.deepcopy(document)
    for place, value in places.items():
        steps = [int(index) if index else name for index, name in _STEP.findall(place)]
        inner: Any = changed
        for step in steps[:-1]:
            inner = inner[step] if isinstance(step, int) else inner.setdefault(step, {})
        if value is None:
            inner.pop(steps[-1], None)
        else:
            inner[steps[-1]] = _spelled_out(value)
    return changed


def _document(area: str) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load((FOLDER / "cases" / f"{area}.yaml").read_text())


def _case(area: str, name: str, case: Mapping[str, Any], bases: Mapping[str, Any]) -> Case:
    manifest = with_places(bases[case["of"]], case.get("set", {}))
    then = case.get("then", {})
    ways = tuple(then or case.get("ways", ("create", "apply")))
    same_words = case.get("words") != "own"
    return Case(area=area, name=name, manifest=manifest, then=then, ways=ways, same_words=same_words)


def _spelled_out(value: Any) -> Any:
    match value:
        case str():
            return _REPEATED.sub(lambda found: found[1] * int(found[2]), value)
        case list():
            return [_spelled_out(item) for item in value]
        case dict():
            return {key: _spelled_out(inner) for key, inner in value.items()}
        case _:
            return value


def every_case() -> Iterator[Case]:
    """Yield the cases of all areas."""
    for area in AREAS:
        yield from cases_of(area)
