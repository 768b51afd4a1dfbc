"""Versions of a model in a folder: model-0001.safetensors, model-0002.safetensors, ...

Policies lie in folders in the same way: policy-0001.safetensors, ...
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from rl_control.errors import ConfigError, DataError

DATA = "transitions.safetensors"
"""The file in the same folder that holds the motion the versions were learned from."""

MODEL, POLICY = "model", "policy"
"""What versions are of, as their names say."""

_NAME = re.compile(r"([a-z]+)-(\d{4,})\.safetensors")


def version_path(folder: Path, number: int, kind: str = MODEL) -> Path:
    """Return the file of version `number`, from 1."""
    return folder / f"{kind}-{number:04d}.safetensors"


def version_of(path: Path, kind: str = MODEL) -> int:
    """Return the number in a file's name; 0 for a file that is no version."""
    found = _NAME.fullmatch(path.name)
    return int(found[2]) if found and found[1] == kind else 0


def versions(folder: Path, kind: str = MODEL) -> list[int]:
    """Return the numbers of all versions in a folder, ascending; none if it cannot be read."""
    try:
        return sorted(filter(None, (version_of(path, kind) for path in folder.iterdir())))
    except OSError:
        return []


def newest(folder: Path) -> int:
    """Return the number of the newest version; 0 if there is none."""
    return max(versions(folder), default=0)


def prune(folder: Path, kept: int) -> None:
    """Delete all but the newest `kept` versions."""
    for number in versions(folder)[:-kept]:
        with suppress(OSError):
            version_path(folder, number).unlink()


def check_followed(path: Path, kind: str, folder: str) -> None:
    """Refuse to follow a file: newer versions come into a folder.

    Args:
        path: what is to be followed.
        kind: of the versions, which is also the parameter's name.
        folder: which one it should be, in words.

    Raises:
        ConfigError: if it is a file.
    """
    if path.is_file():
        raise ConfigError(
            "parameters",
            f"follow_{kind}",
            f"{path} is a file, no folder",
            f"Let '{kind}' name the folder of {folder}, or set follow_{kind} to false.",
        )


def find_model(path: Path, kind: str = MODEL, maker: str = "dynamics_learner") -> Path:
    """Return the file that is meant by a path: itself, or the newest version of a folder.

    Args:
        path: a file or a folder.
        kind: of the versions looked for.
        maker: who leaves them there, for the error's sake.

    Raises:
        DataError: if there is none.
    """
    if path.is_file():
        return path
    found = versions(path, kind)
    if not found:
        raise DataError(
            path,
            f"no version in this folder ({version_path(Path(), 1, kind)} and so on)"
            if path.is_dir()
            else "there is no such file or folder",
            f"Name a {kind}'s file, or a folder in which {maker} has left one.",
        )
    return version_path(path, found[-1], kind)
