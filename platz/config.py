"""Every setting of Platz: one model, read from flags, environment, `.env` and a TOML file, in this order.

Invariant: no setting is read anywhere else. Each field states its meaning, its default and the name of its
environment variable (the names of docs/contract/http-api.md, "Process configuration" and docs/contract/workers.md,
"Settings, probes and logs"); the TOML key is the field's name and the flag is the field's name with hyphens. An
empty value counts as not set, because deployment manifests pass empty values for settings that they leave out.
"""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""The networks in which the ingresses of most installations are (RFC 1918, RFC 6598, RFC 4193)."""


class SettingsError(Exception):
    """A setting is wrong; the message is one line that says which and what to do."""


class Role(StrEnum):
    """A part of the work that a process can take on."""

    API = "api"
    CLUSTERS = "clusters"
    DEPLOY = "deploy"
    TRACK = "track"
    CHARTS = "charts"
    STATUS = "status"
    RESOURCES = "resources"
    CREDENTIALS = "credentials"


_UNITS = {
    **dict.fromkeys(("ms", "msec"), 0.001),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800),
}
_DURATION = re.compile(r"(\d+)\s*([a-z]+)\s*")
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[!-~]+")
_MONTHS = re.compile(r"\d\s*M(?![A-Za-z])")


def parse_duration(value: Any) -> Any:
    """Parse a duration such as `30s`, `1h 30m` or `2days`; raise `ValueError` for a number without a unit.

    Source: docs/contract/workers.md, "Settings of cluster work".
    """
    if not isinstance(value, str):
        return value
    if _MONTHS.search(value):
        raise ValueError(
            "M is not understood, because older Platz took it for months: write m for minutes, or days"
        )
    parts = _DURATION.findall(value.strip().lower())
    if not parts or _DURATION.sub("", value.strip().lower()) or any(unit not in _UNITS for _, unit in parts):
        raise ValueError("give a number with a unit, such as 30s, 20m or 1h 30m")
    try:
        return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts))
    except (OverflowError, ValueError):  # ValueError: more digits than Python reads
        raise ValueError("this is longer than anything lasts") from None


def _existing(value: Path) -> Path:
    """Return the path; raise `ValueError` if the file can't be read, so that this is noticed at the start."""
    try:
        with value.open("rb"):
            return value
    except OSError as error:
        raise ValueError(f"{value} can't be read: {error.strerror}") from None


def _program(value: Path) -> Path:
    """Return the path of a program, found by its path or, as in a shell, by its name; raise `ValueError`."""
    found = shutil.which(value)
    if found is None:
        raise ValueError(f"{value} is no program that can be run here")
    return Path(found)


def _lasting(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("give more than zero")
    return value


def _some(value: tuple[Role, ...]) -> tuple[Role, ...]:
    if not value:
        raise ValueError("give at least one role")
    return value


def _split(value: Any) -> Any:
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
Interval = Annotated[timedelta, BeforeValidator(parse_duration), AfterValidator(_lasting)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Roles = Annotated[tuple[Role, ...], NoDecode, BeforeValidator(_split), AfterValidator(_some)]
LogLevel = Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lower)]
Port = Annotated[int, Field(ge=1, le=65535)]
Count = Annotated[int, Field(ge=1)]
ExistingFile = Annotated[Path, AfterValidator(_existing)]
Program = Annotated[Path, AfterValidator(_program)]


def setting(env: str, default: Any, meaning: str) -> Any:
    """Declare a setting: the name of its environment variable, its default and its meaning."""
    return Field(default=default, validation_alias=env, description=meaning)


