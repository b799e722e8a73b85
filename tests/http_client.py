"""The API as its clients see it: a small installation with ten identities, and a client for each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from sqlalchemy import insert, text

from platz.access.authentication import Authenticator
from platz.access.oidc import IdentityProvider
from platz.access.provider_documents import ProviderSettings
from platz.access.tokens import Tokens, new_api_token
from platz.actors.served_clusters import ServedClusters
from platz.charts.documents.features import OutsideChanges
from platz.db import schema
from platz.db.database import Database
from platz.db.encryption import Cipher
from platz.db.tables import tokens
from platz.errors import Retryable
from platz.http.application import build_application
from platz.http.services import Services
from platz.identities import Bot, BotId, Deployment, DeploymentId, Identity, User, UserId
from platz.observation.deployment_credentials import Credentials
from platz.observation.ingress import Answer, IngressCaller
from platz.preview.previews import Previews
from platz.tasks.context import TaskServices

BASE = "http://platz.test/api/v2"
SIGNING_KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQh"
CIPHER_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

IDENTITIES = (
    "anonymous",
    "stranger",
    "user",
    "admin",
    "maintainer",
    "owner",
    "site",
    "bot",
    "deployment",
    "foreign",
)
"""No identity; a user without an environment; a user, an admin, a maintainer and an owner in the environment `here`; a
site admin; a bot; a deployment in `here`; a deployment in `there`."""


@dataclass
class Ingress:
    """What answers for the deployments."""

    text: str = ""
    asked: list[str] = field(default_factory=list)

    def call(self, method: str, url: str, **_given: object) -> Answer:
        self.asked.append(f"{method} {url}")
        return Answer(status=200, text=self.text)


def services_for(database: Database) -> Services:
    """Return the services that requests use, with an identity provider that can't be reached."""
    signing = Tokens(lambda: SIGNING_KEY)
    nowhere = httpx.Client(transport=httpx.MockTransport(_refuse_connection))
    cipher, ingress = Cipher([CIPHER_KEY]), cast("IngressCaller", Ingress())
    settings = ProviderSettings(server_url="http://nowhere.test", client_id="platz", client_secret="x")
    return Services(
        database=database,
        authenticator=Authenticator(database, signing),
        tokens=signing,
        identity_provider=IdentityProvider(lambda: settings, nowhere, own_url="http://platz.test"),
        admin_emails=(),
        own_url="http://platz.test",
        version="v1.2.3",
        cipher=cipher,
        ingress=ingress,
        request_threads=8,
        offered_previews=Previews(services=_services(database, signing, cipher, ingress)),
    )


class _NoRegistry:
    """A registry that can't be reached."""

    def fetch(self, _registry: object, _chart: object) -> Path:
        raise Retryable("The registry can't be reached.")


def _services(database: Database, signing: Tokens, cipher: Cipher, ingress: IngressCaller) -> TaskServices:
    """Return what previews work with: neither a cluster nor a registry can be reached."""
    return TaskServices(
        database=database,
        kube=ServedClusters().client,
        helm=cast("Any", None),
        archives=_NoRegistry(),
        caller=ingress,
        credentials=Credentials(tokens=signing, own_url="http://platz.test/", lifetime=timedelta(hours=1)),
        cipher=cipher,
        helm_timeout=timedelta(seconds=2),
        outside_changes=OutsideChanges.TAKE_OVER,
    )


def _refuse_connection(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@dataclass
class Caller:
    """A client that sends one identity's credentials."""

    portal: BlockingPortal
    client: httpx.AsyncClient
    headers: Mapping[str, str] = field(default_factory=dict)

    def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **given: Any
    ) -> httpx.Response:
        """Send one request; ``path`` is relative to `/api/v2`."""
        return self.portal.call(
            lambda: self.client.request(
                method, BASE + path, headers={**self.headers, **(headers or {})}, **given
            )
        )

    def get(self, path: str, **given: Any) -> httpx.Response:
        return self.request("GET", path, **given)

    def post(self, path: str, json: Any = None, **given: Any) -> httpx.Response:
        return self.request("POST", path, json=json, **given)

    def put(self, path: str, json: Any = None, **given: Any) -> httpx.Response:
        return self.request("PUT", path, json=json, **given)

    def delete(self, path: str, **given: Any) -> httpx.Response:
        return self.request("DELETE", path, **given)

    def items(self, path: str, **given: Any) -> list[Any]:
        """Return the items of a list; the request must succeed."""
        answer = self.get(path, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]


