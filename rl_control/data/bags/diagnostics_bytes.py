"""A diagnostics message as the bytes ROS sends: quick enough to make one for every state."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from rl_control.data.bags.cdr_rows import NANO

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
_PADDING = b"\0" * 4


def diagnostics_bytes(
    stamp: int, name: str, hardware: str, level: int, summary: str, values: Mapping[str, str]
) -> bytes:
    """Return a diagnostic_msgs/msg/DiagnosticArray with one status, as CDR.

    Args:
        stamp: of its header in [ns].
        name: of the node.
        hardware: the arm's name.
        level: 0 fine, 1 warning, 2 error.
        summary: one line.
        values: what is told, by key.
    """
    seconds, nanoseconds = divmod(stamp, NANO)
    parts = [
        _LITTLE_ENDIAN,
        struct.pack("<iI", seconds, nanoseconds),
        _text(""),
        struct.pack("<IB", 1, level),
        b"\0" * 3,
        _text(name),
        _text(summary),
        _text(hardware),
        struct.pack("<I", len(values)),
    ]
    for key, value in values.items():
        parts += (_text(key), _text(value))
    return b"".join(parts)


def _text(text: str) -> bytes:
    raw = text.encode()
    size = len(raw) + 1
    return struct.pack("<I", size) + raw + _PADDING[: 1 + -size % 4]
