"""Clusters are reached over TLS with certificates that are held in memory alone."""

from __future__ import annotations

import pytest
from authority import Authority
from tls_server import Serve, TlsServer

from platz.errors import Rejected
from platz.kube.client import KubeClient
from platz.kube.cluster_access import ClusterAccess
from platz.kube.credentials import ClientCertificate, Credential, FixedCredential, RenewedCredential
from platz.kube.errors import KubeDenied, KubeUnreachable
from tests.kube_requests import version_of


def client_for(server: TlsServer, **changes: object) -> KubeClient:
    access = {
        "name": "east",
        "server": f"https://127.0.0.1:{server.server_port}",
        "credentials": FixedCredential(credential=Credential(token="token")),
        **changes,
    }
    return KubeClient(ClusterAccess(**access))  # type: ignore[arg-type]


def test_the_clusters_own_authority_is_trusted(serve: Serve, authority: Authority) -> None:
    client = client_for(serve(), ca=authority.certificate)
    assert version_of(client) == "v1.35.0"
    client.abort()


def test_another_authority_is_not_trusted(serve: Serve) -> None:
    with pytest.raises(KubeUnreachable, match="cannot be trusted"):
        version_of(client_for(serve(), ca=Authority().certificate))


def test_the_systems_authorities_do_not_vouch_for_a_private_one(serve: Serve) -> None:
    with pytest.raises(KubeUnreachable, match="cannot be trusted"):
        version_of(client_for(serve()))


def test_another_hosts_certificate_is_not_trusted(serve: Serve, authority: Authority) -> None:
    with pytest.raises(KubeUnreachable, match="cannot be trusted"):
        version_of(client_for(serve("elsewhere.example"), ca=authority.certificate))


def test_the_name_to_expect_can_be_set(serve: Serve, authority: Authority) -> None:
    client = client_for(
        serve("elsewhere.example"), ca=authority.certificate, tls_server_name="elsewhere.example"
    )
    assert version_of(client) == "v1.35.0"
    client.abort()


def test_checking_can_be_turned_off(serve: Serve) -> None:
    client = client_for(serve("elsewhere.example"), verify=False)
    assert version_of(client) == "v1.35.0"
    client.abort()


def test_a_client_certificate_is_shown(serve: Serve, authority: Authority) -> None:
    pair = authority.pair("platz")
    certificate = ClientCertificate(certificate=pair.certificate, key=pair.key)
    server = serve(clients=authority)
    client = client_for(
        server,
        ca=authority.certificate,
        credentials=FixedCredential(credential=Credential(certificate=certificate)),
    )
    version_of(client)
    client.abort()
    assert "platz" in str(server.peers[0])


@pytest.mark.parametrize("broken", [b"", b"nonsense", b"\xff\xfe"])
def test_certificates_that_cannot_be_read_are_rejected(serve: Serve, broken: bytes) -> None:
    certificate = ClientCertificate(certificate=broken, key=broken)
    credentials = FixedCredential(credential=Credential(certificate=certificate))
    with pytest.raises(Rejected, match="certificates for cluster east"):
        version_of(client_for(serve(), credentials=credentials))
    if broken:
        with pytest.raises(Rejected, match="certificates for cluster east"):
            version_of(client_for(serve(), ca=broken))


@pytest.mark.parametrize("token", ["very-secret\n", "very-secret-\u2028"])
def test_a_token_that_fits_in_no_header_is_refused_without_telling_it(
    serve: Serve, authority: Authority, token: str
) -> None:
    source = FixedCredential(credential=Credential(token=token))
    with pytest.raises(KubeDenied, match="can't be sent") as caught:
        version_of(client_for(serve(), ca=authority.certificate, credentials=source))
    assert caught.value.__cause__ is None
    assert "very-secret" not in caught.value.message


def test_a_refused_token_is_renewed_once(serve: Serve, authority: Authority) -> None:
    server = serve()
    server.accepted = "2"
    tokens = iter("123")
    source = RenewedCredential(lambda: Credential(token=next(tokens)))
    client = client_for(server, ca=authority.certificate, credentials=source)
    assert version_of(client) == "v1.35.0"
    server.accepted = "never"
    with pytest.raises(KubeDenied, match="does not accept Platz's credentials"):
        version_of(client)
    assert next(tokens, "used up") == "used up"
    client.abort()
