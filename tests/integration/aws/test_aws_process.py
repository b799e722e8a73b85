"""A real process on AWS: its clusters, its charts and its sign-in come from the account, and it outlives trouble."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from acceptance.platz_process import PlatzProcess
from database import PostgresServer
from ecr_account import DOMAIN, ENVIRONMENT, QUEUE, REGION, EcrAccount
from waiting import eventually
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

SHOP = "web-shop"
OIDC = {
    "PLATZ_OIDC_SSM_SERVER_URL": "/platz/oidc/server-url",
    "PLATZ_OIDC_SSM_CLIENT_ID": "/platz/oidc/client-id",
    "PLATZ_OIDC_SSM_CLIENT_SECRET": "/platz/oidc/client-secret",
}


class Issuer(BaseHTTPRequestHandler):
    """An identity provider, as far as the first step of a sign-in needs one."""

    def do_GET(self) -> None:
        base = f"http://127.0.0.1:{self.server.server_address[1]}"
        document = {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/userinfo",
            "jwks_uri": f"{base}/jwks",
            "keys": [],
        }
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_arguments: object) -> None:
        pass


@contextmanager
def issuer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def ecr(operator: Any, registry_url: str) -> EcrAccount:
    made = EcrAccount(operator=operator, registry_url=registry_url)
    made.create(SHOP)
    return made


@pytest.fixture
def platz(tmp_path: Path, aws_url: str, ecr: EcrAccount, postgres: PostgresServer) -> Iterator[PlatzProcess]:
    address = postgres.create(f"on_aws_{uuid4().hex}")
    where = f"{address.user}:{address.password}@{address.host}:{address.port}/{address.database}"
    settings = {
        "DATABASE_URL": f"postgresql://{where}",
        **ENVIRONMENT,
        **OIDC,
        "AWS_ENDPOINT_URL": aws_url,
        "PLATZ_CLUSTER_PROVIDER": "eks",
        "PLATZ_ECR_EVENTS_QUEUE": QUEUE,
        "PLATZ_ECR_EVENTS_REGION": REGION,
        "K8S_REFRESH_INTERVAL": "2s",
        "RUST_LOG": "debug,hyper=error",  # as the install chart sets it
    }
    process = PlatzProcess(tmp_path / "platz", settings)
    yield process
    process.sweep()


def store_provider(operator: Any, server_url: str) -> None:
    client = operator.client("ssm")
    client.put_parameter(Name="/platz/oidc/server-url", Value=server_url, Type="String")
    client.put_parameter(Name="/platz/oidc/client-id", Value="platz-on-aws", Type="String")
    client.put_parameter(Name="/platz/oidc/client-secret", Value="hush-hush", Type="SecureString")


def test_a_process_lives_on_what_the_account_tells(
    platz: PlatzProcess, ecr: EcrAccount, operator: Any
) -> None:
    role = "arn:aws:iam::123456789012:role/eks"
    operator.client("eks").create_cluster(
        name="nowhere", roleArn=role, resourcesVpcConfig={"subnetIds": ["subnet-1"]}
    )
    platz.start(seconds=60)
    assert "Embedded stand-ins:" not in platz.output

    found = eventually(lambda: platz.sql("SELECT name, region_name, ignore FROM k8s_clusters"), seconds=30)
    assert found == [("nowhere", REGION, True)]
    platz.sql("UPDATE k8s_clusters SET ignore = false")
    [(reason,)] = eventually(
        lambda: platz.sql("SELECT not_ok_reason FROM k8s_clusters WHERE NOT is_ok"), seconds=30
    )
    assert "nowhere" in str(reason)

    ecr.say("poison")
    ecr.tell("PUSH", SHOP, ecr.push_chart(SHOP, "1.0.0"), "1.0.0")
    [(domain, tag, error)] = eventually(
        lambda: platz.sql(
            "SELECT r.domain_name, c.image_tag, c.error FROM helm_charts c"
            " JOIN helm_registries r ON r.id = c.helm_registry_id"
        ),
        seconds=30,
    )
    assert (domain, tag) == (DOMAIN, "1.0.0")
    assert "could not be downloaded" in str(error)

    assert sign_in(platz).status_code == 503
    with issuer() as url:
        store_provider(operator, url)
        answer = eventually(lambda: answered(platz), seconds=30)
        redirect = urlsplit(answer.json()["redirect_url"])
    assert f"{redirect.scheme}://{redirect.netloc}" == url
    assert parse_qs(redirect.query)["client_id"] == ["platz-on-aws"]

    with pytest.raises(InvalidStatus):
        connect(f"{platz.url.replace('http', 'ws')}/api/v2/ws?access_token=hush-hush")

    assert platz.is_alive()
    assert httpx.get(f"{platz.url}/readyz").status_code == 200
    assert "hush-hush" not in platz.log
    assert "testing-secret" not in platz.log
    assert platz.stop() == 0


def sign_in(platz: PlatzProcess) -> httpx.Response:
    return httpx.get(f"{platz.url}/api/v2/auth/google")


def answered(platz: PlatzProcess) -> httpx.Response | None:
    answer = sign_in(platz)
    return answer if answer.status_code == 200 else None


def test_a_search_for_charts_without_a_queue_is_refused(tmp_path: Path) -> None:
    process = PlatzProcess(tmp_path / "platz", {"PLATZ_REGISTRY_PROVIDER": "ecr"})
    ended = process.refuse()
    assert ended.status == 2
    assert "PLATZ_ECR_EVENTS_QUEUE and PLATZ_ECR_EVENTS_REGION are needed" in ended.complaint
    assert process.processes() == []
