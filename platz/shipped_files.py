"""The location of data folders that ship with a package: inside the installed package, beside it in a checkout.

`setup.py` says which folder goes into which package.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType


def shipped(folder: str, *, package: ModuleType) -> Path:
    """Return the path of the data folder that ships with ``package`` under this name."""
    (home,) = package.__path__
    installed = Path(home) / folder
    return installed if installed.is_dir() else Path(home).parent / folder
