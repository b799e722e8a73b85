"""An attacker's application and the caller with which Platz reaches it; an installation to attack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from http_client import Caller, Installation, installation

from platz.db import schema
from platz.db.database import Database
from platz.identities import Deployment, DeploymentId, User, UserId
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


@pytest.fixture(params=["stranger", "member elsewhere", "deployment elsewhere"])
def outsider(api: Installation, request: pytest.FixtureRequest) -> Caller:
    """Who is signed in and has nothing to do with the environment of the installation's rows."""
    if request.param == "deployment elsewhere":
        return api.caller(Deployment(id=DeploymentId(api.far_deployment)))
    user = api.new_user()
    if request.param == "member elsewhere":
        api.insert(schema.env_user_permissions, env_id=api.there, user_id=user, role="Admin")
    return api.caller(User(id=UserId(user)))
