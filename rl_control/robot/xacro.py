"""A description file read as URDF text: plain, or expanded from xacro."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from rl_control.errors import RobotDescriptionError
from rl_control.robot.urdf_xml import parse_xml

_NAMESPACES = tuple(f"{{http://{host}/xacro}}" for host in ("www.ros.org/wiki", "ros.org/wiki"))
_NAMESPACES += ("{http://wiki.ros.org/xacro}", "{http://www.ros.org/xacro}")


def read_urdf(path: Path) -> str:
    """Return the URDF text in `path`, expanded if it is xacro.

    A file is xacro if its name ends so or if it holds an element of the xacro namespace.

    Raises:
        RobotDescriptionError: if the file cannot be read, parsed or expanded, or if it is xacro
            and that library is not installed.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RobotDescriptionError(
            str(path), "file", f"cannot be read ({reason})", "Give the path of a URDF file."
        ) from error
    elements = parse_xml(text, str(path)).iter()
    if path.suffix == ".xacro" or any(str(e.tag).startswith(_NAMESPACES) for e in elements):
        return _expand(path)
    return text


def _expand(path: Path) -> str:
    try:
        import xacro
    except ImportError as error:
        raise RobotDescriptionError(
            str(path), "xacro", "the library xacro is not installed", "Do: pip install xacro."
        ) from error
    noise = io.StringIO()
    try:
        with contextlib.redirect_stderr(noise):
            return str(xacro.process_file(str(path)).toxml())
    except Exception as error:  # xacro raises what the expressions in the file raise
        raise RobotDescriptionError(
            str(path),
            "xacro",
            f"it cannot be expanded ({type(error).__name__}: {error})",
            "Correct the macro, or expand it yourself with `xacro` and give the URDF.",
        ) from error
