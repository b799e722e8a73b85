"""Clusters behind a proxy: of their kubeconfig, or of the environment."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from authority import Authority
from proxies import Proxy
from tls_server import Serve, TlsServer

from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.errors import KubeUnreachable
from tests.kube_requests import version_of

FAR = "cluster.example"
"""A host name that only the proxies of these tests lead anywhere."""

Open = Callable[[str], Proxy]


@pytest.fixture(autouse=True)
def no_proxy_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def far(serve: Serve) -> TlsServer:
    return serve(FAR)


@pytest.fixture
def open_proxy(far: TlsServer) -> Iterator[Open]:
    opened: list[Proxy] = []

    def open_proxy(scheme: str) -> Proxy:
        opened.append(Proxy(scheme, far.server_port))
        return opened[-1]

    yield open_proxy
    for proxy in opened:
        proxy.close()


def client_for(
    authority: Authority, *, server: str = f"https://{FAR}", proxy_url: str | None = None
) -> KubeClient:
    credentials = FixedCredential(credential=Credential(token="token"))
    return KubeClient(
        ClusterAccess(
            name="far", server=server, credentials=credentials, ca=authority.certificate, proxy_url=proxy_url
        )
    )


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_a_kubeconfigs_proxy_leads_to_its_cluster(
    open_proxy: Open, authority: Authority, scheme: str
) -> None:
    proxy = open_proxy(scheme)
    client = client_for(authority, proxy_url=proxy.url)
    assert version_of(client) == "v1.35.0"
    assert proxy.asked == [f"{FAR}:443"]
    client.abort()


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
def test_requests_through_a_proxy_can_be_ended_too(
    open_proxy: Open, authority: Authority, scheme: str
) -> None:
    client = client_for(authority, proxy_url=open_proxy(scheme).url)
    version_of(client)
    client.abort()
    with pytest.raises(KubeUnreachable, match="closed by Platz"):
        version_of(client)


def test_the_environments_proxy_leads_to_clusters_without_one(
    open_proxy: Open, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = open_proxy("http")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    client = client_for(authority)
    assert version_of(client) == "v1.35.0"
    assert proxy.asked == [f"{FAR}:443"]
    client.abort()


def test_no_proxy_keeps_a_cluster_from_the_environments_proxy(
    open_proxy: Open, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = open_proxy("http")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    monkeypatch.setenv("NO_PROXY", ".example")
    with pytest.raises(KubeUnreachable, match="cannot be resolved"):
        version_of(client_for(authority))
    assert proxy.asked == []


def test_no_proxy_does_not_count_for_a_kubeconfigs_proxy(
    open_proxy: Open, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = open_proxy("http")
    monkeypatch.setenv("NO_PROXY", "*")
    client = client_for(authority, proxy_url=proxy.url)
    assert version_of(client) == "v1.35.0"
    client.abort()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_is_never_reached_through_the_environments_proxy(
    open_proxy: Open, serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    near, proxy = serve(host), open_proxy("http")
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    client = client_for(authority, server=f"https://{host}:{near.server_port}")
    assert version_of(client) == "v1.35.0"
    assert proxy.asked == []
    client.abort()


def test_a_proxy_that_does_not_answer_is_named(authority: Authority) -> None:
    with pytest.raises(KubeUnreachable, match="through its proxy"):
        version_of(client_for(authority, proxy_url="http://127.0.0.1:1"))
