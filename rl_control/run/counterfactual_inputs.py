"""A recorded run as the inputs of a controller: what it saw, and what changed before each state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.cdr_rows import NANO, NO_STAMP, Stamps
from rl_control.data.runs.goal_path import GoalPath
from rl_control.data.runs.log import RunLog
from rl_control.errors import DataError
from rl_control.run.counterfactual_pairing import (
    NEW_TIMELINE,
    places_of,
    states_missing,
    states_taken,
)
from rl_control.run.goal_told import goal_of
from rl_control.types import Array, Goal, JointState

_HELD = "stop_requested"


@dataclass(frozen=True)
class Change:
    """What became different before a state.

    Attributes:
        settings: which of the recorded settings came into force; None if they did not change.
        start: whether the controller began anew with it.
        goal: what was aimed at from then on; None if that did not change.
        path: how that goal moves; None if it does not.
    """

    settings: int | None = None
    start: bool = False
    goal: Goal | None = None
    path: GoalPath | None = None


@dataclass(frozen=True)
class Inputs:
    """What a controller was given, one row a state that it answered.

    Attributes:
        names: joints, [n].
        stamps: of the states, [T] in [ns].
        times: the same as the controller knew them, [T] in [s].
        positions: [T, n] in [rad] or [m].
        velocities: [T, n] in [rad/s] or [m/s].
        commands: what was commanded, [T, n] in [N m] or [N]; NaN where it was not recorded.
        changes: what became different, by the first state that it counted for.
        elapsed: time from a state's stamp to its command, as far as it is known, [T] in [s].
        late: whether a state was answered from the plan before, [T].
        held: whether the controller only held the arm, as it does before it ends, [T].
        stops: reason for which motion was stopped at a state or before it, by state.
        fresh: whether the clock began anew at a state, [T].
        missing: number of states that were not recorded, as far as their period tells.
    """

    names: tuple[str, ...]
    stamps: Stamps
    times: Array
    positions: Array
    velocities: Array
    commands: Array
    changes: Mapping[int, Sequence[Change]]
    elapsed: Array
    late: NDArray[np.bool_]
    held: NDArray[np.bool_]
    stops: Mapping[int, str]
    fresh: NDArray[np.bool_]
    missing: int

    def __len__(self) -> int:
        return len(self.stamps)

    def state(self, k: int) -> JointState:
        """Return state `k`; what effort the arm reported does not matter to a controller."""
        q, v = self.positions[k], self.velocities[k]
        return JointState(self.names, q, v, np.zeros_like(q), float(self.times[k]))


def inputs_of(log: RunLog, lock_step: bool) -> Inputs:
    """Return what the controller of a run was given.

    Args:
        log: the run.
        lock_step: whether every state was answered before the next came.

    Raises:
        DataError: if there are no commands that name the states they answer.
    """
    states, commands = log.states, log.commands
    _require_labels(log)
    chosen = _finite(log, states_taken(states.stamps))
    answered = _answers(states.stamps[chosen], states.received[chosen], log)
    known = np.flatnonzero(answered >= 0)
    if lock_step:
        # The arm stood still until its first state was answered, recorded or not.
        chosen, answered = chosen[: known[-1] + 1], answered[: known[-1] + 1]
    else:
        chosen, answered = chosen[known], answered[known]
    stamps = states.stamps[chosen]
    velocities = states.velocities[chosen]
    values = np.where(answered[:, None] >= 0, commands.values[answered], np.nan)
    told = _told(log, stamps, chosen)
    solve_ms, late, reasons, violations = told
    held = np.array([r == _HELD and not v for r, v in zip(reasons, violations, strict=True)])
    seconds, rest = np.divmod(stamps, NANO)
    changes = _changes(log, stamps, states.received[chosen])
    starts = [k for k, several in changes.items() if any(change.start for change in several)]
    return Inputs(
        names=log.names,
        stamps=stamps,
        # As `ros.convert.seconds_of` has it, to the bit.
        times=seconds.astype(np.float64) + 1e-9 * rest.astype(np.float64),
        positions=states.positions[chosen],
        velocities=velocities,
        commands=values,
        changes=changes,
        elapsed=np.zeros(len(stamps)) if lock_step else 1e-3 * np.nan_to_num(solve_ms),
        late=late,
        held=held,
        stops={k: v.partition(" ")[0].rstrip(":") for k, v in _first_violations(violations)},
        fresh=np.concatenate([[False], np.diff(stamps) < -NEW_TIMELINE]),
        missing=states_missing(stamps, starts),
    )


def _finite(log: RunLog, chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return those of the states `chosen` that a controller does not refuse.

    Raises:
        DataError: if there are none.
    """
    positions, velocities = log.states.positions[chosen], log.states.velocities[chosen]
    sound = np.isfinite(positions).all(axis=1) & np.isfinite(velocities).all(axis=1)
    if not sound.any():
        missing = "velocities" if np.isfinite(positions).all() else "finite numbers"
        raise DataError(
            log.path, f"joint states have no {missing}", "A controller needs them: record them."
        )
    return chosen[sound]