@dataclass
class Installation:
    """Two environments, each with a cluster and a deployment, and a cluster in neither; permissions are in `here`."""

    database: Database
    portal: BlockingPortal
    client: httpx.AsyncClient
    here: UUID
    there: UUID
    cluster: UUID
    far_cluster: UUID
    stray_cluster: UUID
    kind: UUID
    registry: UUID
    chart: UUID
    next_chart: UUID
    deployment: UUID
    far_deployment: UUID
    identities: dict[str, Identity | None]
    services: Services
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def __getitem__(self, name: str) -> Caller:
        """Return the client of one of `IDENTITIES`: a bot sends an API token, the others an access token."""
        return self.caller(self.identities[name])

    def caller(self, identity: Identity | None) -> Caller:
        """Return a client with the credentials of this identity."""
        return Caller(self.portal, self.client, self._credential(identity))

    def id_of(self, name: str) -> UUID:
        """Return the id of one of `IDENTITIES`."""
        identity = self.identities[name]
        assert identity is not None
        return identity.id

    def unique(self, word: str = "thing") -> str:
        """Return a name that is not in use yet."""
        return f"{word}-{next(self.numbers)}"

    def insert(self, table: Any, **values: Any) -> UUID:
        """Insert a row; return its id."""
        with self.database.transaction() as connection:
            return connection.scalars(insert(table).values(**values).returning(table.c.id)).one()

    def execute(self, statement: str, **bound: Any) -> None:
        """Run one statement."""
        with self.database.transaction() as connection:
            connection.execute(text(statement), bound)

    def scalar(self, statement: str, **bound: Any) -> Any:
        """Read one value."""
        with self.database.reading() as connection:
            return connection.execute(text(statement), bound).scalar()

    def new_deployment(self, cluster: UUID | None = None, **values: Any) -> UUID:
        """Insert a running deployment; return its id."""
        given = {
            "name": self.unique("shop"),
            "kind_id": self.kind,
            "cluster_id": cluster or self.cluster,
            "helm_chart_id": self.chart,
            "status": "Running",
        }
        return self.insert(schema.deployments, **given | values)

    def new_task(self, deployment: UUID | None = None, **values: Any) -> UUID:
        """Insert a pending task of the site admin, scheduled for tomorrow; return its id."""
        given = {
            "deployment_id": deployment or self.deployment,
            "cluster_id": self.cluster,
            "operation": {"Uninstall": {}},
            "status": "Pending",
            "acting_user_id": self.id_of("site"),
            "execute_at": datetime.now(UTC) + timedelta(days=1),
        }
        return self.insert(schema.deployment_tasks, **given | values)

    def new_user(self, **values: Any) -> UUID:
        """Insert a user without any permissions; return its id."""
        name = self.unique("person")
        return self.insert(schema.users, **{"display_name": name, "email": f"{name}@example.com"} | values)

    def new_secret(self, env: UUID | None = None, **values: Any) -> UUID:
        """Insert a secret; return its id."""
        given = {
            "env_id": env or self.here,
            "collection": "Tokens",
            "name": self.unique(),
            "contents": "s3cret",
        }
        return self.insert(schema.secrets, **given | values)

    def new_resource_type(self, env: UUID | None = None, **spec: Any) -> UUID:
        """Insert a resource type of the kind, global without ``env``; return its id."""
        given = {
            "name_singular": "Campaign",
            "name_plural": "Campaigns",
            "fontawesome_icon": "bullhorn",
            "global": env is None,
            "values_ui": {"inputs": [], "outputs": {"values": [], "secrets": {}}},
            "lifecycle": {"create": None, "update": None, "delete": None},
        }
        return self.insert(
            schema.deployment_resource_types,
            env_id=env,
            deployment_kind_id=self.kind,
            key=self.unique("campaign"),
            spec=given | spec,
        )

    def new_resource(self, deployment: UUID | None = None, **values: Any) -> UUID:
        """Insert a resource that a deployment manages; return its id."""
        given = {
            "type_id": values.get("type_id") or self.new_resource_type(),
            "deployment_id": deployment or self.deployment,
            "name": self.unique(),
            "sync_status": "Ready",
        }
        return self.insert(schema.deployment_resources, **given | values)

    def new_cluster(self, env: UUID | None = None, **values: Any) -> UUID:
        """Insert a cluster; return its id."""
        name = self.unique("cluster")
        given = {
            "provider_id": f"local:{name}",
            "name": name,
            "region_name": "local",
            "env_id": env,
            "ignore": False,
        }
        return self.insert(schema.k8s_clusters, **given | values)

    def new_workload(self, deployment: UUID | None = None, **values: Any) -> UUID:
        """Insert a workload that was seen in the cluster; return its id."""
        given = {
            "id": UUID(int=next(self.numbers) + 2**100),
            "cluster_id": self.cluster,
            "deployment_id": deployment or self.deployment,
            "kind": "Deployment",
            "api_version": "apps/v1",
            "name": self.unique("workload"),
            "status_color": ["Success"],
            "metadata": {"name": "workload"},
        }
        return self.insert(schema.k8s_resources, **given | values)

    def _credential(self, identity: Identity | None) -> dict[str, str]:
        if identity is None:
            return {}
        if isinstance(identity, Bot):
            return {"x-platz-token": self._bot_token(identity)}
        token = self.services.tokens.issue(identity, timedelta(hours=1), datetime.now(UTC))
        return {"Authorization": f"Bearer {token.text}"}

    def _bot_token(self, bot: Bot) -> str:
        stored, token = new_api_token()
        creator = self.identities["site"]
        assert isinstance(creator, User)
        with self.database.transaction() as connection:
            tokens.add_bot_token(
                connection,
                token_id=stored.id,
                bot_id=bot.id,
                created_by=creator.id,
                secret_hash=stored.secret_hash,
            )
        return token


