"""Numbers and words of a run as a diagnostic_msgs/DiagnosticArray."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

OK = DiagnosticStatus.OK
WARN = DiagnosticStatus.WARN
ERROR = DiagnosticStatus.ERROR


def diagnostic_message(
    name: str, hardware: str, level: bytes, summary: str, values: Mapping[str, Any], stamp: Time
) -> DiagnosticArray:
    """Return one status with `values`; a mapping among them becomes keys "outer.inner".

    Args:
        name: of the node.
        hardware: the arm's name.
        level: OK, WARN or ERROR.
        summary: one line.
        values: what was measured, units in the keys.
        stamp: time of the report.
    """
    status = DiagnosticStatus(
        level=level,
        name=name,
        hardware_id=hardware,
        message=summary,
        values=[KeyValue(key=key, value=value) for key, value in _texts(values, "")],
    )
    return DiagnosticArray(header=Header(stamp=stamp), status=[status])


def diagnostic_values(message: DiagnosticArray, name: str) -> dict[str, str] | None:
    """Return {key: value} of the status `name`, or None if it is not in the message."""
    for status in message.status:
        if status.name == name:
            return {pair.key: pair.value for pair in status.values}
    return None


def _texts(values: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            found += _texts(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", _text(value)))
    return found


def _text(value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return str(value)