def _require_labels(log: RunLog) -> None:
    stamps = log.commands.stamps
    if not len(stamps):
        raise DataError(
            log.path, "no commands in it", "Record the topic of the commands while the arm moves."
        )
    if not (stamps != NO_STAMP).any():
        raise DataError(
            log.path,
            "its commands do not name the states they answer",
            "Only the controllers of this package do that: record one of them.",
        )


def _answers(stamps: Stamps, received: Stamps, log: RunLog) -> NDArray[np.intp]:
    """Which command answers each state, [T]; -1 where none was recorded."""
    found = np.full(len(stamps), -1, dtype=np.intp)
    places = places_of(stamps, received, log.commands.stamps, log.commands.received)
    for command in range(len(places) - 1, -1, -1):
        if places[command] >= 0:
            found[places[command]] = command  # the first of several
    return found


def _changes(log: RunLog, stamps: Stamps, received: Stamps) -> dict[int, list[Change]]:
    """What became different before each state, in the order in which it did."""
    events: list[tuple[int, int, int, Change]] = []  # state, order of receipt, ...
    starts: list[int] = []
    for i, settings in enumerate(log.settings):
        if settings.start:
            k = 0 if not starts else int(np.searchsorted(received, settings.received))
            starts.append(k)
        else:
            k = _after(stamps, received, settings.stamp, settings.received)
        events.append((k, 0, settings.received, Change(settings=i, start=settings.start)))
    began = [log.settings[i].received for i in range(len(log.settings)) if log.settings[i].start]
    for goal in log.goals:
        if goal.stamp == NO_STAMP:
            session = max(int(np.searchsorted(began, goal.received, side="right")) - 1, 0)
            k = starts[session] if starts else 0
        else:
            k = _after(stamps, received, goal.stamp, goal.received)
        aim = goal_of(goal.position, goal.quaternion, goal.posture)
        events.append((k, 1, goal.received, Change(goal=aim, path=goal.path)))
    changes: dict[int, list[Change]] = {}
    for k, _, _, change in sorted(events, key=lambda event: event[:3]):
        changes.setdefault(k, []).append(change)
    return changes


def _after(stamps: Stamps, received: Stamps, stamp: int, at: int) -> int:
    """The first state after the one stamped `stamp`."""
    (place,) = places_of(stamps, received, np.array([stamp]), np.array([at]))
    return int(place) + 1 if place >= 0 else int(np.searchsorted(stamps, stamp, side="right"))


def _told(
    log: RunLog, stamps: Stamps, chosen: NDArray[np.intp]
) -> tuple[Array, NDArray[np.bool_], list[str], list[str]]:
    """Solve times, lateness, reasons and violations of each state, where decisions tell them."""
    size, decisions = len(stamps), log.decisions
    solve_ms, late = np.full(size, np.nan), np.zeros(size, dtype=bool)
    reasons, violations = [""] * size, [""] * size
    if not len(decisions):
        return solve_ms, late, reasons, violations
    places = places_of(stamps, log.states.received[chosen], decisions.stamps(), decisions.received)
    columns = [decisions.column(key) for key in ("solve_ms", "late", "reason", "violation")]
    for k, (ms, was_late, reason, violation) in zip(
        places, zip(*columns, strict=True), strict=True
    ):
        if k >= 0:
            solve_ms[k] = float(ms or "nan")
            late[k] = was_late == "true"
            reasons[k], violations[k] = reason, violation
    return solve_ms, late, reasons, violations


def _first_violations(violations: Sequence[str]) -> Iterator[tuple[int, str]]:
    before = ""
    for k, violation in enumerate(violations):
        if violation and not before:
            yield k, violation
        before = violation