@contextmanager
def installation(database: Database, **services_changes: Any) -> Iterator[Installation]:
    """Build the installation and serve it, with other services than usual where some are given."""
    services = replace(services_for(database), **services_changes)
    transport = httpx.ASGITransport(app=build_application(services), raise_app_exceptions=False)
    with start_blocking_portal() as portal:
        client = httpx.AsyncClient(transport=transport)
        try:
            yield _populated(database, services, portal, client)
        finally:
            portal.call(client.aclose)


def _populated(
    database: Database, services: Services, portal: BlockingPortal, client: httpx.AsyncClient
) -> Installation:
    nothing = UUID(int=0)
    made = Installation(
        database=database,
        portal=portal,
        client=client,
        services=services,
        identities={"anonymous": None},
        **dict.fromkeys(
            (
                "here", "there", "cluster", "far_cluster", "stray_cluster", "kind", "registry", "chart",
                "next_chart", "deployment", "far_deployment",
            ),
            nothing,
        ),
    )  # fmt: skip
    made.here, made.there = made.insert(schema.envs, name="Here"), made.insert(schema.envs, name="There")
    made.cluster, made.far_cluster = made.new_cluster(made.here), made.new_cluster(made.there)
    made.stray_cluster = made.new_cluster(None)
    made.kind = made.insert(schema.deployment_kinds, name="WebShop")
    made.registry = made.insert(
        schema.helm_registries,
        domain_name="registry.test",
        repo_name="web-shop-chart",
        kind_id=made.kind,
        provider="Oci",
    )
    made.chart, made.next_chart = new_chart(made, "1.0.0"), new_chart(made, "1.1.0")
    made.deployment = made.new_deployment(name="blue")
    made.far_deployment = made.new_deployment(made.far_cluster, name="red")
    _add_people(made)
    return made


def new_chart(made: Installation, tag: str, **values: Any) -> UUID:
    """Insert a chart of the installation's registry; return its id."""
    given = {
        "helm_registry_id": made.registry,
        "image_tag": tag,
        "image_digest": f"sha256:{tag}",
        "created_at": datetime.now(UTC),
        "features": {"standard_ingress": True},
    }
    return made.insert(schema.helm_charts, **given | values)


def _add_people(made: Installation) -> None:
    people = {name: User(id=UserId(made.new_user(display_name=name))) for name in IDENTITIES[1:6]}
    site = made.new_user(display_name="site", is_admin=True)
    made.identities |= {
        **people,
        "site": User(id=UserId(site)),
        "bot": Bot(id=BotId(made.insert(schema.bots, display_name="bot"))),
        "deployment": Deployment(id=DeploymentId(made.deployment)),
        "foreign": Deployment(id=DeploymentId(made.far_deployment)),
    }
    for name, role in {"user": "User", "admin": "Admin", "maintainer": "User", "owner": "User"}.items():
        made.insert(schema.env_user_permissions, env_id=made.here, user_id=people[name].id, role=role)
    for name, role in {"maintainer": "Maintainer", "owner": "Owner"}.items():
        made.insert(
            schema.deployment_permissions,
            env_id=made.here,
            user_id=people[name].id,
            kind_id=made.kind,
            role=role,
        )
