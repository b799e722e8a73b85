"""Somebody who pushes charts and images to ECR, with the events that EventBridge would put into the queue."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

REGION = "eu-west-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing-secret",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
}
ACCOUNT = "123456789012"
QUEUE = "platz-chart-discovery"
DOMAIN = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
IMAGE = {
    "schemaVersion": 2,
    "mediaType": MANIFEST,
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:1", "size": 1},
    "layers": [],
}


@dataclass(kw_only=True)
class EcrAccount:
    """Chart ``tag`` of ``repository`` means the sandbox registry's, whose manifests moto is given."""

    operator: Any
    registry_url: str
    queue_url: str = field(init=False)

    def __post_init__(self) -> None:
        self.ecr = self.operator.client("ecr")
        self.sqs = self.operator.client("sqs")
        created = self.sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "0"})
        self.queue_url = created["QueueUrl"]

    def create(self, repository: str) -> None:
        self.ecr.create_repository(repositoryName=repository)

    def push_chart(self, repository: str, tag: str, *, as_tag: str | None = None) -> str:
        """Push a demo chart and return its digest."""
        url = f"{self.registry_url}/v2/{repository}/manifests/{tag}"
        answer = httpx.get(url, headers={"Accept": MANIFEST}).raise_for_status()
        return self.put(
            repository, answer.text, tag=as_tag or tag, digest=answer.headers["Docker-Content-Digest"]
        )

    def push_image(self, repository: str, tag: str) -> str:
        """Push a container image and return its digest."""
        return self.put(repository, json.dumps(IMAGE), tag=tag)

    def put(self, repository: str, manifest: str, *, tag: str, digest: str | None = None) -> str:
        named = {"imageDigest": digest} if digest else {}
        put = self.ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag=tag, **named)
        return str(put["image"]["imageId"]["imageDigest"])

    def remove(self, repository: str, tag: str) -> None:
        self.ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": tag}])

    def tell(self, action: str, repository: str, digest: str, tag: str | None, **changes: Any) -> None:
        """Put an event into the queue; ``changes`` are of its details, or ``seconds`` from now, or its ``account``."""
        account = changes.pop("account", ACCOUNT)
        at = datetime.now(UTC) + timedelta(seconds=changes.pop("seconds", 1))
        detail = {
            "result": "SUCCESS",
            "repository-name": repository,
            "image-digest": digest,
            "action-type": action,
            **({} if tag is None else {"image-tag": tag}),
            **changes,
        }
        event = {
            "version": "0",
            "id": "9f0c2f0e-6a1b-4c55-9d5e-0c7d7c1f2a11",
            "detail-type": "ECR Image Action",
            "source": "aws.ecr",
            "account": account,
            "time": at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "region": REGION,
            "resources": [],
            "detail": detail,
        }
        self.say(json.dumps(event))

    def say(self, body: str) -> None:
        """Put anything into the queue."""
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=body)

    def left(self) -> int:
        """How many messages the queue holds."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.queue_url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)
