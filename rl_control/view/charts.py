"""Small plots of the last seconds in the panel."""

from __future__ import annotations

from typing import Any

import numpy as np

from rl_control.types import Array, JointLimits
from rl_control.view.snapshot import Snapshot

SECONDS = 12.0
_POINTS = 150
_COLORS = ("#3b82f6", "#f59e0b", "#10b981", "#ef4444", "#8b5cf6", "#06b6d4", "#84cc16", "#ec4899")


class History:
    """The newest `SECONDS` of some numbers, an even time apart.

    Args:
        count: how many numbers.
    """

    def __init__(self, count: int) -> None:
        self._times: Array = np.empty(0)
        self._rows: Array = np.empty((0, count))

    def add(self, time: float, row: Array) -> bool:
        """Take `row` [count] at `time` [s]; say whether it was far enough from the one before.

        A time before the newest one begins anew.
        """
        if len(self._times):
            step = time - self._times[-1]
            if 0.0 <= step < SECONDS / _POINTS:
                return False
            if step < 0.0 or step > SECONDS:
                self._times, self._rows = self._times[:0], self._rows[:0]
        kept = self._times > time - SECONDS
        self._times = np.append(self._times[kept], time)
        self._rows = np.vstack([self._rows[kept], row])
        return True

    def columns(self) -> tuple[Array, ...]:
        """Return times before the newest one in [s], then each number's series."""
        if len(self._times) < 2:  # a chart needs a stretch of time
            empty = np.array([-SECONDS, 0.0])
            return (empty, *(np.full(2, np.nan) for _ in range(self._rows.shape[1])))
        return (self._times - self._times[-1], *self._rows.T)


class Charts:
    """Efforts, tip error and solve time.

    Args:
        gui: of viser.
        limits: of the joints, whose efforts are drawn as shares.
    """

    def __init__(self, gui: Any, limits: JointLimits) -> None:
        self._limits = limits
        n = len(limits.names)
        self._efforts, self._error, self._solve = History(n), History(1), History(1)
        self._plots = [
            (self._efforts, _plot(gui, "efforts [share of limit]", limits.names, 130)),
            (self._error, _plot(gui, "tip error [mm]", ("error",), 110)),
            (self._solve, _plot(gui, "solve time [ms]", ("solve",), 110)),
        ]

    def add(self, seen: Snapshot) -> None:
        """Take what is seen."""
        joints, time = seen.joints, seen.joints.stamp
        limit = np.where(self._limits.effort > 0.0, self._limits.effort, 1.0)
        self._efforts.add(time, joints.effort / limit)
        self._error.add(time, np.array([seen.measures.get("tip_error_mm", np.nan)]))
        self._solve.add(time, np.array([seen.measures.get("solve_ms", np.nan)]))

    def draw(self) -> None:
        """Send the plots."""
        for history, plot in self._plots:
            plot.data = history.columns()


def _plot(gui: Any, title: str, names: tuple[str, ...], height: int) -> Any:
    lines = [
        {
            "label": name,
            "stroke": _COLORS[i % len(_COLORS)],
            "width": 1.5,
            "points": {"show": False},
        }
        for i, name in enumerate(names)
    ]
    return gui.add_uplot(
        data=History(len(names)).columns(),
        series=({"label": "s"}, *lines),
        title=title,
        scales={"x": {"time": False, "range": (-SECONDS, 0.0)}},
        axes=({"size": 24}, {"size": 48}),
        legend={"show": False},
        height=height,
    )
