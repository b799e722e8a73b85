"""The write path of the API server: how clients create, update and apply objects.

Invariant: all writes of clients but deletions (see `deleting`) pass through these steps: shape, names, preconditions,
defaults, rules, ownership of fields, disk; an update by apply settles ownership before the defaults. Control loops
write straight to the cluster.
Source: Kubernetes API concepts (updates, conflicts, dry run), "Garbage Collection", "Finalizers".
"""

from __future__ import annotations

import copy
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from platz_sandbox.kubernetes.objects import managed_fields
from platz_sandbox.kubernetes.objects.body_decoding import FieldValidation, decode
from platz_sandbox.kubernetes.objects.defaults import apply_defaults, keep_decided
from platz_sandbox.kubernetes.objects.kind_versions import stored_kind, to_stored, to_version
from platz_sandbox.kubernetes.objects.managed_fields import Writer
from platz_sandbox.kubernetes.objects.object_store import Cluster
from platz_sandbox.kubernetes.objects.raw_documents import KubeObject, dig, is_object, now_text
from platz_sandbox.kubernetes.objects.served_kinds import Kind
from platz_sandbox.kubernetes.objects.shapes import shape_of
from platz_sandbox.kubernetes.objects.status_errors import (
    ApiError,
    already_exists,
    bad_request,
    conflict,
    not_found,
    terminating,
)
from platz_sandbox.kubernetes.objects.stored import Stored, stored
from platz_sandbox.kubernetes.objects.typed_patch import check_patch
from platz_sandbox.kubernetes.validation.rules_by_kind import check, check_update
from platz_sandbox.kubernetes.writes.pod_references import check_pod_references

NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"  # for generated names: no vowels, nothing easily misread
_SERVER_OWNED = (
    "uid",
    "creationTimestamp",
    "generation",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
)
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


@dataclass(kw_only=True)
class Write:
    """The options of a write; ``warnings`` collects the warnings for the client."""

    writer: Writer
    dry_run: bool = False
    validation: FieldValidation = FieldValidation.IGNORE
    warnings: list[str] = field(default_factory=list[str])


def random_suffix() -> str:
    """Return five random characters, which make a generated name unlikely to be taken."""
    return "".join(secrets.choice(NAME_ALPHABET) for _ in range(5))


