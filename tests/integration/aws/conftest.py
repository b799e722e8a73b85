"""AWS as moto plays it, a chart registry, and the account that Platz sees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import httpx
import pytest
from ecr_account import ENVIRONMENT, REGION
from moto.server import ThreadedMotoServer

from platz.aws.sessions import AwsAccount, AwsLimits
from platz_sandbox.stand_in_process import StandInProcess


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """The address of a server that plays AWS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def aws_url(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same, with nothing in it, and the environment that a process on AWS has."""
    httpx.post(f"{moto_url}/moto-api/reset").raise_for_status()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    return moto_url


@pytest.fixture
def account(aws_url: str) -> AwsAccount:
    """The account as Platz sees it."""
    return AwsAccount(endpoint_url=aws_url, limits=AwsLimits(connect_seconds=2, read_seconds=10, attempts=1))


class Operator:
    """Somebody who sets things up in the account, with boto3's own clients."""

    def __init__(self, url: str) -> None:
        self._url = url

    def client(self, service: str, region: str = REGION) -> Any:
        return boto3.client(service, region_name=region, endpoint_url=self._url)


@pytest.fixture
def operator(aws_url: str) -> Operator:
    return Operator(aws_url)


@pytest.fixture(scope="session")
def registry_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A registry with the demo charts: moto does not speak the OCI API, real ECR does."""
    folder = tmp_path_factory.mktemp("registry")
    process = StandInProcess(
        name="chart registry",
        module="platz_sandbox.registry",
        arguments=["--port", "0", "--data", str(folder / "data")],
        log=folder / "log",
    )
    process.start()
    yield process.wait_until_ready(seconds=20)["url"]
    process.stop(seconds=5)
