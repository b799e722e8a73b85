"""ECR: its API for images and repositories, and the authorization to read charts through the OCI API.

Invariant: an authorization is only requested for the region in a registry's own domain, and only given to that
registry's client.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from platz.aws.partitions import domain_suffix
from platz.aws.sessions import AwsAccount, AwsClient
from platz.errors import NotFound, Rejected

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
_MARGIN = timedelta(minutes=10)  # authorizations last for twelve hours


@dataclass(frozen=True, kw_only=True)
class EcrPlace:
    """The location of an image: its registry's account and region, and its repository."""

    account: str
    region: str
    repository: str

    @property
    def domain(self) -> str:
        """The domain of the registry; raise `Rejected` for a region that AWS can't have."""
        return f"{self.account}.dkr.ecr.{self.region}.{domain_suffix(self.region)}"


@dataclass(frozen=True, kw_only=True)
class EcrImage:
    """An image as ECR describes it; ``media_type`` is that of its config, or None when ECR does not report it."""

    tags: frozenset[str]
    pushed_at: datetime
    media_type: str | None


@dataclass(frozen=True, kw_only=True)
class EcrRepository:
    """A repository; ``domain`` is that of its registry."""

    domain: str
    name: str
    created_at: datetime


def ecr_region(domain: str) -> str:
    """Return the region of a registry, the fourth part of its domain; raise `Rejected` for other domains.

    Source: docs/contract/workers.md, "Helm execution".
    """
    match domain.split(".", 4):
        case [_, "dkr", "ecr", region, suffix] if suffix == domain_suffix(region):
            return region
        case _:
            raise Rejected(f"{domain} is not the domain of an ECR registry.")


class EcrImages:
    """A reader of images and repositories in any region. Thread-safe."""

    def __init__(self, account: AwsAccount) -> None:
        self._clients = _ClientsByRegion(account)

    def image(self, place: EcrPlace, digest: str, *, tag: str | None = None) -> EcrImage:
        """Describe the image of a digest, which must have ``tag`` when one is given.

        Raises `NotFound`, `Denied`, `Rejected`, `Retryable`.
        """
        described = self._clients.of(place.region).call(
            "describe_images",
            registryId=place.account,
            repositoryName=place.repository,
            imageIds=[_image_id(digest, tag)],
        )
        match described.get("imageDetails"):
            case [{"imagePushedAt": datetime() as pushed_at, **rest}]:
                return EcrImage(
                    tags=frozenset(rest.get("imageTags", ())),
                    pushed_at=pushed_at.astimezone(UTC),
                    media_type=rest.get("artifactMediaType"),
                )
            case _:
                raise NotFound(f"ECR has no single image {digest} in {place.repository}.")

    def manifest(self, place: EcrPlace, digest: str) -> str:
        """Return the manifest of a digest, as it was pushed. Raises `NotFound`, `Denied`, `Rejected`, `Retryable`."""
        answer = self._clients.of(place.region).call(
            "batch_get_image",
            registryId=place.account,
            repositoryName=place.repository,
            imageIds=[_image_id(digest)],
            acceptedMediaTypes=[MANIFEST_TYPE],
        )
        match answer.get("images"):
            case [{"imageManifest": str(manifest)}]:
                return manifest
            case _:
                raise NotFound(f"ECR has no manifest of {digest} in {place.repository}.")

    def repository(self, place: EcrPlace) -> EcrRepository:
        """Describe the repository. Raises `NotFound`, `Denied`, `Rejected`, `Retryable`."""
        answer = self._clients.of(place.region).call(
            "describe_repositories", registryId=place.account, repositoryNames=[place.repository]
        )
        [described] = answer["repositories"]
        domain, _, path = str(described["repositoryUri"]).partition("/")
        created_at: datetime = described["createdAt"]
        return EcrRepository(domain=domain, name=path, created_at=created_at.astimezone(UTC))


class EcrAuthorization:
    """The Authorization header for a region's registries; it is called for each request, from any thread."""

    def __init__(self, account: AwsAccount, region: str) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._kept: tuple[str, datetime] | None = None

    def __call__(self) -> str:
        """Return the kept header, or a new one from ten minutes before its expiry.

        Raises `NotFound`, `Denied`, `Rejected`, `Retryable`.
        """
        with self._lock:
            if self._kept is None or self._kept[1] - _MARGIN <= datetime.now(UTC):
                self._kept = self._fetch()
            return self._kept[0]

    def _fetch(self) -> tuple[str, datetime]:
        client = self._account.client("ecr", self._region)
        try:
            answer = client.call("get_authorization_token")
        finally:
            client.close()
        match answer.get("authorizationData"):
            case [{"authorizationToken": str(token), "expiresAt": datetime() as expires_at}, *_]:
                return f"Basic {token}", expires_at
            case _:
                raise Rejected(f"ECR in {self._region} gave no authorization.")


class _ClientsByRegion:
    def __init__(self, account: AwsAccount) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._clients: dict[str, AwsClient] = {}

    def of(self, region: str) -> AwsClient:
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._account.client("ecr", region)
            return self._clients[region]


def _image_id(digest: str, tag: str | None = None) -> Mapping[str, Any]:
    return {"imageDigest": digest} if tag is None else {"imageDigest": digest, "imageTag": tag}
