"""The files of a description's meshes."""

from __future__ import annotations

import os
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape, unescape

_MESH = re.compile(r"""(<mesh\b[^>]*?\bfilename\s*=\s*)(["'])(.*?)\2""", re.DOTALL)
_FILE = "file://"


def find_mesh(name: str, source: str) -> Path | None:
    """Return the file of a mesh named in the URDF at `source`, or None if it is not found.

    A name is looked up as it is, from the URDF's folder and from the folders above it; that of
    a ROS package ("package://NAME/path") also with and without NAME, and in the share folders
    of AMENT_PREFIX_PATH and the folders of ROS_PACKAGE_PATH.
    """
    tails = [unquote(name.removeprefix(_FILE)), name.removeprefix(_FILE)]
    roots = [Path(source).resolve().parent, *Path(source).resolve().parent.parents]
    if name.startswith(("package://", "model://")):
        tail = name.split("://", 1)[1]
        tails = [tail, tail.partition("/")[2]]
        roots += _packages()
    candidates = [root / tail for root in roots for tail in tails if tail]
    return next((path for path in candidates if path.is_file()), None)


def missing_meshes(urdf: str, source: str) -> list[str]:
    """Return the names of meshes that are not found, each once.

    Args:
        urdf: a description's text.
        source: its file.
    """
    names = dict.fromkeys(mesh.get("filename", "") for mesh in ET.fromstring(urdf).iter("mesh"))
    return [name for name in names if find_mesh(name, source) is None]


def in_words(missing: Sequence[str]) -> str:
    """Return one sentence's part about meshes that are missing, however many they are."""
    if len(missing) == 1:
        return f"mesh '{missing[0]}' not found"
    return f"{len(missing)} meshes not found, '{missing[0]}' the first"


def with_mesh_files(urdf: str, source: str) -> str:
    """Return a description that another program finds the meshes of, wherever it runs here.

    Names of files that exist become "file://" with the whole path. What others find, too, stays:
    http://, file://, and package:// of a package that is installed. So does what is not found.

    Args:
        urdf: its text.
        source: its file, from whose folder names go.
    """

    def whole(name: str) -> str:
        path = None if _found_by_others(name) else find_mesh(name, source)
        return name if path is None else path.resolve().as_uri()

    return _renamed(urdf, whole)


def same_but_for_places(urdf: str, other: str) -> bool:
    """Say whether two descriptions differ at most in the folders that their meshes are in."""
    return urdf == other or _without_places(urdf) == _without_places(other)


def _without_places(urdf: str) -> str:
    return _renamed(urdf, lambda name: unquote(name).rpartition("/")[2])


def _renamed(urdf: str, rename: Callable[[str], str]) -> str:
    def put(found: re.Match[str]) -> str:
        before, quote, name = found.groups()
        return f"{before}{quote}{escape(rename(unescape(name)), {quote: '&quot;'})}{quote}"

    return _MESH.sub(put, urdf)


def _found_by_others(name: str) -> bool:
    scheme, separator, tail = name.partition("://")
    if scheme != "package":
        return bool(separator)
    return any((folder / tail).is_file() for folder in _packages())


def _packages() -> list[Path]:
    """Folders in which those of ROS packages are."""
    shared = [Path(folder) / "share" for folder in _folders("AMENT_PREFIX_PATH")]
    return shared + [Path(folder) for folder in _folders("ROS_PACKAGE_PATH")]


def _folders(variable: str) -> list[str]:
    return [folder for folder in os.environ.get(variable, "").split(os.pathsep) if folder]
