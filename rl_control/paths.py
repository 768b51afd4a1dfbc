"""Where files are: data that ships with the package, the cache, the folders of runs."""

from __future__ import annotations

import os
import time
from itertools import count
from pathlib import Path

from rl_control.errors import InstallationError, UnknownNameError

DATA_KINDS = ("urdf", "launch", "config")
PACKAGE = "rl_control"


def data_dir(kind: str) -> Path:
    """Return the folder of shipped data: "urdf", "launch" or "config".

    Works for an editable checkout, a pip install (venv, user, system, --target) and a colcon
    workspace (isolated, merged, symlinked) without any variable set: the data lie in
    `share/rl_control` of the prefix that holds the module.

    Raises:
        UnknownNameError: if `kind` is none of these.
        InstallationError: if the installation lacks the folder.
    """
    if kind not in DATA_KINDS:
        raise UnknownNameError("kind of data", kind, DATA_KINDS)
    return find_data(Path(__file__), kind)


def find_data(module: Path, kind: str) -> Path:
    """Return the data folder `kind` that belongs to the module file `module` of this package.

    Raises:
        InstallationError: if there is none.
    """
    for file in (module.absolute(), module.resolve()):
        checkout = file.parents[1]
        if (checkout / "package.xml").is_file() and (checkout / kind).is_dir():
            return checkout / kind
        for prefix in file.parents[1:]:
            folder = prefix / "share" / PACKAGE / kind
            if folder.is_dir():
                return folder
    raise InstallationError(f"share/{PACKAGE}/{kind}", module.parent)


def cache_dir() -> Path:
    """Return the cache folder, which may not exist: $RL_CONTROL_CACHE or ~/.cache/rl_control."""
    chosen = os.environ.get("RL_CONTROL_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / PACKAGE


def new_run_dir(verb: str, root: str | Path = "runs") -> Path:
    """Create and return a folder for one run: ROOT/VERB-DATE-TIME, never one that exists."""
    stem = f"{verb}-{time.strftime('%Y%m%d-%H%M%S')}"
    for attempt in count(1):
        folder = Path(root) / (stem if attempt == 1 else f"{stem}-{attempt}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not Path(root).is_dir():
                raise
            continue
        return folder
    raise AssertionError("unreachable")
