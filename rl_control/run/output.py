"""What a verb leaves behind: a JSON file, a folder of its own."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import ConfigError


def add_json_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--json FILE`."""
    parser.add_argument("--json", metavar="FILE", help="also write what was measured to FILE")


def check_writable(path: str | None, flag: str = "--json") -> None:
    """Refuse a file that could not be written, before any work is done.

    Args:
        path: of the file; None passes.
        flag: what named it, for the error's sake.

    Raises:
        ConfigError: if its folder does not exist or is not a folder we may write to.
    """
    if path is None:
        return
    file = Path(path).absolute()
    folder = file.parent
    if file.is_dir() or (file.exists() and not os.access(file, os.W_OK)):
        raise ConfigError(
            "command line", flag, f"cannot write to {file}", "Name a file that can be written."
        )
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise ConfigError(
            "command line",
            flag,
            f"cannot write to folder {folder}",
            "Name a file in a folder that exists and that you may write to.",
        )


def write_json(path: str | Path, data: Any) -> None:
    """Write `data` (dataclasses, arrays and plain values) as JSON, whole or not at all."""
    path = Path(path)
    text = json.dumps(plain(data), indent=2, allow_nan=False)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text + "\n", encoding="utf-8")
        os.replace(draft, path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error


def plain(data: Any) -> Any:
    """Return `data` as JSON knows it; numbers that are not finite become null."""
    if dataclasses.is_dataclass(data) and not isinstance(data, type):
        return {f.name: plain(getattr(data, f.name)) for f in dataclasses.fields(data)}
    if isinstance(data, dict):
        return {str(key): plain(value) for key, value in data.items()}
    if isinstance(data, np.ndarray):
        return plain(data.tolist())
    if isinstance(data, (list, tuple)):
        return [plain(value) for value in data]
    if isinstance(data, np.generic):
        return plain(data.item())
    if isinstance(data, float) and not math.isfinite(data):
        return None
    return data