class Settings(BaseSettings):
    """The settings that an operator can give."""

    model_config = SettingsConfigDict(case_sensitive=True, extra="ignore", frozen=True, env_ignore_empty=True)

    production: bool = setting("PLATZ_PRODUCTION", False, "Refuse every stand-in of the sandbox.")
    roles: Roles = setting("PLATZ_ROLES", tuple(Role), "The parts of the work that this process takes.")
    weak_settings: Literal["warn", "refuse"] = setting(
        "PLATZ_WEAK_SETTINGS",
        "warn",
        "What happens without encryption keys, with plain http, or with a database across a network without TLS: warn"
        " at each start and in /readyz, or refuse to start.",
    )
    data_dir: Path = setting(
        "PLATZ_DATA_DIR", Path(".platz"), "Folder for caches and for the data of the stand-ins."
    )
    log_level: LogLevel = setting("PLATZ_LOG_LEVEL", "info", "debug, info, warning or error.")
    log_format: Literal["auto", "human", "json"] = setting(
        "PLATZ_LOG_FORMAT", "auto", "auto means human on a terminal and JSON otherwise."
    )
    rust_log: str | None = setting(
        "RUST_LOG", None, "Log filter of the older server; its first level is used."
    )
    stop_timeout: Duration = setting(
        "PLATZ_STOP_TIMEOUT", timedelta(seconds=25), "How long running tasks may go on after SIGTERM."
    )

    api_host: str | None = setting(
        "API_HOST",
        None,
        "Listen address. By default 0.0.0.0, or 127.0.0.1 with the sandbox's identity provider.",
    )
    api_port: Port = setting("API_PORT", 3000, "Listen port (plain HTTP).")
    health_port: Port | None = setting(
        "PLATZ_HEALTH_PORT",
        None,
        "Listen port of /status, /readyz and /metrics alone, for a process with any roles.",
    )
    own_url: str | None = setting("PLATZ_OWN_URL", None, "Public address of this installation.")
    anonymous_requests_per_minute: Count = setting(
        "PLATZ_ANONYMOUS_REQUESTS_PER_MINUTE",
        6000,
        "Requests a minute that one address may send to the routes that need no sign-in.",
    )
    failed_tokens_per_minute: Count = setting(
        "PLATZ_FAILED_TOKENS_PER_MINUTE",
        6000,
        "Invalid credentials a minute that one address may send before it is told to wait.",
    )
    frontend_dir: Path | None = setting(
        "PLATZ_FRONTEND_DIR", None, "Folder of another web frontend to serve at /."
    )
    prometheus_update_interval: Interval = setting(
        "PLATZ_PROMETHEUS_UPDATE_INTERVAL",
        timedelta(seconds=5),
        "Maximum age of the metrics that are counted in the database.",
    )

    database_url: SecretStr | None = setting(
        "DATABASE_URL", None, "PostgreSQL as one URL; wins over the PG settings."
    )
    database_direct_url: SecretStr | None = setting(
        "PLATZ_DATABASE_DIRECT_URL",
        None,
        "URL of the PostgreSQL server itself, when the database is reached through a pooler by transactions.",
    )
    pghost: str | None = setting("PGHOST", None, "PostgreSQL host. If no database is given, one is embedded.")
    pgport: Port = setting("PGPORT", 5432, "PostgreSQL port.")
    pguser: str = setting("PGUSER", "platz", "PostgreSQL user.")
    pgpassword: SecretStr | None = setting("PGPASSWORD", None, "PostgreSQL password.")
    pgdatabase: str = setting("PGDATABASE", "platz", "PostgreSQL database.")
    pgsslmode: str = setting("PGSSLMODE", "prefer", "disable, prefer, require or verify-full.")
    pgsslrootcert: Path | None = setting("PGSSLROOTCERT", None, "CA bundle (PEM) for verify-full.")
    db_pool_max_size: Count = setting("DB_POOL_MAX_SIZE", 50, "Maximum number of connections in the pool.")
    db_pool_min_idle: Annotated[int, Field(ge=0)] | None = setting(
        "DB_POOL_MIN_IDLE", None, "Number of idle connections kept open."
    )
    db_pool_connection_timeout: Count = setting(
        "DB_POOL_CONNECTION_TIMEOUT_SECS", 30, "Seconds to wait for a free connection."
    )
    db_pool_idle_timeout: Count = setting(
        "DB_POOL_IDLE_TIMEOUT_SECS", 600, "Seconds after which an idle connection is closed."
    )
    db_pool_max_lifetime: Count = setting(
        "DB_POOL_MAX_LIFETIME_SECS", 1800, "Seconds after which a connection is renewed."
    )
    postgres_port: Port = setting("PLATZ_POSTGRES_PORT", 15432, "Port of the embedded PostgreSQL.")
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = setting(
        "PLATZ_ENCRYPTION_KEYS", (), "Keys for encryption at rest, newest first, separated by spaces."
    )

    oidc_server_url: str | None = setting("OIDC_SERVER_URL", None, "Issuer of the identity provider.")
    oidc_client_id: str | None = setting("OIDC_CLIENT_ID", None, "Client id at the identity provider.")
    oidc_client_secret: SecretStr | None = setting("OIDC_CLIENT_SECRET", None, "Client secret.")
    oidc_ssm_server_url: str | None = setting(
        "PLATZ_OIDC_SSM_SERVER_URL",
        None,
        "AWS SSM parameter with the issuer; used when OIDC_SERVER_URL is not given.",
    )
    oidc_ssm_client_id: str | None = setting(
        "PLATZ_OIDC_SSM_CLIENT_ID", None, "AWS SSM parameter with the client id."
    )
    oidc_ssm_client_secret: str | None = setting(
        "PLATZ_OIDC_SSM_CLIENT_SECRET", None, "AWS SSM parameter (SecureString) with the client secret."
    )
    oidc_email_claim: str = setting(
        "OIDC_EMAIL_CLAIM",
        "email",
        "Claim that holds the e-mail address of a person, such as preferred_username or upn at Entra ID.",
    )
    oidc_require_verified_email: bool = setting(
        "PLATZ_OIDC_REQUIRE_VERIFIED_EMAIL",
        True,
        "Refuse people whose provider says `email_verified: false`.",
    )
    admin_emails: Words = setting(
        "ADMIN_EMAILS", (), "E-mail addresses of users who become site admins at their first sign-in."
    )
    identity_port: Port = setting("PLATZ_IDENTITY_PORT", 9000, "Port of the sandbox's identity provider.")

    cluster_provider: Literal["auto", "eks", "local", "sandbox"] = setting(
        "PLATZ_CLUSTER_PROVIDER",
        "auto",
        "Where clusters are found. auto means local when its settings are given, else the sandbox on a laptop and eks"
        " elsewhere.",
    )
    k8s_refresh_interval: Interval = setting(
        "K8S_REFRESH_INTERVAL", timedelta(hours=1), "Time between two searches for clusters."
    )
    local_kubeconfig: Path | None = setting("PLATZ_LOCAL_KUBECONFIG", None, "Kubeconfig of provider `local`.")
    local_context: str | None = setting("PLATZ_LOCAL_CONTEXT", None, "Context of provider `local`.")
    kubeconfig_folder: Path | None = setting(
        "PLATZ_KUBECONFIG_FOLDER",
        None,
        "Folder of kubeconfigs of provider `local`, one for each cluster; files may come and go.",
    )
    kubeconfig: str | None = setting(
        "KUBECONFIG", None, "Kubeconfig files of provider `local`, as kubectl has it."
    )
    simulator_port: Port = setting("PLATZ_SIMULATOR_PORT", 16443, "Port of the simulated Kubernetes API.")
    simulator_ingress_port: Port = setting(
        "PLATZ_SIMULATOR_INGRESS_PORT", 16444, "Port of the simulated clusters' ingresses."
    )
    ingress_connect: str | None = setting(
        "PLATZ_INGRESS_CONNECT",
        None,
        "host:port to connect to for the ingress of every deployment, whatever its host name.",
    )
    ingress_ca: ExistingFile | None = setting(
        "PLATZ_INGRESS_CA", None, "CA bundle (PEM) for verifying the ingresses of deployments."
    )

    ingress_private_networks: Words = setting(
        "PLATZ_INGRESS_PRIVATE_NETWORKS",
        PRIVATE_NETWORKS,
        "Private networks (CIDR) in which ingresses of deployments may be, separated by spaces; none allows public"
        " addresses only.",
    )

    aws_region: str | None = setting(
        "AWS_REGION",
        None,
        "Region of AWS calls that name none: the list of regions, SSM. By default AWS_DEFAULT_REGION or the profile's.",
    )
    eks_role_arns: Words = setting(
        "PLATZ_EKS_ROLE_ARNS",
        (),
        "IAM roles of other AWS accounts whose EKS clusters are found, too, separated by spaces; they are assumed with"
        " the AWS credentials of the process.",
    )
    registry_provider: Literal["auto", "ecr", "oci", "sandbox"] = setting(
        "PLATZ_REGISTRY_PROVIDER",
        "auto",
        "Where charts are found. auto means ecr or oci when their settings are given, else the sandbox on a laptop and"
        " ecr elsewhere.",
    )
    ecr_events_queue: str | None = setting("PLATZ_ECR_EVENTS_QUEUE", None, "SQS queue of ECR's events.")
    ecr_events_region: str | None = setting("PLATZ_ECR_EVENTS_REGION", None, "Region of that queue.")
    ecr_accounts: Words = setting(
        "PLATZ_ECR_ACCOUNTS",
        (),
        "AWS accounts whose ECR events count, separated by spaces; by default the account of the AWS credentials.",
    )
    oci_registry_url: str | None = setting("PLATZ_OCI_REGISTRY_URL", None, "Base URL of an OCI registry.")
    oci_poll_interval: Interval = setting(
        "PLATZ_OCI_POLL_INTERVAL", timedelta(seconds=5), "Time between two searches of the OCI registry."
    )
    enable_tag_parser: bool = setting(
        "PLATZ_ENABLE_TAG_PARSER", True, "Apply changed tag formats to existing charts."
    )
    registry_port: Port = setting("PLATZ_REGISTRY_PORT", 5001, "Port of the sandbox's chart registry.")

    helm_executable: Program | None = setting(
        "PLATZ_HELM_EXECUTABLE", None, "Run this `helm` instead of the built-in Helm engine."
    )
    helm_timeout: Interval = setting(
        "PLATZ_HELM_TIMEOUT",
        timedelta(minutes=13),
        "Time limit of one Helm run; an EKS token is valid for 14 minutes.",
    )
    outside_changes: Literal["TakeOver", "Refuse"] = setting(
        "PLATZ_OUTSIDE_CHANGES",
        "TakeOver",
        "What an upgrade does with fields that somebody else changed in the cluster: TakeOver sets them as the chart"
        " says, Refuse fails and names them. Charts may choose for themselves.",
    )
    helm_memory: Count | None = setting(
        "PLATZ_HELM_MEMORY_MIB",
        None,
        "Memory limit of one Helm run, in MiB. By default 1024, or less where the memory of the process is limited.",
    )
    tasks_per_cluster: Count = setting("PLATZ_TASKS_PER_CLUSTER", 4, "Tasks that run at once in a cluster.")
    tasks_per_process: Count | None = setting(
        "PLATZ_TASKS_PER_PROCESS",
        None,
        "Tasks that run at once in this process. By default 8, or fewer where the memory of the process is limited.",
    )
    self_namespace: str | None = setting(
        "PLATZ_SELF_NAMESPACE", None, "Set by the install chart; shows that this is not a laptop."
    )
    kubernetes_service_host: str | None = setting(
        "KUBERNETES_SERVICE_HOST", None, "Set by Kubernetes in each pod; shows that this is not a laptop."
    )
    self_service_account_name: str | None = setting(
        "PLATZ_SELF_SERVICE_ACCOUNT_NAME",
        None,
        "Set by the install chart; not needed, because Helm runs inside Platz.",
    )
    helm_image: str | None = setting(
        "PLATZ_HELM_IMAGE", None, "Set by the install chart; not needed, because Helm runs inside Platz."
    )

    disable_deployment_credentials: bool = setting(
        "PLATZ_DISABLE_DEPLOYMENT_CREDENTIALS", False, "Do not refresh the credentials of deployments."
    )
    deployment_credentials_refresh_interval: Duration = setting(
        "PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL", timedelta(minutes=20), "Time between two refreshes."
    )
    deployment_credentials_token_duration: Duration = setting(
        "PLATZ_DEPLOYMENT_CREDENTIALS_TOKEN_DURATION", timedelta(hours=1), "Lifetime of those credentials."
    )

    @field_validator("own_url", "oidc_server_url", "oci_registry_url")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).netloc):
            raise ValueError("give an absolute http or https address")
        return value

    @field_validator("ingress_connect")
    @classmethod
    def _host_and_port(cls, value: str | None) -> str | None:
        found = re.fullmatch(r".+:(\d{1,5})", value) if value else None
        if value and not (found and 0 < int(found[1]) <= 65535):
            raise ValueError("give host:port")
        return value

    @field_validator("eks_role_arns")
    @classmethod
    def _roles_of_accounts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [arn for arn in value if not _ROLE_ARN.fullmatch(arn)]
        if wrong:
            raise ValueError(
                f"{wrong[0]} is not the ARN of a role, such as arn:aws:iam::111122223333:role/platz"
            )
        return tuple(dict.fromkeys(value))

    @field_validator("ingress_private_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks = () if value == ("none",) else value
        try:
            return tuple(str(ip_network(text)) for text in networks)
        except ValueError:
            raise ValueError("give networks such as 10.0.0.0/8, or none") from None

    @model_validator(mode="after")
    def _agreeing(self) -> Settings:
        refresh, lifetime = (
            self.deployment_credentials_refresh_interval,
            self.deployment_credentials_token_duration,
        )
        if not timedelta(0) < refresh < lifetime:
            raise ValueError(
                "PLATZ_DEPLOYMENT_CREDENTIALS_REFRESH_INTERVAL must be above zero and shorter than"
                " PLATZ_DEPLOYMENT_CREDENTIALS_TOKEN_DURATION"
            )
        oidc = (self.oidc_server_url, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            raise ValueError(
                "OIDC_SERVER_URL, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: give all three"
            )
        stored = (self.oidc_ssm_server_url, self.oidc_ssm_client_id, self.oidc_ssm_client_secret)
        if any(stored) and not all(stored):
            raise ValueError(
                "PLATZ_OIDC_SSM_SERVER_URL, PLATZ_OIDC_SSM_CLIENT_ID and PLATZ_OIDC_SSM_CLIENT_SECRET belong together:"
                " give all three"
            )
        if self.kubeconfig_folder and (self.local_kubeconfig or self.local_context):
            raise ValueError(
                "PLATZ_KUBECONFIG_FOLDER excludes PLATZ_LOCAL_KUBECONFIG and PLATZ_LOCAL_CONTEXT: give one or the other"
            )
        if self.registry_provider == "oci" and not self.oci_registry_url:
            raise ValueError("PLATZ_OCI_REGISTRY_URL is needed with PLATZ_REGISTRY_PROVIDER=oci")
        return self

    @classmethod
    @override
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Use only the values that `load` passes in, because `load` combines the sources and tracks them itself."""
        return (init_settings,)


@dataclass(frozen=True, kw_only=True)
class LoadedSettings:
    """The settings and, for each field that was given, the source of its value."""

    settings: Settings
    sources: Mapping[str, str]


def environment_name(field: FieldInfo) -> str:
    """Return the name of a setting's environment variable."""
    return str(field.validation_alias)


def load(
    *,
    flags: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Path | None,
    dotenv: Path | None = None,
    defaults: Mapping[str, Any] | None = None,
) -> LoadedSettings:
    """Combine all sources and validate; raise `SettingsError` with one line for the first wrong setting.

    ``flags`` are keyed by field name, and so are ``defaults``, which differ from those of the settings. ``file`` must
    exist if it is given.
    """
    layers: Sequence[tuple[str, Mapping[str, Any]]] = (
        ("flag", flags),
        ("environment", _by_field(environ)),
        (".env", _by_field(_read_dotenv(dotenv))),
        (str(file), _read_file(file)),
        ("executable", defaults or {}),
    )
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for name in Settings.model_fields:
        for source, layer in layers:
            if layer.get(name) not in (None, ""):
                values[environment_name(Settings.model_fields[name])] = layer[name]
                sources[name] = source
                break
    try:
        return LoadedSettings(settings=Settings(**values), sources=sources)
    except ValidationError as error:
        raise SettingsError(_sentence(error, sources)) from None


def load_here(
    *, flags: Mapping[str, Any], file: Path | None, defaults: Mapping[str, Any] | None = None
) -> LoadedSettings:
    """Combine the flags and the file with the environment and the `.env` of this process; raise `SettingsError`."""
    return load(flags=flags, environ=os.environ, file=file, dotenv=Path(".env"), defaults=defaults)


def _by_field(environ: Mapping[str, str | None]) -> dict[str, str]:
    found = {name: environ.get(environment_name(f)) for name, f in Settings.model_fields.items()}
    return {name: value for name, value in found.items() if value and _is_meant(name, value)}


def _is_meant(name: str, value: str) -> bool:
    """Return whether a variable is meant for Platz.

    A `DB_POOL_*` that is no number counts as not set. Kubernetes sets `PLATZ_POSTGRES_PORT` to an address if there is
    a Service called `platz-postgres`.

    Source: docs/contract/workers.md, "Common settings".
    """
    if name.startswith("db_pool_"):
        return value.isdecimal()
    return not (name.endswith("_port") and value.startswith(("tcp://", "udp://", "sctp://")))


def misspelt(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return the variables that nothing reads but whose names resemble a setting's, each with the setting's name."""
    known = {environment_name(field) for field in Settings.model_fields.values()}
    close = {name: get_close_matches(name, known, n=1, cutoff=0.9) for name in environ if name not in known}
    return {name: meant[0] for name, meant in close.items() if meant}


def _read_dotenv(path: Path | None) -> Mapping[str, str | None]:
    from dotenv import dotenv_values

    return dotenv_values(path) if path and path.is_file() else {}


def _read_file(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"The configuration file {path} can't be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The configuration file {path} is not valid TOML: {error}.") from None
    unknown = sorted(set(document) - set(Settings.model_fields))
    if unknown:
        raise SettingsError(f"The configuration file {path} has the unknown setting `{unknown[0]}`.")
    return document


def _sentence(error: ValidationError, sources: Mapping[str, str]) -> str:
    problem = error.errors(include_url=False, include_input=False, include_context=False)[0]
    reason = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return f"Wrong settings: {reason}."
    env = str(problem["loc"][0])
    name = next((n for n, f in Settings.model_fields.items() if environment_name(f) == env), env)
    return f"Wrong setting {env} (from {sources.get(name, 'default')}): {reason}."
