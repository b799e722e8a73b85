"""One cluster is read out of kubeconfig files: merged, cut down, nothing left that refers to a file."""

from __future__ import annotations

import base64
from pathlib import Path

import orjson
import pytest

from platz.errors import Rejected
from platz.json import JsonObject
from platz.kube.cluster_access import ClusterAccess, as_kubeconfig
from platz.kube.credentials import Credential, FixedCredential
from platz.kube.kubeconfig import KubeconfigChoice, access_from_kubeconfig


def text64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def config(name: str = "east", *, current: str | None = None, **user: object) -> JsonObject:
    document: JsonObject = {
        "contexts": [{"name": name, "context": {"cluster": f"{name}-cluster", "user": f"{name}-user"}}],
        "clusters": [{"name": f"{name}-cluster", "cluster": {"server": f"https://{name}.example:6443/"}}],
        "users": [{"name": f"{name}-user", "user": user or {"token": f"{name}-token"}}],  # type: ignore[list-item]
    }
    if current:
        document["current-context"] = current
    return document


def written(path: Path, document: JsonObject) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps(document))  # JSON is YAML
    return path


def read(choice: KubeconfigChoice) -> ClusterAccess:
    return access_from_kubeconfig(choice, environment={})


def test_the_file_of_the_setting_comes_before_all_others(tmp_path: Path) -> None:
    chosen = written(tmp_path / "chosen", config("chosen", current="chosen"))
    other = written(tmp_path / "other", config("other", current="other"))
    choice = KubeconfigChoice(home=tmp_path, file=chosen, path_list=str(other))
    assert read(choice).name == "chosen"


def test_without_a_setting_the_home_folder_is_looked_at(tmp_path: Path) -> None:
    written(tmp_path / ".kube" / "config", config("home", current="home"))
    assert read(KubeconfigChoice(home=tmp_path)).server == "https://home.example:6443"


def test_files_of_a_list_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    first = written(tmp_path / "1", config("east", current="west", token="first"))
    second = written(tmp_path / "2", config("east", current="east", token="second"))
    third = written(tmp_path / "3", config("west"))
    path_list = f"{first}:{tmp_path / 'not-there'}:{second}:{third}"
    assert read(KubeconfigChoice(home=tmp_path, path_list=path_list)).name == "west"
    east = read(KubeconfigChoice(home=tmp_path, path_list=path_list, context="east"))
    assert east.credentials.current().token == "first"


def test_references_are_resolved_against_the_file_that_holds_them(tmp_path: Path) -> None:
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki" / "ca.pem").write_bytes(b"the authority")
    document = config("east", current="east", **{"client-certificate": "c.pem", "client-key": "k.pem"})
    (tmp_path / "c.pem").write_bytes(b"certificate")
    (tmp_path / "k.pem").write_bytes(b"key")
    document["clusters"][0]["cluster"]["certificate-authority"] = "pki/ca.pem"  # type: ignore[index,call-overload]
    access = read(KubeconfigChoice(home=Path("/"), file=written(tmp_path / "config", document)))
    assert access.ca == b"the authority"
    certificate = access.credentials.current().certificate
    assert certificate is not None
    assert (certificate.certificate, certificate.key) == (b"certificate", b"key")


