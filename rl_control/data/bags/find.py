"""The bag that a path means: the folder of a run, of a bag, or one of a bag's files."""

from __future__ import annotations

from pathlib import Path

from rl_control.errors import DataError

METADATA = "metadata.yaml"
INSIDE_A_RUN = "bag"
"""What a run calls the folder of its bag."""

_STORAGE = (".mcap", ".db3")
_PACKED = ".zstd"
_ALLOWED = "the folder of a run, of a bag, or one .mcap or .db3 file"


def find_bag(path: str | Path) -> Path:
    """Return the folder (with its metadata.yaml) or the one storage file of the bag at `path`.

    Args:
        path: the folder of a run with a bag in it, a bag's folder or metadata.yaml, or one .mcap
            or .db3 file.

    Raises:
        DataError: if there is no bag, saying what was found and what to do.
    """
    path = Path(path)
    if path.is_file():
        return _found_file(path)
    if not path.is_dir():
        raise DataError(path, "there is no such bag", f"Name {_ALLOWED}.")
    if (path / METADATA).is_file():
        return path
    if (path / INSIDE_A_RUN).is_dir():
        return find_bag(path / INSIDE_A_RUN)
    raise _no_bag(path)


def holds_bag(path: str | Path) -> bool:
    """Whether `find_bag` finds one at `path`, or something that a recorder left unfinished."""
    path = Path(path)
    if path.is_file():
        return path.suffix in _STORAGE or path.name == METADATA
    if (path / METADATA).is_file() or _files(path):
        return True
    return (path / INSIDE_A_RUN).is_dir() and holds_bag(path / INSIDE_A_RUN)


def storage_files(bag: Path) -> list[Path]:
    """The .mcap or .db3 files of the bag that `find_bag` returned, in the order of their parts."""
    return [bag] if bag.is_file() else _files(bag)


def remedy_for(path: Path) -> str:
    """What to do about the bag at `path` if it was cut or damaged."""
    files = storage_files(path) if path.exists() else []
    if any(file.suffix == ".mcap" for file in files):
        return f"Save what is whole of it with `rl_control bag recover {path}`."
    return "Record it again, or try `ros2 bag reindex` on its folder."


def _found_file(path: Path) -> Path:
    if path.name == METADATA:
        return path.parent
    if path.suffix in _STORAGE:
        return path
    if path.suffix == _PACKED and (path.parent / METADATA).is_file():
        raise DataError(path, "a compressed part of a bag", f"Name its folder, {path.parent}.")
    raise DataError(path, "not a ROS bag, by its name", f"Name {_ALLOWED}.")


def _files(folder: Path) -> list[Path]:
    """Storage files in a folder; numbers in names count as such, so that part 10 follows 9."""
    if not folder.is_dir():
        return []
    found = [file for file in folder.iterdir() if file.suffix in _STORAGE and file.is_file()]
    return sorted(found, key=lambda file: (len(file.name), file.name))


def _no_bag(folder: Path) -> DataError:
    files = _files(folder)
    names = ", ".join(file.name for file in files)
    if any(file.suffix == ".mcap" for file in files):
        problem = f"found {names}, but no {METADATA}: its recorder was broken off"
        return DataError(folder, problem, f"Finish it with `rl_control bag recover {folder}`.")
    if files:
        problem = f"found {names}, but no {METADATA}: its recorder was broken off"
        return DataError(folder, problem, "Name the file, or run `ros2 bag reindex` on the folder.")
    below = sorted(str(inner.parent) for inner in folder.glob(f"*/{METADATA}"))
    problem = f"no bag there: the folder has no {METADATA}, no {INSIDE_A_RUN}/ and no .mcap file"
    if below:
        return DataError(folder, problem, f"Name one of those in it: {', '.join(below[:5])}.")
    return DataError(folder, problem, f"Name {_ALLOWED}.")
