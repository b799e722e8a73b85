"""The options of a write in a request's query: field manager, dry run, field validation.

Invariant: every bad option is refused at once, before the body is looked at.
Source: Kubernetes API reference, `CreateOptions`, `UpdateOptions` and `PatchOptions`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from platz_sandbox.kubernetes.api.api_requests import Target
from platz_sandbox.kubernetes.objects.body_decoding import FieldValidation
from platz_sandbox.kubernetes.objects.managed_fields import APPLY, UPDATE, Writer, manager_name
from platz_sandbox.kubernetes.objects.status_errors import Cause, invalid
from platz_sandbox.kubernetes.writes.write_path import Write

_MAX_MANAGER_BYTES = 128
_WITH_OWN_FIELDS = frozenset({"status", "scale"})


def write_options(
    query: Mapping[str, str], agent: str, target: Target, kind: str, operation: str = UPDATE
) -> Write:
    """Return a request's options; raise 422 for bad ones. ``kind`` names them in the refusal."""
    causes = [*_manager_causes(query.get("fieldManager") or "", operation), *_choice_causes(query)]
    if causes:
        raise invalid(kind=kind, group="meta.k8s.io", name="", causes=causes)
    writer = Writer(
        manager=manager_name(query, agent),
        api_version=target.kind.api_version,
        operation=operation,
        subresource=target.subresource if target.subresource in _WITH_OWN_FIELDS else "",
    )
    validation = FieldValidation(query.get("fieldValidation") or "Warn")
    return Write(writer=writer, dry_run=query.get("dryRun") == "All", validation=validation)


def _manager_causes(manager: str, operation: str) -> Iterator[Cause]:
    if operation == APPLY and not manager:
        told = "Required value: is required for apply patch"
        yield Cause(reason="FieldValueRequired", message=told, field="fieldManager")
    if len(manager.encode()) > _MAX_MANAGER_BYTES:
        told = f"Too long: may not be more than {_MAX_MANAGER_BYTES} bytes"
        yield Cause(reason="FieldValueTooLong", message=told, field="fieldManager")
    for place, letter in enumerate(manager):
        if not letter.isprintable():
            told = f'Invalid value: "{manager}": invalid character U+{ord(letter):04X} (at position {place})'
            yield Cause(reason="FieldValueInvalid", message=told, field="fieldManager")


def _choice_causes(query: Mapping[str, str]) -> Iterator[Cause]:
    for field, choices in (("dryRun", ("All",)), ("fieldValidation", ("Ignore", "Strict", "Warn"))):
        chosen = query.get(field) or choices[0]
        if chosen not in choices:
            supported = ", ".join(f'"{choice}"' for choice in choices)
            told = f'Unsupported value: "{chosen}": supported values: {supported}'
            yield Cause(reason="FieldValueNotSupported", message=told, field=field)
