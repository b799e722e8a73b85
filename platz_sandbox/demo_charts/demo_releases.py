"""The releases of the demo charts, and the folders that each release is made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class DemoChart:
    """One release of a chart; a file in a later folder of ``folders`` replaces the same file of an earlier folder."""

    repository: str
    version: str
    folders: tuple[Path, ...]

    def files(self) -> dict[str, Path]:
        """Return the files of the release: path inside the chart → path on disk."""
        return {
            str(path.relative_to(folder)): path
            for folder in self.folders
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def _release(repository: str, version: str, *updates: str) -> DemoChart:
    folders = (
        _HERE / "charts" / repository,
        *(_HERE / "updates" / f"{repository}-{update}" for update in updates),
    )
    return DemoChart(repository=repository, version=version, folders=folders)


DEMO_CHARTS = (
    _release("web-shop", "1.0.0"),
    _release("web-shop", "1.1.0", "1.1.0"),
    _release(
        "web-shop", "1.2.0-7-g3fa92c1-gift-cards", "1.1.0", "gift-cards"
    ),  # the tag that a branch's pipeline pushes
    _release("registry-cache", "2.4.1"),
    _release("storefront", "0.9.0"),
    _release("storefront", "1.0.0", "1.0.0"),
    _release("chaos-monkey", "1.0.0"),
    _release("chaos-monkey", "1.0.1", "1.0.1"),
    _release("guestbook", "0.3.0"),
)
