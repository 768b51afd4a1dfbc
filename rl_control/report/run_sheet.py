"""What a report of a run is drawn from: everything on one clock, in seconds from its start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.cdr_rows import NANO, NO_STAMP, Stamps, label_stamp
from rl_control.data.runs.events import LoggedGoal
from rl_control.data.runs.log import RunLog
from rl_control.types import Array, JointLimits

_STAYS = 1e-6  # [rad] or [m] between a goal and where the arm stands


@dataclass(frozen=True)
class GoalShown:
    """A goal and its time.

    Attributes:
        start: when it was taken in [s].
        end: when the next one was, or the episode or the run ended, in [s].
        position: wanted tip position, [3] in [m]; of one that moves, where it ends.
        arrives: when one that moves is there in [s]; None for one that stays.
        along: wanted tip position at each state of the run, [S, 3] in [m]; None for one that stays,
            or where the arm is not known.
    """

    start: float
    end: float
    position: Array
    arrives: float | None = None
    along: Array | None = None

    def at(self, k: int) -> Array:
        """Return where the tip is wanted at state `k` of the run, [3] in [m]."""
        return self.position if self.along is None else self.along[k]


@dataclass(frozen=True)
class RunSheet:
    """A run on one clock.

    Attributes:
        names: joints, [n].
        limits: of these; None if the arm is not known.
        times: of the joint states, [S] in [s] from the first one on, increasing.
        positions: [S, n] in [rad] or [m].
        velocities: [S, n] in [rad/s] or [m/s]; NaN where they were not measured.
        efforts: measured, [S, n] in [N m] or [N]; NaN where they were not.
        command_times: [C] in [s].
        commands: what was sent, [C, n] in [N m] or [N].
        decision_times: of the states decided on, [D] in [s].
        asked: efforts before the safety filter, [D, n]; NaN where it is not known.
        solve_times: [P] in [s].
        solve_ms: [P].
        costs: each term's part of the plan's cost, [D] each; empty where they were not told.
        starts: when an episode began in [s]; empty for a run that is one.
        goals: in order.
        tips: tip positions, [S, 3] in [m]; None if the arm is not known.
        error: distance of the tip from the goal in force, [S] in [m]; NaN where it is not known.
        doubts: what is wrong with the recording, a sentence each.
    """

    names: tuple[str, ...]
    limits: JointLimits | None
    times: Array
    positions: Array
    velocities: Array
    efforts: Array
    command_times: Array
    commands: Array
    decision_times: Array
    asked: Array
    solve_times: Array
    solve_ms: Array
    costs: Mapping[str, Array]
    starts: tuple[float, ...] = ()
    goals: tuple[GoalShown, ...] = ()
    tips: Array | None = None
    error: Array = field(default_factory=lambda: np.zeros(0))
    doubts: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[float, float]:
        """First and last time of a state in [s]."""
        return float(self.times[0]), float(self.times[-1])


class Clock:
    """Puts what was recorded on the clock of the joint states, whose first one is at 0 s.

    Stamps tell the time; where they do not increase, times of receipt do.

    Args:
        log: the run.
    """

    def __init__(self, log: RunLog) -> None:
        stamps, received = log.states.stamps, log.states.received
        self.backward = int((np.diff(stamps) <= 0).sum())
        ahead = stamps - received
        self._by_stamp = not self.backward
        self._shift = int(np.median(ahead)) if self._by_stamp else 0
        self._origin = int(stamps[0] if self._by_stamp else received[0])

    def of(self, stamps: Stamps, received: Stamps) -> Array:
        """Return times in [s] of what has a stamp, or none (`NO_STAMP`), and was received."""
        by_receipt = np.asarray(received) + self._shift
        use = (np.asarray(stamps) != NO_STAMP) & self._by_stamp
        return np.asarray((np.where(use, stamps, by_receipt) - self._origin) / NANO)

    def at(self, received: int) -> float:
        """Return the time in [s] of what was received then."""
        return float((received + self._shift - self._origin) / NANO)


@dataclass(frozen=True)
class _Decided:
    """Decisions as arrays."""

    log: RunLog
    clock: Clock

    @cached_property
    def times(self) -> Array:
        decisions = self.log.decisions
        labels = np.array([label_stamp(text) for text in decisions.column("state")], dtype=np.int64)
        return self.clock.of(labels, decisions.received)

    @cached_property
    def asked(self) -> Array:
        columns = [self.log.decisions.numbers(f"asked.{name}") for name in self.log.names]
        return np.stack(columns, axis=1)

    @cached_property
    def costs(self) -> dict[str, Array]:
        decisions = self.log.decisions
        # A run may begin with motion that no planner has decided on.
        terms = decisions[-1].group("cost_by_term") if len(decisions) else {}
        return {term: decisions.numbers(f"cost_by_term.{term}") for term in terms}


def sheet_of(
    log: RunLog,
    limits: JointLimits | None = None,
    tip_positions: Callable[[Array], Array] | None = None,
) -> RunSheet:
    """Return what is drawn of a run.

    Args:
        log: the run.
        limits: of the joints `log.names`; None if the arm is not known.
        tip_positions: tip positions [S, 3] in [m] at joint positions [S, n].
    """
    clock = Clock(log)
    decided = _Decided(log, clock)
    states = log.states
    times = clock.of(states.stamps, states.received)
    kept = _increasing(times)
    times = times[kept]
    starts = tuple(clock.at(one.received) for one in log.settings if one.start)
    positions = states.positions[kept]
    shown = _goals(log, clock, starts, times, positions)
    stamps = states.stamps[kept] / NANO
    goals = tuple(_shown(goal, span, times, stamps, tip_positions) for goal, span in shown)
    tips = None if tip_positions is None else tip_positions(positions)
    solve_times, solve_ms = _solves(log, clock, decided)
    return RunSheet(
        names=log.names,
        limits=limits,
        times=times,
        positions=positions,
        velocities=states.velocities[kept],
        efforts=states.efforts[kept],
        command_times=clock.of(log.commands.stamps, log.commands.received),
        commands=log.commands.values,
        decision_times=decided.times,
        asked=decided.asked,
        solve_times=solve_times,
        solve_ms=solve_ms,
        costs=decided.costs,
        starts=starts if len(starts) > 1 else (),
        goals=goals,
        tips=tips,
        error=_errors(times, tips, goals, log, decided),
        doubts=_doubts(log, clock, times),
    )


def _increasing(times: Array) -> NDArray[np.bool_]:
    """Return which times are later than all before them."""
    before = np.maximum.accumulate(np.concatenate([[-np.inf], times[:-1]]))
    return np.asarray(times > before)


def _goals(
    log: RunLog, clock: Clock, starts: tuple[float, ...], times: Array, positions: Array
) -> list[tuple[LoggedGoal, tuple[float, float]]]:
    """The goals somebody asked for, and when: a node that starts aims at where the arm stands."""
    began = [clock.at(goal.received) for goal in log.goals]
    shown = []
    for k, (start, goal) in enumerate(zip(began, log.goals, strict=True)):
        # What the first start tells may be received after the first goal.
        later = [time for time in (*began[k + 1 :], *starts[1:]) if time > start]
        begin, end = max(start, 0.0), min([*later, float(times[-1])])
        here = positions[min(int(np.searchsorted(times, begin)), len(times) - 1)]
        own = goal.path is None and goal.names == log.names
        stays = own and np.allclose(goal.posture, here, rtol=0.0, atol=_STAYS)
        if end > begin and not stays:
            shown.append((goal, (begin, end)))
    return shown


def _shown(
    goal: LoggedGoal,
    span: tuple[float, float],
    times: Array,
    stamps: Array,
    tip_positions: Callable[[Array], Array] | None,
) -> GoalShown:
    """A goal as it is drawn; `times` and `stamps`, [S] in [s], are those of the states."""
    path = goal.path
    if path is None:
        return GoalShown(*span, goal.position)
    first = min(int(np.searchsorted(times, span[0])), len(times) - 1)
    arrives = float(times[first] + path.end - stamps[first])
    along = None if tip_positions is None else tip_positions(path.positions_at(stamps))
    return GoalShown(*span, goal.position, arrives, along)


def _errors(
    times: Array,
    tips: Array | None,
    goals: tuple[GoalShown, ...],
    log: RunLog,
    decided: _Decided,
) -> Array:
    error = np.full(len(times), np.nan)
    if tips is not None:
        for goal in goals:
            active = (times >= goal.start) & (times <= goal.end)
            wanted = goal.position if goal.along is None else goal.along[active]
            error[active] = np.linalg.norm(tips[active] - wanted, axis=1)
    elif len(log.decisions) > 1:
        told = 1e-3 * log.decisions.numbers("tip_error_mm")
        near = np.clip(np.searchsorted(decided.times, times), 0, len(told) - 1)
        error = told[near]
    return error


def _solves(log: RunLog, clock: Clock, decided: _Decided) -> tuple[Array, Array]:
    """Times of solves and how long they took [ms]; of the diagnostics if no decision tells."""
    told = log.decisions.numbers("solve_ms")
    if np.isfinite(told).any():
        return decided.times, told
    node = log.controller.rpartition("/")[2]
    reports = [
        r for r in log.reports if r.name.rpartition("/")[2] == node and "solve_ms" in r.values
    ]
    times = np.array([clock.at(report.received) for report in reports])
    return times, np.array([float(report.values["solve_ms"]) for report in reports])


def _doubts(log: RunLog, clock: Clock, times: Array) -> tuple[str, ...]:
    found = []
    if clock.backward:
        found.append(
            f"Stamps of joint states do not increase in {clock.backward} places (a clock that "
            "began anew, or states that overtook each other): times of receipt are shown instead."
        )
    if not len(log.commands.stamps):
        found.append("The recording has no commands: torques are those that the arm reports.")
    lost = int((np.diff(times) > 0.1).sum()) - max(0, sum(s.start for s in log.settings) - 1)
    if lost > 0:
        found.append(f"Joint states are missing for more than 0.1 s in {lost} places.")
    return tuple(found)
