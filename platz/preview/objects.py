"""What becomes of the objects of a release: two manifests compared, object by object.

Invariant: an object is the same one in both if group, kind, namespace and name are; its version may differ. What is
shown is bounded in objects and in lines, and secrets are hidden.

Source: docs/contract/http-api.md, "Objects of a preview".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from typing_extensions import override

from platz.helm.manifests import ManifestObject
from platz.json import JsonObject, JsonValue, json_equal
from platz.preview.differences import Change
from platz.preview.hunks import Hunk, TooLong, hunks
from platz.preview.masking import Masking

MOST_OBJECTS = 500
MOST_LINES_SHOWN = 5_000
_WITH_POD_TEMPLATE = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"})

Identity = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True)
class ObjectChange:
    """An object of the release before and after the change; one of the two may be missing."""

    before: ManifestObject | None
    after: ManifestObject | None

    @property
    def subject(self) -> ManifestObject:
        """The object as it will be, or as it was."""
        found = self.after or self.before
        assert found is not None  # noqa: S101 (an object stands in one manifest at least)
        return found

    @property
    def change(self) -> Change:
        """What becomes of the object."""
        if self.before is None:
            return Change.CREATED
        if self.after is None:
            return Change.DELETED
        is_same = json_equal(self.before.document, self.after.document)
        return Change.UNCHANGED if is_same else Change.CHANGED

    @property
    def restarts(self) -> bool:
        """Whether a workload's pods are made anew: its pod template differs."""
        if self.change is not Change.CHANGED or self.subject.kind not in _WITH_POD_TEMPLATE:
            return False
        return not json_equal(_at(self.before, "spec", "template"), _at(self.after, "spec", "template"))


def compare_objects(
    before: Iterable[ManifestObject], after: Iterable[ManifestObject]
) -> Sequence[ObjectChange]:
    """Return every object of both manifests, changes first, then in the order of kinds and names."""
    old, new = _by_identity(before), _by_identity(after)
    changes = [ObjectChange(before=old.get(each), after=new.get(each)) for each in {**old, **new}]
    return sorted(changes, key=_order)


@dataclass(kw_only=True)
class ObjectsShown:
    """The objects as the API tells them, and what was left out."""

    masking: Masking
    cut: list[str] = field(default_factory=list[str])
    lines_left: int = MOST_LINES_SHOWN

    def told(self, changes: Sequence[ObjectChange]) -> JsonValue:
        """Return the first objects with their differences, as far as the lines last."""
        if len(changes) > MOST_OBJECTS:
            self.cut.append(f"Only {MOST_OBJECTS} of {len(changes)} objects are shown.")
        return [self._told(each) for each in changes[:MOST_OBJECTS]]

    def _told(self, change: ObjectChange) -> JsonObject:
        subject = change.subject
        return {
            "api_version": subject.api_version,
            "kind": subject.kind,
            "namespace": subject.namespace,
            "name": self.masking.text(subject.name),
            "change": change.change.value,
            "restarts": change.restarts,
            "hunks": [[line.to_json() for line in hunk] for hunk in self._hunks(change)],
        }

    def _hunks(self, change: ObjectChange) -> Sequence[Hunk]:
        if change.change is Change.UNCHANGED:
            return []
        if self.lines_left <= 0:
            self._note_once(f"Only {MOST_LINES_SHOWN} lines are shown; later objects have none.")
            return []
        before, after = self.masking.objects(_document(change.before), _document(change.after))
        try:
            found = hunks(_as_yaml(before), _as_yaml(after))
        except TooLong:
            self.cut.append(f"{self.masking.text(str(change.subject))} is too long to be shown.")
            return []
        self.lines_left -= sum(len(hunk) for hunk in found)
        return found

    def _note_once(self, sentence: str) -> None:
        if sentence not in self.cut:
            self.cut.append(sentence)


def _by_identity(objects: Iterable[ManifestObject]) -> Mapping[Identity, ManifestObject]:
    return {(_group(each), each.kind, each.namespace, each.name): each for each in objects}


def _group(wanted: ManifestObject) -> str:
    return wanted.api_version.rpartition("/")[0]


_CHANGES = (Change.DELETED, Change.CHANGED, Change.CREATED, Change.UNCHANGED)


def _order(change: ObjectChange) -> tuple[int, str, str, str]:
    subject = change.subject
    return _CHANGES.index(change.change), subject.kind, subject.namespace, subject.name


def _document(wanted: ManifestObject | None) -> JsonObject | None:
    return None if wanted is None else wanted.document


def _at(wanted: ManifestObject | None, *path: str) -> JsonValue:
    found: JsonValue = _document(wanted)
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found


class _Dumper(yaml.CSafeDumper):
    """Writes texts of several lines as blocks, so that they are compared line by line, and no anchors."""

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return data is not None


def _text(dumper: yaml.CSafeDumper, text: str) -> yaml.Node:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)  # pyright: ignore[reportUnknownMemberType]


_Dumper.add_representer(str, _text)  # pyright: ignore[reportUnknownMemberType]


def _as_yaml(document: JsonValue) -> str:
    if document is None:
        return ""
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, width=10_000)
