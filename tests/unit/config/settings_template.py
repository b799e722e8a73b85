"""Write the file that documents every setting, as `config/platz.toml` must be."""

from __future__ import annotations

from typing import Any

from platz.commands.settings_report import shown
from platz.config import Settings


def settings_template() -> str:
    """The text of `config/platz.toml`: every setting, commented out, at its default."""
    lines = [
        "# Every setting of Platz. A setting has its default unless this file, the environment or a flag gives it.",
        "",
    ]
    for name, field in Settings.model_fields.items():
        default = field.get_default(call_default_factory=True, validated_data={})
        lines += [f"# {field.description}", f"# {name} = {_toml(default)}", ""]
    return "\n".join(lines)


def _toml(default: Any) -> str:  # any setting's value
    match default:
        case bool() | int():
            return shown(default)
        case None:
            return '""'
        case _:
            return f'"{"" if default == () else shown(default)}"'
