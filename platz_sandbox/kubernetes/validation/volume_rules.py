"""The rules of a Pod's volumes.

Source: Kubernetes API reference, Volume.
"""

from __future__ import annotations

from platz_sandbox.kubernetes.objects.quantities import amount
from platz_sandbox.kubernetes.objects.raw_documents import is_object
from platz_sandbox.kubernetes.validation import formats
from platz_sandbox.kubernetes.validation.checks import between, one_of, only_one, required, text_of, unique
from platz_sandbox.kubernetes.validation.container_rules import field_path, local_path
from platz_sandbox.kubernetes.validation.places import Causes, Place
from platz_sandbox.kubernetes.validation.tables import Check, row, table

_HOST_PATH_TYPES = (
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
)
_SOURCES_OF_ONE = ("secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle")


def _one_source(place: Place) -> Causes:
    """One source at most; a volume without any is an empty directory."""
    names = [key for key in place.value if key != "name"] if is_object(place.value) else []
    yield from only_one(sorted(names), "may not specify more than 1 volume type")(place)


def _not_negative_size(place: Place) -> Causes:
    if place.value is not None and amount(place.value) < 0:
        yield place.forbidden("SizeLimit field must be a valid resource quantity")


def _one_projected_source(place: Place) -> Causes:
    if sum(place.fields.get(name) is not None for name in _SOURCES_OF_ONE) > 1:
        yield place.forbidden("may not specify more than 1 volume type per source")


def _no_dots(place: Place) -> Causes:
    if ".." in str(place.value or "").split("/"):
        yield place.invalid("must not contain '..'")


_mode = between(0, 0o777, "must be a number between 0 and 0777 (octal), both inclusive")
_ITEMS = (
    row("items[*].key", required),
    row("items[*].path", required, local_path),
    row("items[*].mode", _mode),
)


def _where(check: Check) -> Check:
    return lambda place: check(place) if place.value is not None else ()


VOLUME = table(
    row("name", required, text_of(formats.dns_label)),
    row("", _one_source),
    row("hostPath.path", required, _no_dots),
    row("hostPath.type", one_of(*_HOST_PATH_TYPES)),
    row("emptyDir.sizeLimit", _not_negative_size),
    row("configMap", _where(table(row("name", required), row("defaultMode", _mode), *_ITEMS))),
    row("secret", _where(table(row("secretName", required), row("defaultMode", _mode), *_ITEMS))),
    row("persistentVolumeClaim.claimName", required),
    row("nfs", _where(table(row("server", required), row("path", required)))),
    row("csi.driver", required),
    row("downwardAPI.defaultMode", _mode),
    row("downwardAPI.items[*].path", required, local_path),
    row("downwardAPI.items[*].fieldRef.fieldPath", field_path),
    row("projected.defaultMode", _mode),
    row("projected.sources[*]", _one_projected_source),
    row("projected.sources[*].secret", _where(table(row("name", required), *_ITEMS))),
    row("projected.sources[*].configMap", _where(table(row("name", required), *_ITEMS))),
)
VOLUMES = table(row("", unique("name")), row("[*]", VOLUME))