def test_a_token_file_is_read_again(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one\n")
    file = written(tmp_path / "config", config("east", current="east", tokenFile="token"))
    access = read(KubeconfigChoice(home=tmp_path, file=file))
    assert access.credentials.current().token == "one"
    (tmp_path / "token").write_text("two\n")
    assert access.credentials.renew().token == "two"


@pytest.mark.parametrize(
    ("user", "other"),
    [
        ({"token": "one"}, {"token": "two"}),
        ({"tokenFile": "one"}, {"tokenFile": "two"}),
        (
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "args": ["one"]}},
            {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "aws", "args": ["two"]}},
        ),
    ],
)
def test_what_is_read_once_more_is_equal_until_it_changes(
    tmp_path: Path, user: JsonObject, other: JsonObject
) -> None:
    file = written(tmp_path / "config", config("east", current="east", **user))
    choice = KubeconfigChoice(home=tmp_path, file=file)
    first = read(choice)
    assert read(choice) == first
    written(file, config("east", current="east", **other))
    assert read(choice) != first


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"current-context": "nowhere"}, "no context named 'nowhere'"),
        ({"current-context": ""}, "sets no current-context"),
        ({"clusters": []}, "no cluster named 'east-cluster'"),
        ({"users": []}, "no user named 'east-user'"),
        ({"users": [{"user": {}}]}, "a user without a name"),
        ({"clusters": [{"name": "east-cluster", "cluster": {}}]}, "no usable server address"),
        (
            {
                "clusters": [
                    {
                        "name": "east-cluster",
                        "cluster": {"server": "https://x", "certificate-authority-data": "*"},
                    }
                ]
            },
            "not base64",
        ),
        ({"users": [{"name": "east-user", "user": {"username": "me"}}]}, "no longer accept 'username'"),
        (
            {"users": [{"name": "east-user", "user": {"client-certificate": "gone", "client-key": "gone"}}]},
            "cannot be read",
        ),
        ({"users": [{"name": "east-user", "user": {"exec": {"command": "aws"}}}]}, "exec plugin needs"),
    ],
)
def test_what_is_missing_or_wrong_is_said(tmp_path: Path, change: JsonObject, problem: str) -> None:
    file = written(tmp_path / "config", {**config("east", current="east"), **change})
    with pytest.raises(Rejected, match=problem):
        read(KubeconfigChoice(home=tmp_path, file=file))


@pytest.mark.parametrize("content", ["[1, 2]", "a: [", "a: 2001-99-99", "\x00\x01", '"text"'])
def test_a_file_that_is_no_kubeconfig_is_rejected(tmp_path: Path, content: str) -> None:
    (tmp_path / "config").write_text(content)
    with pytest.raises(Rejected, match="not a kubeconfig"):
        read(KubeconfigChoice(home=tmp_path, file=tmp_path / "config"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match=r"no kubeconfig at .*/nothing"):
        read(KubeconfigChoice(home=tmp_path, file=tmp_path / "nothing"))


def test_helm_gets_one_context_with_everything_inline() -> None:
    access = ClusterAccess(
        name="east",
        server="https://east.example",
        ca=b"the authority",
        credentials=FixedCredential(credential=Credential(token="token")),
    )
    document = as_kubeconfig(access)
    assert document["current-context"] == "default"
    assert document["clusters"] == [
        {
            "name": "east",
            "cluster": {
                "server": "https://east.example",
                "certificate-authority-data": text64("the authority"),
            },
        }
    ]
    assert document["users"] == [{"name": "user", "user": {"token": "token"}}]


def test_helm_gets_a_token_that_was_made_for_it() -> None:
    class Counting:
        made = 0

        def current(self) -> Credential:
            raise AssertionError("an older token may end while Helm runs")

        def renew(self) -> Credential:
            self.made += 1
            return Credential(token=f"token {self.made}")

    access = ClusterAccess(name="east", server="https://east.example", credentials=Counting())
    assert as_kubeconfig(access)["users"] == [{"name": "user", "user": {"token": "token 1"}}]


def test_a_certificate_check_that_is_turned_off_stays_off_for_helm() -> None:
    access = ClusterAccess(
        name="east",
        server="https://east.example",
        ca=b"unused",
        verify=False,
        credentials=FixedCredential(credential=Credential()),
    )
    clusters = as_kubeconfig(access)["clusters"]
    assert clusters == [
        {"name": "east", "cluster": {"server": "https://east.example", "insecure-skip-tls-verify": True}}
    ]


def test_no_repr_shows_a_secret() -> None:
    credential = Credential(token="very-secret-token")
    access = ClusterAccess(
        name="east", server="https://east.example", credentials=FixedCredential(credential=credential)
    )
    assert "very-secret-token" not in repr(credential) + repr(access)