class Writing:
    """The write operations of one cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    def create(self, kind: Kind, namespace: str, document: KubeObject, how: Write) -> Stored:
        """Create an object; raise 409 when the name is taken, 403 in a terminating namespace, 404 in a missing one."""
        document, kind = self._decoded(kind, document, how), stored_kind(kind)
        metadata = document.setdefault("metadata", {})
        self._place(kind, namespace, document)
        for key in (*_SERVER_OWNED, "resourceVersion"):
            metadata.pop(key, None)
        if metadata.get("generateName") and not metadata.get("name"):
            metadata["name"] = metadata["generateName"][:58] + random_suffix()
        self._refuse_in_missing_namespace(kind, namespace, metadata.get("name") or "")
        metadata.pop("managedFields", None)
        self._give_birth(kind, document)
        taken = self.cluster.get(kind.resource, namespace, metadata.get("name") or "")
        if taken:
            raise already_exists(
                plural=kind.plural, group=kind.group, name=metadata["name"], deleting=taken.deleting
            )
        managed_fields.track_update(None, document, shape_of(kind), how.writer)
        return self._save(kind, document, how)

    def update(
        self, kind: Kind, namespace: str, name: str, change: Callable[[KubeObject], KubeObject], how: Write
    ) -> Stored:
        """Change an object; ``change`` gets a copy of the present document and returns the wanted one.

        Raises 404 when there is none; 409 when the wanted document has another version or uid than the present one.
        """
        present = self.existing(kind, namespace, name)
        before = present.document()
        shown = to_version(kind, copy.deepcopy(before))
        after, kind = self._decoded(kind, change(shown), how), stored_kind(kind)
        self._place(kind, namespace, after, name)
        self._refuse_stale(kind, before, after)
        self._settle(kind, before, after, how.writer.subresource)
        managed_fields.track_update(before, after, shape_of(kind), how.writer)
        return self._finish(kind, present, before, after, how)

    def apply(
        self, kind: Kind, namespace: str, name: str, config: KubeObject, how: Write, *, force: bool
    ) -> Stored:
        """Apply a configuration server-side; create the object when there is none."""
        if dig(config, "metadata", "managedFields") is not None:
            raise bad_request("metadata.managedFields must be nil")
        check_patch(kind, shape_of(kind), config)
        config, kind = self._converted(kind, config, how), stored_kind(kind)
        self._place(kind, namespace, config, name)
        present = self.cluster.get(kind.resource, namespace, name)
        before = present.document() if present else None
        if present is None and how.writer.subresource:
            raise not_found(plural=kind.plural, group=kind.group, name=name)
        if before:
            self._refuse_stale(kind, before, config)
        after = managed_fields.apply(before, config, shape_of(kind), how.writer, force=force)
        if present is None or before is None:
            return self._create_applied(kind, namespace, name, after, how)
        self._settle(kind, before, after, how.writer.subresource)
        return self._finish(kind, present, before, after, how)

    def _create_applied(
        self, kind: Kind, namespace: str, name: str, document: KubeObject, how: Write
    ) -> Stored:
        self._refuse_in_missing_namespace(kind, namespace, name)
        document["metadata"]["name"] = name
        if kind.namespaced:
            document["metadata"]["namespace"] = namespace
        self._give_birth(kind, document)
        return self._save(kind, document, how)

    def _give_birth(self, kind: Kind, document: KubeObject) -> None:
        """Give a new object its identity and defaults, and check it."""
        document["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now_text()}
        if kind.has_status or kind.custom_schema is not None:
            document["metadata"]["generation"] = 1
        if kind.has_status:
            document.pop("status", None)
        apply_defaults(kind, document)
        if kind.resource == "pods":
            check_pod_references(self.cluster, document)
        check(kind, shape_of(kind), document)

    def existing(self, kind: Kind, namespace: str, name: str) -> Stored:
        """Return an object or raise 404."""
        present = self.cluster.get(kind.resource, namespace, name)
        if present is None:
            raise not_found(plural=kind.plural, group=kind.group, name=name)
        return present

    def _decoded(self, kind: Kind, document: KubeObject, how: Write) -> KubeObject:
        called = (document.get("apiVersion") or kind.api_version, document.get("kind") or kind.kind)
        if called != (kind.api_version, kind.kind):
            raise bad_request(
                f"the API version in the data ({called[0]}, Kind={called[1]}) does not match the expected API version "
                f"({kind.api_version}, Kind={kind.kind})"
            )
        decoded, warnings = decode(
            document,
            shape_of(kind),
            kind=kind.kind,
            api_version=kind.version,
            validation=how.validation,
            keep_wrong_types=kind.custom_schema is not None,
        )
        how.warnings += [warning for warning in warnings if warning not in how.warnings]
        return to_stored(kind, {**decoded, "apiVersion": kind.api_version, "kind": kind.kind})

    def _converted(self, kind: Kind, config: KubeObject, how: Write) -> KubeObject:
        """Decode an applied configuration; a value that can't be read is an error of the server there."""
        try:
            return self._decoded(kind, config, how)
        except ApiError as error:
            cause = re.search("quantities must match .*|illegal base64 data .*", error.message)
            if cause is None:
                raise
            told = cause[0] if cause[0].startswith("quantities") else f"error decoding from json: {cause[0]}"
            called = f"{kind.group}/{kind.version}, Kind={kind.kind}"
            gvk = f"{kind.api_version if kind.group else '/v1'}, Kind={kind.kind}"
            place = "/".join(str(dig(config, "metadata", key) or "") for key in ("namespace", "name"))
            why = f"unable to convert unstructured object to {gvk}: {told}"
            message = f"failed to convert new object ({place}; {called}) to proper version: {why}"
            raise ApiError(code=500, reason="", message=message) from error

    def _place(self, kind: Kind, namespace: str, document: KubeObject, name: str | None = None) -> None:
        """Compare the document's name and namespace with the request's path, and fill in missing ones."""
        metadata = document.setdefault("metadata", {})
        if name is not None and not metadata.get("name"):
            told = f"the name of the object ({name} based on URL) was undeterminable: name must be provided"
            raise bad_request(told)
        if name is not None and metadata["name"] != name:
            told = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
            raise bad_request(told)
        if not kind.namespaced:
            metadata.pop("namespace", None)
        elif metadata.setdefault("namespace", namespace) != namespace:
            raise bad_request(
                "the namespace of the provided object does not match the namespace sent on the request"
            )

    def _refuse_in_missing_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not kind.namespaced:
            return
        space = self.cluster.get("namespaces", "", namespace)
        if space is None:
            raise not_found(plural="namespaces", group="", name=namespace)
        if space.deleting:
            raise terminating(plural=kind.plural, group=kind.group, name=name, namespace=namespace)

    def _refuse_stale(self, kind: Kind, before: KubeObject, wanted: KubeObject) -> None:
        metadata = wanted["metadata"]
        version, uid = metadata.get("resourceVersion"), metadata.get("uid")
        name = before["metadata"]["name"]
        if version and version != before["metadata"]["resourceVersion"]:
            raise conflict(plural=kind.plural, group=kind.group, name=name)
        if uid and uid != before["metadata"]["uid"]:
            told = f"Precondition failed: UID in precondition: {uid}, UID in object meta: {before['metadata']['uid']}"
            raise conflict(plural=kind.plural, group=kind.group, name=name, why=told)

    def _settle(self, kind: Kind, before: KubeObject, after: KubeObject, subresource: str) -> None:
        """Restore the fields that this write may not change, fill in defaults, check the rules, count generations."""
        old, new = before["metadata"], after["metadata"]
        for key in _SERVER_OWNED:
            new.pop(key, None)
            if key in old:
                new[key] = old[key]
        if kind.has_status:
            _keep(before, after, only_status=subresource == "status")
        keep_decided(kind, before, after)
        apply_defaults(kind, after)
        if subresource != "status":
            check_update(kind, shape_of(kind), before, after)
        if "generation" in old and _desired(before) != _desired(after):
            new["generation"] = old["generation"] + 1

    def _finish(
        self, kind: Kind, present: Stored, before: KubeObject, after: KubeObject, how: Write
    ) -> Stored:
        """Save the change, and remove the object when the last finalizer of its deletion is gone."""
        after["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"]
        if not after["metadata"].get("finalizers"):
            after["metadata"].pop("finalizers", None)
        if after == before:
            return present
        saved = self._save(kind, after, how)
        if may_go(kind, after) and not how.dry_run:
            return self.cluster.remove(saved)
        return saved

    def _save(self, kind: Kind, document: KubeObject, how: Write) -> Stored:
        if how.dry_run:
            version = int(document["metadata"].get("resourceVersion") or 0)
            return stored(kind, document, version)
        return self.cluster.put(kind, document)


def may_go(kind: Kind, document: KubeObject) -> bool:
    """Tell whether an object is being deleted and nothing delays its removal any more."""
    metadata = document["metadata"]
    if "deletionTimestamp" not in metadata or metadata.get("finalizers"):
        return False
    if kind.resource == "namespaces":
        return not dig(document, "spec", "finalizers")
    return kind.resource != "pods" or not metadata.get("deletionGracePeriodSeconds")


def _keep(before: KubeObject, after: KubeObject, *, only_status: bool) -> None:
    """Undo the changes that a write to this endpoint may not make."""
    if only_status:
        for key in (before.keys() | after.keys()) - {"status", "metadata"}:
            after.pop(key, None)
            if key in before:
                after[key] = before[key]
        kept = {key: after["metadata"].get(key) for key in ("managedFields", "resourceVersion", "uid")}
        after["metadata"] = {
            **before["metadata"],
            **{key: value for key, value in kept.items() if value is not None},
        }
    else:
        after.pop("status", None)
        if "status" in before:
            after["status"] = before["status"]


def _desired(document: KubeObject) -> KubeObject:
    return {
        key: value
        for key, value in document.items()
        if key not in {"metadata", "status"} and is_object(value)
    }
