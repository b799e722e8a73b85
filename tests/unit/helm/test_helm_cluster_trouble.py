"""Helm's words about a cluster are told from its words about a chart (docs/contract/workers.md, "Faults of a cluster").

The texts were said by Helm 3.19 and 4.0 against API servers 1.30 to 1.36, or are those of client-go's sources.
"""

from __future__ import annotations

import pytest

from platz.helm.cluster_trouble import ClusterTrouble, trouble_in

AWAY = (
    (
        'Kubernetes cluster unreachable: Get "https://10.0.0.1:6443/version": dial tcp 10.0.0.1:6443: connect: '
        "connection refused"
    ),
    'query: failed to query with labels: Get "https://east.test/api/v1/namespaces/a/secrets": EOF',
    'Get "https://east.test/api": net/http: TLS handshake timeout',
    'Patch "https://east.test/api/v1/namespaces/a/configmaps/b": http2: client connection lost',
    (
        'Post "https://east.test/api/v1/namespaces/a/secrets": read tcp 10.0.0.2:4->10.0.0.1:443: read: connection '
        "reset by peer"
    ),
    'Get "https://east.test/api": dial tcp: lookup east.test: no such host',
    'Get "https://east.test/api": some cause that nobody has foreseen',
    'Get "https://east.test/api": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
    "create: failed to create: the server is currently unable to handle the request (post secrets)",
    "the server has received too many requests and has asked us to try again later (get secrets)",
    "failed to create resource: Internal error occurred: etcdserver: leader changed",
    "etcdserver: request timed out",
    "create: failed to create: the words of a server that nobody has foreseen",
    'an error on the server ("unknown") has prevented the request from succeeding (get secrets)',
    "Timeout: request did not complete within requested timeout - context deadline exceeded",
    (
        'Internal error occurred: failed calling webhook "a.b": failed to call webhook: Post "https://a.b.svc:443/": '
        "dial tcp 10.96.0.9:443: connect: connection refused"
    ),
    (
        'template: a/templates/b.yaml:1:3: executing "a" at <lookup "v1" "Secret" "a" "b">: error calling lookup: '
        'Get "https://east.test/api/v1": dial tcp 10.0.0.1:443: i/o timeout'
    ),
)
CHART = (
    "failed post-install: job failed: BackoffLimitExceeded: Job has reached the specified backoff limit",
    "context deadline exceeded",
    'create: failed to create: Secret "sh.helm.release.v1.a.v1" is invalid: data: Too long',
    'Get "https://east.test/api/v1/pods": context deadline exceeded',
    "timed out waiting for the condition",
    'Deployment.apps "web" is invalid: spec.template.spec.containers: Required value',
    "values don't meet the specifications of the schema(s) in the following chart(s)",
    "execution error at (a/templates/b.yaml:2:4): connection refused: set `host`",
    'unable to build kubernetes objects from release manifest: no matches for kind "Foo" in version "v1"',
    (
        "conflict occurred while applying object a/web apps/v1, Kind=Deployment: Apply failed with 1 conflict: "
        'conflict with "kubectl" with subresource "scale"'
    ),
    'pods "migrate" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3',
    "",
)


@pytest.mark.parametrize("text", AWAY)
def test_what_a_cluster_that_is_away_says_is_recognised(text: str) -> None:
    assert trouble_in(text) is ClusterTrouble.AWAY


@pytest.mark.parametrize("text", CHART)
def test_what_a_chart_or_its_objects_cause_is_not_taken_for_it(text: str) -> None:
    assert trouble_in(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            (
                'Get "https://east.test/version": tls: failed to verify certificate: x509: certificate signed by '
                "unknown authority"
            ),
            ClusterTrouble.UNTRUSTED,
        ),
        (
            "Kubernetes cluster unreachable: the server has asked for the client to provide credentials",
            ClusterTrouble.UNAUTHENTICATED,
        ),
        ("query: failed to query with labels: Unauthorized", ClusterTrouble.UNAUTHENTICATED),
        (
            'secrets is forbidden: User "platz" cannot list resource "secrets" in API group "" in the namespace "a"',
            ClusterTrouble.REFUSED,
        ),
        ('namespaces "a" is forbidden: not yet ready to handle request', ClusterTrouble.REFUSED),
    ],
)
def test_the_other_troubles_are_told_apart(text: str, expected: ClusterTrouble) -> None:
    assert trouble_in(text) is expected
