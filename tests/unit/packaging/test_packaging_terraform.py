"""terraform/ creates what Platz needs: the policies allow what the code calls, and nothing else."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest
import terraform_files
from botocore import xform_name
from repository import ROOT
from terraform_files import FOLDER, allowed, declared, names, referred, rendered_templates, text

from platz.config import Settings, environment_name

TERRAFORM = shutil.which("terraform") or shutil.which("tofu")
API = {"ssm.py"}
DOWNLOADS = {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
"""A chart is downloaded by the OCI API: ECR asks for these rights on its manifest and on its layers."""
AGENT = {"eks.py", "eks_token.py", "caller.py", "sessions.py"}
DISCOVERY = {"sqs.py", "ecr.py"}
FREE = {"sts:GetCallerIdentity"}
"""AWS allows it to everybody, whatever the policies say."""


def services() -> Mapping[str, str]:
    """Return the IAM action of every operation of the services that Platz uses, by boto3's name for it."""
    session = boto3.Session(region_name="eu-west-1")._session
    return {
        xform_name(operation): f"{service}:{operation}"
        for service in ("ec2", "ecr", "eks", "sqs", "ssm", "sts")
        for operation in session.get_service_model(service).operation_names
    }


def called(file: Path) -> set[str]:
    """Return the IAM actions of the operations that a module calls."""
    known = services()
    return {known[word] for word in _first_words(ast.parse(file.read_text())) if word in known}


def _first_words(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr="call" | "pages" | "_call"), args=[ast.Constant(value=str(word)), *_]
            ):
                yield word
            case _:
                pass


def actions_of(files: set[str]) -> set[str]:
    return {action for name in files for action in called(ROOT / "platz/aws" / name)} - FREE


def test_every_call_is_known_to_one_role() -> None:
    every = {file.name for file in (ROOT / "platz/aws").glob("*.py") if called(file)}
    assert every <= API | AGENT | DISCOVERY
    assert len(actions_of(every)) > 8


@pytest.mark.parametrize(
    ("files", "policies", "beyond"),
    [
        (API, ("api", "api-key"), {"kms:Decrypt"}),  # SSM decrypts a SecureString in the caller's name
        (AGENT, ("k8s-agent", "k8s-agent-accounts"), DOWNLOADS),
        (DISCOVERY, ("chart-discovery",), DOWNLOADS),
    ],
    ids=["api", "agent", "discovery"],
)
def test_a_role_allows_what_the_code_calls_and_nothing_else(
    files: set[str], policies: tuple[str, ...], beyond: set[str]
) -> None:
    assert allowed(*policies) == actions_of(files) | beyond


def test_what_lies_in_the_account_is_named_where_aws_can_name_it() -> None:
    for policy, (_, document) in rendered_templates().items():
        for statement in document["Statement"]:
            if statement.get("Resource") == "*":
                actions = statement["Action"]
                assert all(action.split(":")[0] in {"ec2", "eks", "ecr"} for action in actions), policy


def test_every_policy_gets_the_words_that_it_has_places_for() -> None:
    given: dict[str, set[str]] = {}
    for policy, words in re.findall(r'policies/([\w-]+)\.json\.tftpl", \{(.*?)\}\)', text(), re.DOTALL):
        given[policy] = set(re.findall(r"^\s+(\w+)\s+=", words, re.MULTILINE))
    assert given == {policy: places for policy, (places, _) in rendered_templates().items()}


def test_the_dead_letters_take_only_what_failed_for_hours_and_only_the_rule_may_send() -> None:
    assert "maxReceiveCount     = 1000" in text()
    (statement,) = rendered_templates()["queue"][1]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": "word"}}


def test_what_is_referred_to_is_declared_and_what_is_declared_is_used() -> None:
    assert referred() <= declared()
    assert {name for name in declared() if name.startswith("var.")} <= set(re.findall(r"\bvar\.\w+", text()))


def test_the_names_are_those_of_the_older_installation() -> None:
    for name in (
        'name                      = "${var.name_prefix}-chart-discovery"',
        '"${var.release_name}-k8s-agent-${var.k8s_agent_name}"',
        '"${var.release_name}-chart-discovery-${var.chart_discovery_name}"',
        '"system:serviceaccount:${var.namespace}"',
    ):
        assert name in text()


def test_the_settings_that_it_gives_are_settings_of_platz() -> None:
    block = text().partition('output "settings"')[2]
    given = set(re.findall(r"^    ([A-Z_]+) +=", block, re.MULTILINE))
    assert len(given) > 8
    assert given <= {environment_name(field) for field in Settings.model_fields.values()}


def test_the_page_tells_of_everything_that_is_created_and_of_every_variable() -> None:
    page = (FOLDER / "README.md").read_text()
    files = {file.name for file in FOLDER.glob("*.tf") if 'resource "' in file.read_text()}
    assert {name for name in files if f"`{name}`" not in page} == set()
    assert {name for name in names("variable") if f"`{name}`" not in page} == set()
    assert len(names("resource")) == 13


@pytest.mark.parametrize("by", [TERRAFORM or "no terraform binary is here: brackets are counted"])
def test_the_files_can_be_read(by: str) -> None:
    """`terraform validate` needs AWS's provider and so a network; `fmt` parses every file without."""
    for opening, closing in ("{}", "[]", "()"):
        assert terraform_files.text().count(opening) == terraform_files.text().count(closing)
    if TERRAFORM is None:
        return
    done = subprocess.run(
        [by, "fmt", "-check", "-diff", FOLDER], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Name a file with variables"),
        (["nowhere.tfvars"], "nowhere.tfvars can't be read"),
        (["nowhere.tfvars", "burn"], "burn is not plan, apply or destroy"),
    ],
    ids=["none", "missing", "command"],
)
def test_the_script_says_what_it_needs(arguments: list[str], told: str) -> None:
    done = subprocess.run(
        [FOLDER / "run-terraform.sh", *arguments], capture_output=True, text=True, check=False, timeout=20
    )
    assert done.returncode == 2
    assert told in done.stderr
