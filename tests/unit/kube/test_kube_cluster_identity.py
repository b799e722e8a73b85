"""A cluster that does not accept the credentials: whose they are, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from platz.kube.api_responses import error_from_status
from platz.kube.cluster_identity import ClusterIdentity, eks_identity, kubeconfig_identity
from platz.kube.errors import KubeUnauthenticated
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig

EXEC = "exec: {apiVersion: client.authentication.k8s.io/v1, command: aws, interactiveMode: Never}"
KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: east
contexts: [{{name: east, context: {{cluster: east, user: deployer}}}}]
clusters: [{{name: east, cluster: {{server: "https://east.test"}}}}]
users: [{{name: deployer, user: {{{user}}}}}]
"""


def told(identity: ClusterIdentity | None) -> str:
    error = error_from_status("east", 401, b"", identity=identity)
    assert isinstance(error, KubeUnauthenticated)
    return error.message


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        (
            eks_identity("arn:aws:iam::1:role/platz"),
            ["arn:aws:iam::1:role/platz", "access entry", "aws-auth"],
        ),
        (eks_identity(None), ["AWS role", "access entry"]),
        (kubeconfig_identity("deployer", plugin=None), ["user deployer", "token or certificate"]),
        (kubeconfig_identity("deployer", plugin="aws"), ["user deployer", "exec plugin aws", "login"]),
    ],
)
def test_who_is_not_accepted_and_what_to_do_is_told(identity: ClusterIdentity, words: list[str]) -> None:
    message = told(identity)
    assert message.startswith("Cluster east does not accept Platz's credentials, those of ")
    assert all(word in message for word in words)


def test_an_identity_that_is_not_known_is_left_out() -> None:
    assert told(None) == "Cluster east does not accept Platz's credentials."


@pytest.mark.parametrize(
    ("user", "plugin"), [("token: abc", None), (EXEC, "aws")], ids=["a token", "an exec plugin"]
)
def test_the_user_of_a_kubeconfig_is_known(user: str, plugin: str | None, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(KUBECONFIG.format(user=user))
    access = access_from_kubeconfig(KubeconfigChoice(home=tmp_path, file=file), environment={})
    assert access.identity == kubeconfig_identity("deployer", plugin=plugin)
