"""Generator of the tables in THIRD_PARTY_NOTICES.md: the licence that each distribution in the locks states.

Run `make notices` after `make lock`. The text above the marker in the file is written by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.message import Message
from importlib.metadata import metadata

from locks import DEVELOPMENT, PRODUCTION, SANDBOX, locked
from repository import ROOT

FILE = ROOT / "THIRD_PARTY_NOTICES.md"
MARKER = "<!-- `make notices` writes what follows. -->\n"
TITLES = {
    PRODUCTION: "Installed with `platz`",
    SANDBOX: "Installed with `platz[sandbox]` on top",
    DEVELOPMENT: "Installed for development on top, never distributed",
}
ONLY_IN_ITS_FILE = {"axe-playwright-python": "MIT; axe-core in it: MPL-2.0"}
"""Licences of distributions whose metadata states none, read from their licence files."""
SAYS_NOTHING = {"UNKNOWN", "Dual License"}
"""Texts that some distributions have in the field `License` instead of a licence."""


def notices() -> str:
    """Return the whole file: the present prose, and new tables for the locks and the installed distributions."""
    prose, _, _ = FILE.read_text(encoding="utf-8").partition(MARKER)
    return prose + MARKER + "".join(_sections())


def licence_of(distribution: Message) -> str:
    """Return the licence that a distribution's metadata states: an expression, a text, or classifiers."""
    stated = distribution.get("License-Expression") or distribution.get("License") or ""
    if stated and stated not in SAYS_NOTHING:
        return stated
    classifiers = [words.split(" :: ") for words in distribution.get_all("Classifier") or ()]
    licences = [words[-1] for words in classifiers if words[0] == "License" and len(words) > 2]
    return " or ".join(licences) or ONLY_IN_ITS_FILE.get(str(distribution.get("Name")), "")


def _sections() -> Iterator[str]:
    """Yield a table for each lock, with the distributions that are not in the locks before it."""
    shown: set[str] = set()
    for lock, title in TITLES.items():
        new = {name: version for name, version in locked(lock).items() if name not in shown}
        shown |= new.keys()
        rows = (f"| {name} | {version} | {licence_of(metadata(name))} |\n" for name, version in new.items())
        yield f"\n### {title}\n\n| distribution | version | licence |\n| --- | --- | --- |\n{''.join(rows)}"


if __name__ == "__main__":
    FILE.write_text(notices(), encoding="utf-8")
