"""Versions of a model in a folder: model-0001.safetensors, model-0002.safetensors, ..."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

from rl_control.errors import DataError

DATA = "transitions.safetensors"
"""The file in the same folder that holds the motion the versions were learned from."""

_NAME = re.compile(r"model-(\d{4,})\.safetensors")


def version_path(folder: Path, number: int) -> Path:
    """Return the file of version `number`, from 1."""
    return folder / f"model-{number:04d}.safetensors"


def version_of(path: Path) -> int:
    """Return the number in a file's name; 0 for a file that is no version."""
    found = _NAME.fullmatch(path.name)
    return int(found[1]) if found else 0


def versions(folder: Path) -> list[int]:
    """Return the numbers of all versions in a folder, ascending; none if it cannot be read."""
    try:
        return sorted(filter(None, map(version_of, folder.iterdir())))
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


def find_model(path: Path) -> Path:
    """Return the file that is meant by a path: itself, or the newest version of a folder.

    Raises:
        DataError: if there is none.
    """
    if path.is_file():
        return path
    number = newest(path)
    if not number:
        raise DataError(
            path,
            "no version in this folder (model-0001.safetensors and so on)"
            if path.is_dir()
            else "there is no such file or folder",
            "Name a model's file, or a folder in which dynamics_learner has left one.",
        )
    return version_path(path, number)
