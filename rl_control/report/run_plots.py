"""The pictures of a run's report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rl_control.report.html.plot import Curve, Instant, Mark, Plot
from rl_control.report.html.series import Scale, with_gaps
from rl_control.report.html.style import TERMS
from rl_control.report.html.ticks import round_up
from rl_control.report.plots import share_of_range, short_name
from rl_control.report.run_events import COLORS, LATE, Event
from rl_control.report.run_sheet import RunSheet
from rl_control.types import Array

_LEAST_ERROR = 0.01  # [mm] at the bottom of the picture of the tip's error
_LIMIT = "limit"


def plots_of(sheet: RunSheet, events: Sequence[Event], tolerance: float) -> list[Plot]:
    """Return the pictures for which there are data.

    Args:
        sheet: the run.
        events: what happened.
        tolerance: distance from a goal that counts as reached in [m].
    """
    drawn = [
        _error(sheet, tolerance),
        _positions(sheet),
        _velocities(sheet),
        _efforts(sheet),
        _changed(sheet),
        _solves(sheet, events),
        *_costs(sheet),
        _timeline(events, sheet.span[1]),
    ]
    return [plot for plot in drawn if plot is not None]


def instants_of(sheet: RunSheet, settled: Sequence[float | None]) -> list[Instant]:
    """Return a vertical line for each goal, shaded from where the arm had settled.

    Args:
        sheet: the run.
        settled: for each goal when the arm had settled at it in [s]; None if it never did.
    """
    found = []
    many = len(sheet.goals) > 12
    for k, (goal, at) in enumerate(zip(sheet.goals, settled, strict=True)):
        text = str(k + 1) if many else f"goal {k + 1}"
        found.append(Instant(goal.start, text))
        if at is not None:
            found.append(Instant(at, until=goal.end))
    return found


def _joint_curves(times: Array, values: Array, names: Sequence[str]) -> list[Curve]:
    """One curve a joint, [T, n]; broken where there are no states for some time."""
    at, broken = with_gaps(times, values)
    return [
        Curve(short_name(name, names), at, broken[:, k], f"--j{k}") for k, name in enumerate(names)
    ]


def _error(sheet: RunSheet, tolerance: float) -> Plot | None:
    if not np.isfinite(sheet.error).any():
        return None
    times, error = with_gaps(sheet.times, 1e3 * sheet.error)
    high = round_up(max(1.1 * float(np.nanmax(error)), 2e3 * tolerance))
    return Plot(
        "Tip error", "mm", [Curve("distance to the goal", times, error)],
        Scale(_LEAST_ERROR, high, log=True),
        [Mark(1e3 * tolerance, f"{1e3 * tolerance:g} mm", "--good")],
        note="Shaded: settled.", height=190,
    )  # fmt: skip


def _positions(sheet: RunSheet) -> Plot:
    if sheet.limits is None:
        low, high = _ends(sheet.positions)
        curves = _joint_curves(sheet.times, sheet.positions, sheet.names)
        return Plot("Joint positions", "rad or m", curves, Scale(low, high), height=190, digits=5)
    shares = 100.0 * share_of_range(sheet.positions, sheet.limits)
    most = max(105.0, 1.05 * float(np.nanmax(np.abs(shares))))
    return Plot(
        "Joint positions", "% of the way from middle to limit",
        _joint_curves(sheet.times, shares, sheet.names), Scale(-most, most),
        [Mark(100.0, "upper"), Mark(-100.0, "lower")],
        tick_texts=_percent_ticks(), height=190, digits=4,
    )  # fmt: skip


def _velocities(sheet: RunSheet) -> Plot | None:
    if not np.isfinite(sheet.velocities).any():
        return None
    limits = None if sheet.limits is None else sheet.limits.velocity
    return _against_limits(
        "Joint velocities", "rad/s or m/s", sheet.times, sheet.velocities, limits, sheet.names
    )


def _efforts(sheet: RunSheet) -> Plot | None:
    times, efforts, title = sheet.command_times, sheet.commands, "Commanded torques"
    if not len(efforts):
        times, efforts, title = sheet.times, sheet.efforts, "Measured torques"
    if not np.isfinite(efforts).any():
        return None
    limits = None if sheet.limits is None else sheet.limits.effort
    return _against_limits(title, "N m or N", times, efforts, limits, sheet.names)


def _against_limits(
    title: str, unit: str, times: Array, values: Array, limits: Array | None, names: Sequence[str]
) -> Plot:
    if limits is None or not np.isfinite(limits).all():
        curves = _joint_curves(times, values, names)
        return Plot(title, unit, curves, Scale(*_ends(values)), digits=4)
    shares = 100.0 * values / limits
    curves = _joint_curves(times, shares, names)
    peak = float(np.nanmax(np.abs(shares)))
    # A quiet run shall not be a flat line; a limit that is far away is told of in words.
    if peak < 45.0:
        most = round_up(1.1 * peak)
        note = f"Limits are at \N{PLUS-MINUS SIGN}100 %; the peak is {peak:.0f} %."
        return Plot(title, "% of limit", curves, Scale(-most, most), note=note)
    most = max(105.0, 1.05 * peak)
    return Plot(
        title, "% of limit", curves, Scale(-most, most),
        [Mark(100.0, _LIMIT), Mark(-100.0, _LIMIT)], tick_texts=_percent_ticks(),
    )  # fmt: skip


def _changed(sheet: RunSheet) -> Plot | None:
    """What the safety filter took away; nothing if it passed everything."""
    lacking = not len(sheet.asked) or not len(sheet.commands) or sheet.limits is None
    if lacking or not np.isfinite(sheet.asked).any():
        return None
    assert sheet.limits is not None
    near = np.clip(
        np.searchsorted(sheet.command_times, sheet.decision_times - 1e-9),
        0,
        len(sheet.commands) - 1,
    )
    lost = 100.0 * (sheet.asked - sheet.commands[near]) / sheet.limits.effort
    # What was asked was written with seven digits.
    lost[np.abs(lost) < 1e-4] = 0.0
    if not np.nanmax(np.abs(lost)):
        return None
    most = round_up(1.1 * float(np.nanmax(np.abs(lost))))
    return Plot(
        "Asked minus sent", "% of limit",
        _joint_curves(sheet.decision_times, lost, sheet.names), Scale(-most, most),
        note="What the safety filter took away from the controller's commands.", height=110,
    )  # fmt: skip


def _solves(sheet: RunSheet, events: Sequence[Event]) -> Plot | None:
    solves = sheet.solve_ms
    if not np.isfinite(solves).any():
        return None
    p50, p99 = np.nanpercentile(solves, [50.0, 99.0])
    late = sum(event.lane == LATE for event in events)
    note = f"{late} answered late." if late else ""
    top = round_up(1.3 * max(float(np.nanpercentile(solves, 99.5)), float(p99)))
    above = int((solves > top).sum())
    if above:
        note += f" {above} took longer than shown, at most {np.nanmax(solves):.2f} ms."
    return Plot(
        "Solve time", "ms",
        [Curve("of each plan", sheet.solve_times, solves, "--faint", "dots")], Scale(0.0, top),
        [Mark(float(p50), f"p50 {p50:.2f}", "--line"), Mark(float(p99), f"p99 {p99:.2f}", "--bad")],
        note=note.strip(), height=120,
    )  # fmt: skip


def _costs(sheet: RunSheet) -> list[Plot]:
    """The cost's terms, stacked: as they are, and as shares of their sum."""
    if not sheet.costs or not len(sheet.decision_times):
        return []
    terms = {name: np.nan_to_num(values) for name, values in sheet.costs.items()}
    total = np.sum(list(terms.values()), axis=0)
    used = sorted(
        (name for name in terms if terms[name].any()), key=lambda name: -float(terms[name].mean())
    )
    if not used:
        return []
    stacked = np.stack([terms[name] for name in used], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = 100.0 * stacked / total[:, None]
    colors = list(TERMS)

    def areas(values: Array) -> list[Curve]:
        times, broken = with_gaps(sheet.decision_times, values)
        return [
            Curve(name.replace("_", " "), times, broken[:, k], colors[k % len(colors)], "area")
            for k, name in enumerate(used)
        ]

    return [
        Plot("Cost of the plan by term", "", areas(stacked), Scale(0.0, round_up(total.max()))),
        Plot(
            "Share of each term", "%", areas(shares), Scale(0.0, 100.0), height=110,
            note="What the plan is for: also where the cost is small.",
        ),
    ]  # fmt: skip


def _timeline(events: Sequence[Event], end: float) -> Plot | None:
    lanes = [lane for lane in COLORS if any(event.lane == lane for event in events)]
    if not lanes:
        return None
    curves = []
    for row, lane in enumerate(lanes):
        height = float(len(lanes) - row)
        here = [event for event in events if event.lane == lane]
        long = [event for event in here if event.end > event.start]
        brief = np.array([event.start for event in here])
        curves.append(
            Curve(lane, brief, np.full(len(brief), height), COLORS[lane], "ticks", in_legend=False)
        )
        if long:
            times = np.array([(e.start, min(e.end, end), min(e.end, end)) for e in long]).ravel()
            values = np.tile([height, height, np.nan], len(long))
            curves.append(Curve(lane, times, values, COLORS[lane], "bars", in_legend=False))
    ticks = [(float(len(lanes) - row), lane) for row, lane in enumerate(lanes)]
    return Plot(
        "Time line", "", curves, Scale(0.6, len(lanes) + 0.75),
        tick_texts=ticks, height=10 + 34 * len(lanes), lanes=True,
    )  # fmt: skip


def _percent_ticks() -> list[tuple[float, str]]:
    return [(float(k), f"{k}".replace("-", "\N{MINUS SIGN}")) for k in (-100, -50, 0, 50, 100)]


def _ends(values: Array) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.05 * (high - low) or 1.0
    return low - margin, high + margin
