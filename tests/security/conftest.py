"""An attacker's application and the caller with which Platz reaches it; an installation to attack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from http_client import Installation, installation

from platz.db.database import Database
from platz.observation.ingress import IngressCaller, IngressRoute
from tests.integration.kube.authority import Authority
from tests.security.hostile_application import HostileApplication


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def trust(authority: Authority, tmp_path: Path) -> Path:
    """The file of the certificate authority that Platz trusts."""
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.certificate)
    return file


@pytest.fixture
def application(authority: Authority, tmp_path: Path) -> Iterator[HostileApplication]:
    application = HostileApplication(authority, tmp_path)
    yield application
    application.stop()


@pytest.fixture
def caller(application: HostileApplication, trust: Path) -> IngressCaller:
    """The caller whose operator told it where the ingresses are."""
    return IngressCaller(IngressRoute(connect=f"127.0.0.1:{application.port}", ca=trust))


@pytest.fixture
def api(database: Database) -> Iterator[Installation]:
    """An installation that only this test sees."""
    with installation(database) as made:
        yield made
