"""Arrays and a JSON document in one file: written whole or not at all, checked when read."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from rl_control.errors import DataError

SCHEMA = 1
"""Version of the layout below; a reader refuses newer ones."""

# Both the file format and numpy know these.
_TYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64",
)  # fmt: skip
_AGAIN = "Restore the file from a copy, or make it anew."


def save_checkpoint(
    path: str | Path, kind: str, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write `document` and `arrays` as the file `path`, which is then the new or still the old one.

    The file is in safetensors format, which holds numbers and text and cannot hold code. Its
    metadata are the kind, the schema version, the document as JSON, and a SHA-256 of all of it
    and of the arrays.

    Args:
        path: the file; its folder must exist.
        kind: what the file holds, such as "transitions"; a reader asks for it.
        document: plain values that JSON knows, all numbers finite.
        arrays: of booleans, integers or floats of at most 64 bits; their types are kept.

    Raises:
        DataError: if the document or an array cannot be kept, or the file cannot be written.
    """
    path = Path(path)
    try:
        text = json.dumps(document, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DataError(
            path,
            f"its document cannot be written as JSON ({error})",
            "Use texts, finite numbers, lists and dictionaries, and put the rest into arrays.",
        ) from error
    kept = {name: _storable(path, name, array) for name, array in arrays.items()}
    metadata = {
        "kind": kind,
        "schema": str(SCHEMA),
        "document": text,
        "sha256": _digest(kind, str(SCHEMA), text, kept),
    }
    _replace(path, save(kept, metadata))


def load_checkpoint(path: str | Path, kind: str) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the document and the arrays of the file `path`, as they were saved.

    Args:
        path: a file that `save_checkpoint` wrote.
        kind: what it must hold.

    Raises:
        DataError: if there is no such file, or it is none of these, holds another kind, has
            changed since it was written, or comes from a newer version.
    """
    path = Path(path)
    metadata, arrays = _read(path)
    lacking = [key for key in ("kind", "schema", "document", "sha256") if key not in metadata]
    if lacking or not metadata["schema"].isdecimal():
        raise DataError(
            path,
            f"not a file of rl_control: its metadata lack {', '.join(lacking) or 'a version'}",
            f"Name a file of kind '{kind}' that rl_control wrote.",
        )
    if int(metadata["schema"]) > SCHEMA:
        raise DataError(
            path,
            f"schema version {metadata['schema']}, but at most {SCHEMA} can be read",
            "Install the version of rl_control that wrote it, or a newer one.",
        )
    if metadata["kind"] != kind:
        raise DataError(
            path, f"holds '{metadata['kind']}', expected '{kind}'", f"Name a file of '{kind}'."
        )
    text = metadata["document"]
    if _digest(kind, metadata["schema"], text, arrays) != metadata["sha256"]:
        raise DataError(path, "its bytes have changed since it was written", _AGAIN)
    return json.loads(text), arrays


def _read(path: Path) -> tuple[dict[str, str], dict[str, NDArray[Any]]]:
    try:
        with safe_open(path, framework="numpy") as file:
            # The object offers keys(), but cannot be iterated.
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            return file.metadata() or {}, arrays
    except FileNotFoundError as error:
        raise DataError(path, "there is no such file", "Check its name and folder.") from error
    # A changed header can also name a type that numpy does not have.
    except (SafetensorError, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(
            path, f"not a checkpoint, or one that was cut or changed ({error})", _AGAIN
        ) from error


def _storable(path: Path, name: str, array: NDArray[Any]) -> NDArray[Any]:
    """The array with its values in a row, least significant byte first."""
    array = np.asarray(array)
    if array.dtype.name not in _TYPES:
        raise DataError(
            path,
            f"array '{name}' has the type {array.dtype.name}",
            f"Only these can be kept: {', '.join(_TYPES)}.",
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _digest(kind: str, schema: str, text: str, arrays: Mapping[str, NDArray[Any]]) -> str:
    found = hashlib.sha256(repr((kind, schema, text)).encode())
    for name, array in sorted(arrays.items()):
        found.update(repr((name, array.dtype.name, array.shape)).encode())
        found.update(array.tobytes())
    return found.hexdigest()


def _replace(path: Path, raw: bytes) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        try:
            with draft.open("wb") as file:
                file.write(raw)
                file.flush()
                # Else a power failure could leave the new name on bytes that never got there.
                os.fsync(file.fileno())
            os.replace(draft, path)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()
    except OSError as error:
        raise DataError(
            path,
            f"cannot be written ({error.strerror})",
            "Name a file in a folder that exists, may be written to and has space left.",
        ) from error
