"""A joint path as CSV.

    # time in s; joints in rad (prismatic: m); NAME.velocity in rad/s (m/s)
    time,shoulder,elbow,shoulder.velocity,elbow.velocity
    0.0,0.1,-1.2,0.0,0.0

Columns may come in any order, and those of velocities may be left out. Lines that begin with "#"
say nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError
from rl_control.types import Array

TIME = "time"
VELOCITY = ".velocity"
UNITS = "# time in s; joints in rad (prismatic: m); NAME.velocity in rad/s (m/s)"


def write_csv(path: str | Path, joint_path: JointPath) -> None:
    """Write a path; every number is read back as it was."""
    tables = [joint_path.times[:, None], joint_path.positions]
    header = [TIME, *joint_path.names]
    if joint_path.velocities is not None:
        tables.append(joint_path.velocities)
        header += [name + VELOCITY for name in joint_path.names]
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        file.write(UNITS + "\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([repr(float(value)) for value in row] for row in np.hstack(tables))


def read_csv(path: str | Path) -> JointPath:
    """Return the path in a file.

    Raises:
        DataError: if there is no such file, or it is not such a table.
        NonFiniteError: if a number is not finite.
    """
    header, table = _table(Path(path))
    joints = [name for name in header if name != TIME and not name.endswith(VELOCITY)]
    if TIME not in header or not joints:
        raise DataError(
            path,
            f"found the columns {', '.join(header)}",
            f"The first line names '{TIME}' and the joints.",
        )
    moving = [name + VELOCITY for name in joints]
    given = [name for name in header if name.endswith(VELOCITY)]
    if given and sorted(given) != sorted(moving):
        odd = sorted(set(given) ^ set(moving))
        raise DataError(
            path,
            f"velocities are not one a joint: {', '.join(odd)}",
            "Give a column NAME.velocity for every joint, or for none.",
        )

    def columns(names: Sequence[str]) -> Array:
        return table[:, [header.index(name) for name in names]]

    return JointPath(
        tuple(joints),
        columns([TIME])[:, 0],
        columns(joints),
        columns(moving) if given else None,
        str(path),
    )


def _table(path: Path) -> tuple[list[str], Array]:
    """The header and the numbers, [T, columns]."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(path, f"cannot be read ({error})", "Name a CSV file.") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines)]
    if not rows:
        raise DataError(path, "the file is empty", "Name a CSV file with a header and points.")
    header, *body = rows
    for number, row in enumerate(body):
        if len(row) != len(header):
            raise DataError(
                path,
                f"point {number} has {len(row)} values, the header has {len(header)}",
                "Give every column a value.",
            )
    try:
        numbers = [[float(cell) for cell in row] for row in body]
    except ValueError as error:
        raise DataError(path, f"not a number ({error})", "Use numbers with a point.") from error
    return header, np.array(numbers, dtype=np.float64).reshape(len(body), len(header))
