"""The joints of a dashboard: one line each, with bars between the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.text import Text

from rl_control.report.dashboard.bars import Glyphs, place_bar, share_bar
from rl_control.report.dashboard.data import JointShown
from rl_control.report.dashboard.text import (
    BAD,
    DIM,
    fitted,
    line,
    number,
    percent,
    place_style,
    share_style,
)

LONGEST_NAME, SHORTEST_PLACE, LONGEST_PLACE, LONGEST_SHARE = 24, 9, 60, 14
NUMBERS = 8 + 2 * 5 + 8  # position, two shares, spaces


def joint_lines(
    joints: Sequence[JointShown], width: int, height: int, glyphs: Glyphs, stale: bool = False
) -> list[Text]:
    """Return a heading and a line a joint, no more than `height`; what is left out is counted.

    Args:
        joints: at least one.
        width: columns.
        height: lines, at least 2.
        glyphs: what to draw with.
        stale: whether all this is old.
    """
    name, place, share = _widths(joints, width)
    heading = (
        f"{'joint':<{name}} {'position':<{place}} {'':>8} "
        f" {'speed':<{share + 6}} {'effort':<{share + 6}}"
    )
    lines = [line((heading.rstrip(), DIM))]
    fit = joints if len(joints) < height else joints[: height - 2]
    lines += [_joint_line(joint, name, place, share, glyphs, stale) for joint in fit]
    if len(fit) < len(joints):
        lines.append(line((f"{glyphs.cut} and {len(joints) - len(fit)} joints more", DIM)))
    return lines


def _widths(joints: Sequence[JointShown], width: int) -> tuple[int, int, int]:
    """Return the columns of name, position bar and share bars."""
    name = min(max(5, *(len(joint.name) for joint in joints)), LONGEST_NAME)
    free = width - NUMBERS - name
    if free < SHORTEST_PLACE + 2:  # a very narrow terminal: the name gives way
        name = max(4, name - (SHORTEST_PLACE + 2 - free))
        free = width - NUMBERS - name
    share = min(max(free // 5, 1), LONGEST_SHARE)
    place = min(max(free - 2 * share, SHORTEST_PLACE), LONGEST_PLACE)
    return name, place, share


def _joint_line(
    joint: JointShown, name: int, place: int, share: int, glyphs: Glyphs, stale: bool
) -> Text:
    bad = [value for value in (joint.position, joint.velocity) if not math.isfinite(value)]
    bounded = math.isfinite(joint.upper - joint.lower)
    bar = place_bar(joint.place, joint.goal_place, place, glyphs) if bounded else " " * place
    style = place_style(joint.place)
    pieces: list[tuple[str, str] | str] = [
        (fitted(joint.name, name, glyphs, keep_end=True), DIM if stale else ""),
        " ",
        (bar, DIM if stale else style),
        (_position(joint), BAD if bad else DIM if stale else style),
        " ",
    ]
    for value in (joint.velocity_share, joint.effort_share):
        shade = DIM if stale else share_style(value)
        pieces += [" ", (share_bar(value, share, glyphs), shade), (f" {percent(value)}", shade)]
    return line(*pieces)


def _position(joint: JointShown) -> str:
    if math.isfinite(joint.position):
        return number(joint.position, 3, 8)
    return f"{joint.position}".rjust(8)
