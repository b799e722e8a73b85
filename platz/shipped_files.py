"""Where the folders lie that a package reads beside its code: inside it once installed, beside it in a checkout.

`setup.py` says which folder goes into which package.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType


def shipped(folder: str, *, package: ModuleType) -> Path:
    """Return the folder of that name which belongs to ``package``."""
    (home,) = package.__path__
    installed = Path(home) / folder
    return installed if installed.is_dir() else Path(home).parent / folder
