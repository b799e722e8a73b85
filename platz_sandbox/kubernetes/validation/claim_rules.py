"""The rules of PersistentVolumeClaims, and of the claim templates of StatefulSets.

Source: Kubernetes API reference, PersistentVolumeClaimSpec.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import label_selector, one_of, text_of
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import row, table

_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_ALONE = "ReadWriteOncePod"


def _access_modes(place: Place) -> Causes:
    if place.missing:
        yield place.required("at least 1 access mode is required")
        return
    yield from (place.unsupported(_MODES, shown=mode) for mode in place.value if mode not in _MODES)
    if _ALONE in place.value and len(place.value) > 1:
        yield place.forbidden(f"may not use {_ALONE} with other access modes")


def _size(place: Place) -> Causes:
    storage = place.at("resources", "requests").fields.get("storage")
    told = place.at("resources").key("storage")
    if storage is None:
        yield told.required()
    elif amount(storage) <= 0:
        yield told.invalid("must be greater than zero", shown=str(storage))


CLAIM_SPEC = table(
    row("accessModes", _access_modes),
    row("selector", label_selector),
    row("", _size),
    row("storageClassName", text_of(formats.dns_subdomain)),
    row("volumeMode", one_of("Block", "Filesystem")),
)
CLAIM = table(row("spec", CLAIM_SPEC))
