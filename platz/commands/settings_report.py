"""`python run.py --print-settings`: every setting with its meaning, default, present value and source."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from platz.commands.arguments import flag_of
from platz.config import LoadedSettings, Settings, environment_name


def settings_report(loaded: LoadedSettings) -> str:
    """Return a description of all settings, one paragraph for each; secrets are masked."""
    return "\n".join(_paragraphs(loaded))


def _paragraphs(loaded: LoadedSettings) -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        source = loaded.sources.get(name, "default")
        default = field.get_default(call_default_factory=True, validated_data={})
        yield f"{environment_name(field)}   (TOML: {name}, flag: {flag_of(name)})"
        yield f"    {field.description}"
        yield f"    default: {shown(default)}"
        yield f"    now: {shown(getattr(loaded.settings, name))}   from: {source}"
        yield ""


def shown(value: Any) -> str:  # any setting's value
    """Return a setting's value as an operator would write it, with secrets masked."""
    match value:
        case None | () | "":
            return "not set"
        case SecretStr():
            return "********"
        case tuple():
            return " ".join(shown(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
        case timedelta():
            return f"{value.total_seconds():g}s"
        case bool():
            return str(value).lower()
        case _ if value is PydanticUndefined:
            return "not set"
        case _:
            return str(value)
