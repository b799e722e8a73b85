"""What the code and the documents cite exists: sections of the contract, files, and links between pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from repository import PACKAGE, ROOT, SANDBOX, python_files

CONTRACT = ROOT / "docs" / "contract"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SOURCES = [
    *python_files(PACKAGE, SANDBOX, ROOT / "tests", ROOT / "migrations"),
    *sorted((ROOT / "migrations").rglob("*.sql")),
]
CITATION = re.compile(r'docs/contract/([a-z-]+\.md)((?:,\s+(?:and\s+)?"[^"]+")*)')
PROJECT_PATH = re.compile(r"`((?:platz|platz_sandbox|tests|migrations|config|docs|terraform)/[\w./-]*)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
NUMBERED = re.compile(r"\b(?:auth|workers|data-model|http-api|chart-extensions)\.md,? (?:sections? )?\d")


def titles(page: Path) -> list[str]:
    """The titles of a page, without the marks of code."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [title.replace("`", "").strip() for title in re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)]


def anchor(title: str) -> str:
    """The anchor that the usual renderers of Markdown make of a title."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def citations(text: str) -> Iterator[tuple[str, str | None]]:
    """Page and section of each citation; a citation may run over lines and name several sections."""
    joined = re.sub(r"\s*\n\s*(?:#|--)?\s*", " ", text)
    for page, cited in CITATION.findall(joined):
        found = re.findall(r'"([^"]+)"', cited)
        yield from ((page, section) for section in found or [None])


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: str(source.relative_to(ROOT)))
def test_every_cited_section_of_the_contract_exists(source: Path) -> None:
    text = source.read_text(encoding="utf-8")
    assert not NUMBERED.search(text), 'sections are cited by their titles: docs/contract/auth.md, "Roles"'
    for page, section in citations(text):
        assert (CONTRACT / page).is_file(), page
        assert section is None or section.replace("`", "") in titles(CONTRACT / page), (
            f"{page} has no section {section}"
        )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, fragment = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), f"{link} of {page.name}"
        if fragment and target.suffix == ".md":
            assert fragment in map(anchor, titles(target)), f"{link} of {page.name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    for path in PROJECT_PATH.findall(page.read_text(encoding="utf-8")):
        if re.fullmatch(r"platz/[\w-]+\.(yaml|yml|json)", path):
            continue  # a chart's own folder is called `platz`, too
        assert (ROOT / path).exists(), f"{page.name} names {path}"
