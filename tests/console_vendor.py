"""Copies the console's JavaScript libraries from their published packages into `platz/http/console/vendor`.

Run `make vendor` after a version in `LIBRARIES` changed; it needs npm, which checks each package's integrity. Imports
between the libraries become relative, because the console has no import map.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from repository import ROOT

FOLDER = ROOT / "platz" / "http" / "console" / "vendor"
LIST = FOLDER / "VENDORED.md"
LICENCES = FOLDER / "LICENSES.txt"
_HEAD = """# Libraries of the console

`make vendor` writes this folder from the published packages.

| file | package | version | licence | sha256 |
| --- | --- | --- | --- | --- |
"""
_BARE_IMPORT = re.compile(r'(?<=from)(\s*)"([^".][^"]*)"')
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=\S+\s*$")


@dataclass(frozen=True, kw_only=True)
class Library:
    """A file of a published package, and the name by which other libraries import it."""

    package: str
    version: str
    file: str
    imported_as: str
    licence: str

    @property
    def name(self) -> str:
        """The name of the vendored file."""
        return Path(self.file).name


LIBRARIES = (
    Library(package="preact", version="11.2.0", file="dist/preact.mjs", imported_as="preact", licence="MIT"),
    Library(
        package="preact",
        version="11.2.0",
        file="hooks/dist/hooks.mjs",
        imported_as="preact/hooks",
        licence="MIT",
    ),
    Library(package="htm", version="3.1.1", file="dist/htm.mjs", imported_as="htm", licence="Apache-2.0"),
    Library(
        package="@preact/signals-core",
        version="1.14.5",
        file="dist/signals-core.mjs",
        imported_as="@preact/signals-core",
        licence="MIT",
    ),
    Library(
        package="@preact/signals",
        version="2.11.4",
        file="dist/signals.mjs",
        imported_as="@preact/signals",
        licence="MIT",
    ),
)
_FILES = {library.imported_as: library.name for library in LIBRARIES}


def digest(content: bytes) -> str:
    """Return the digest by which the list names a file."""
    return hashlib.sha256(content).hexdigest()


def listed() -> dict[str, str]:
    """Return the digests of the committed list by file name."""
    rows = (
        line.split("|") for line in LIST.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    )
    return {row[1].strip(" `"): row[5].strip(" `") for row in rows}


def main() -> None:
    """Write the files, their list and their licences."""
    rows: list[str] = []
    licences: dict[str, str] = {}
    for library in LIBRARIES:
        files = _package(library)
        source = _BARE_IMPORT.sub(lambda found: f'{found[1]}"./{_FILES[found[2]]}"', files[library.file])
        content = (_SOURCE_MAP.sub("", source).rstrip() + "\n").encode()
        (FOLDER / library.name).write_bytes(content)
        facts = (library.package, library.version, library.licence, f"`{digest(content)}`")
        rows.append(f"| `{library.name}` | {' | '.join(facts)} |\n")
        licences[f"{library.package} {library.version}"] = files["LICENSE"].strip()
    LIST.write_text(_HEAD + "".join(rows), encoding="utf-8")
    LICENCES.write_text(
        "\n\n".join(f"== {name} ==\n\n{text}\n" for name, text in licences.items()), encoding="utf-8"
    )


def _package(library: Library) -> dict[str, str]:
    """Return the library's file and its licence, as published."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--json", f"{library.package}@{library.version}"]
        packed = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
        with tarfile.open(Path(folder) / str(json.loads(packed.stdout)[0]["filename"])) as opened:
            return {name: _text(opened, f"package/{name}") for name in (library.file, "LICENSE")}


def _text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    if member is None:
        raise SystemExit(f"The package has no {name}.")
    return member.read().decode()


if __name__ == "__main__":
    main()
