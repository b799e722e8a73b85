"""Settings that put AWS in the place of a stand-in."""

from __future__ import annotations

import pytest

from platz.backing_services import (
    cluster_provider,
    refuse_stand_ins_in_production,
    registry_provider,
    running_services,
    searches_charts,
)
from platz.config import Settings, SettingsError, load
from platz.errors import PlatzError

OIDC = {
    "PLATZ_OIDC_SSM_SERVER_URL": "/oidc/url",
    "PLATZ_OIDC_SSM_CLIENT_ID": "/oidc/id",
    "PLATZ_OIDC_SSM_CLIENT_SECRET": "/oidc/secret",
}
QUEUE = {"PLATZ_ECR_EVENTS_QUEUE": "charts", "PLATZ_ECR_EVENTS_REGION": "eu-west-1"}
PRODUCTION = {
    "PLATZ_PRODUCTION": "1",
    "DATABASE_URL": "postgresql://platz@db.test/platz",
    "PLATZ_OWN_URL": "https://platz.test",
}


def given(environ: dict[str, str]) -> Settings:
    return load(flags={}, environ=environ, file=None).settings


@pytest.mark.parametrize("missing", OIDC)
def test_the_three_parameters_belong_together(missing: str) -> None:
    with pytest.raises(SettingsError, match="belong together"):
        given({name: value for name, value in OIDC.items() if name != missing})


def test_production_on_aws_needs_no_stand_in() -> None:
    settings = given(PRODUCTION | OIDC | QUEUE)
    refuse_stand_ins_in_production(settings)
    with running_services(settings) as services:
        assert services.stand_ins == []
        assert services.identity is None
    assert (cluster_provider(settings), registry_provider(settings)) == ("eks", "ecr")


def test_a_named_provider_wins_over_the_parameters() -> None:
    oidc = {"OIDC_SERVER_URL": "https://id.test", "OIDC_CLIENT_ID": "i", "OIDC_CLIENT_SECRET": "s"}
    with running_services(given(PRODUCTION | OIDC | QUEUE | oidc)) as services:
        assert services.identity is not None
        assert services.identity.issuer == "https://id.test"


@pytest.mark.parametrize(
    "given_names",
    [
        *({name: value} for name, value in QUEUE.items()),
        {"PLATZ_REGISTRY_PROVIDER": "ecr"},
        {"PLATZ_ROLES": "charts"},
    ],
    ids=str,
)
def test_charts_of_ecr_need_a_queue_and_its_region(given_names: dict[str, str]) -> None:
    environ = PRODUCTION | OIDC | given_names
    with (
        pytest.raises(PlatzError, match="are needed to find charts in ECR"),
        running_services(given(environ)),
    ):
        pass


def test_a_process_with_other_work_does_that_when_no_registry_is_mentioned() -> None:
    settings = given(PRODUCTION | OIDC)
    with running_services(settings) as services:
        assert services.registry_url is None
    assert not searches_charts(settings)
    assert searches_charts(given(PRODUCTION | OIDC | QUEUE))


def test_roles_of_other_accounts_are_a_list() -> None:
    arns = ["arn:aws:iam::111122223333:role/platz", "arn:aws-cn:iam::111122223333:role/path/platz"]
    assert given({"PLATZ_EKS_ROLE_ARNS": f"{arns[0]}, {arns[1]} {arns[0]}"}).eks_role_arns == tuple(arns)


@pytest.mark.parametrize(
    "wrong", ["platz", "arn:aws:iam::1:role/platz", "arn:aws:iam::111122223333:user/platz"]
)
def test_what_is_no_role_is_refused_at_the_start(wrong: str) -> None:
    with pytest.raises(SettingsError, match=f"PLATZ_EKS_ROLE_ARNS .*{wrong} is not the ARN of a role"):
        given({"PLATZ_EKS_ROLE_ARNS": wrong})


def test_a_process_that_searches_no_charts_needs_no_queue() -> None:
    with running_services(given(PRODUCTION | OIDC | {"PLATZ_ROLES": "api"})) as services:
        assert services.registry_url is None
