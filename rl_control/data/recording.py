"""Raw streams of one run, unevenly stamped, and what of them is refused, by name and number."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rl_control.errors import DataError, ShapeError
from rl_control.types import Array, JointLimits, joint_index

RESTART = 1.0
"""A clock that falls back by more than this began anew, in [s]."""

_MARGIN = 0.1  # [rad] or [m] beyond a position limit that sensors may report
_OVERSPEED = 1.5  # times a speed limit that sensors may report


@dataclass(frozen=True)
class Recording:
    """States and commands of an arm of n joints, each stream in the order of arrival.

    Attributes:
        names: joint names, [n].
        state_times: stamps of the states in [s], [S].
        positions: [S, n] in [rad] or [m].
        velocities: [S, n] in [rad/s] or [m/s]; None if they were not recorded.
        command_times: stamps of the commands in [s], [C], on the clock of the states.
        efforts: [C, n] in [N m] or [N]; each acts from its stamp until the next one.
        source: where it comes from.
        restarts: where the clock began anew: number of the first state and of the first command
            after it (see `split_timelines`).
        rejected: how many messages its reader refused, by reason.
    """

    names: tuple[str, ...]
    state_times: Array
    positions: Array
    velocities: Array | None
    command_times: Array
    efforts: Array
    source: str
    restarts: tuple[tuple[int, int], ...] = ()
    rejected: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, states, commands = len(self.names), len(self.state_times), len(self.command_times)
        shapes: dict[str, tuple[int, ...]] = {
            "state_times": (states,),
            "positions": (states, n),
            "velocities": (states, n),
            "command_times": (commands,),
            "efforts": (commands, n),
        }
        for name, shape in shapes.items():
            found = getattr(self, name)
            if name == "velocities" and found is None:
                continue
            if np.shape(found) != shape:
                raise ShapeError(f"recording: {name}", np.shape(found), shape)


def find_restarts(
    state_times: Array, state_arrivals: NDArray[np.int64], command_arrivals: NDArray[np.int64]
) -> tuple[tuple[int, int], ...]:
    """Where the clock of the stamps began anew, as `Recording.restarts`.

    Args:
        state_times: stamps in the order of arrival in [s], [S].
        state_arrivals: when the states arrived, on a clock that does not begin anew, [S].
        command_arrivals: when the commands arrived on that clock, [C].
    """
    states = np.flatnonzero(np.diff(state_times) < -RESTART) + 1
    commands = np.searchsorted(command_arrivals, state_arrivals[states])
    return tuple(zip(states.tolist(), commands.tolist(), strict=True))


def split_timelines(recording: Recording) -> list[Recording]:
    """One recording for each time the clock began anew; the first carries `rejected`."""
    ends = [*recording.restarts, (len(recording.state_times), len(recording.command_times))]
    parts: list[Recording] = []
    state, command = 0, 0
    for end_state, end_command in ends:
        states, commands = slice(state, end_state), slice(command, end_command)
        part = replace(
            _chosen(recording, states, commands),
            restarts=(),
            rejected={} if parts else recording.rejected,
        )
        parts.append(part)
        state, command = end_state, end_command
    return parts


def clean(recording: Recording, limits: JointLimits | None) -> tuple[Recording, Counter[str]]:
    """Drop samples that cannot be true; return the rest and how many were dropped, by reason.

    States: "not_finite"; "out_of_limits", more than 0.1 rad or m beyond a position limit;
    "too_fast", a reported speed above 1.5 times its limit; "duplicate_stamp"; "backward_stamp".
    Commands: "command_not_finite", "command_duplicate_stamp", "command_backward_stamp". What is
    kept has strictly increasing stamps, and as few samples as can be are dropped for that. Of
    two states with one stamp the first is kept, of two commands the last: it is the one that
    acts.

    Args:
        recording: of one timeline.
        limits: of the arm, matched by name; None to check none.

    Raises:
        DataError: if its clock began anew.
        JointMismatchError: if the limits of a joint are missing.
    """
    if recording.restarts:
        raise DataError(
            recording.source,
            f"its clock began anew {len(recording.restarts)} time(s)",
            "Clean each part that split_timelines returns by itself.",
        )
    dropped: Counter[str] = Counter()
    vectors = [recording.positions]
    if recording.velocities is not None:
        vectors.append(recording.velocities)
    kept = _finite(recording.state_times, *vectors)
    dropped["not_finite"] = _count(~kept)
    if limits is not None:
        for reason, beyond in _beyond(recording, limits).items():
            dropped[reason] = _count(kept & beyond)
            kept &= ~beyond
    states = np.flatnonzero(kept)
    # Turned round, what must stay of two that exclude each other is the last.
    turned = _in_order(-recording.state_times[states][::-1])
    states = _dropping(recording.state_times, states, len(states) - 1 - turned[::-1], dropped, "")

    kept = _finite(recording.command_times, recording.efforts)
    dropped["command_not_finite"] = _count(~kept)
    commands = np.flatnonzero(kept)
    order = _in_order(recording.command_times[commands])
    commands = _dropping(recording.command_times, commands, order, dropped, "command_")
    return _chosen(recording, states, commands), +dropped


def _chosen(
    recording: Recording, states: slice | NDArray[np.intp], commands: slice | NDArray[np.intp]
) -> Recording:
    velocities = recording.velocities
    return replace(
        recording,
        state_times=recording.state_times[states],
        positions=recording.positions[states],
        velocities=None if velocities is None else velocities[states],
        command_times=recording.command_times[commands],
        efforts=recording.efforts[commands],
    )


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))


def _finite(times: Array, *vectors: Array) -> NDArray[np.bool_]:
    finite = np.isfinite(times)
    for values in vectors:
        finite &= np.isfinite(values).all(axis=1)
    return finite


def _beyond(recording: Recording, limits: JointLimits) -> dict[str, NDArray[np.bool_]]:
    """Which states pass a limit, in the order in which reasons are looked for."""
    index = joint_index(limits.names, recording.names)
    low, high = limits.lower[index] - _MARGIN, limits.upper[index] + _MARGIN
    outside = (recording.positions < low) | (recording.positions > high)
    found = {"out_of_limits": np.asarray(outside.any(axis=1))}
    if recording.velocities is not None:
        fast = np.abs(recording.velocities) > _OVERSPEED * limits.velocity[index]
        found["too_fast"] = np.asarray(fast.any(axis=1))
    return found


def _dropping(
    times: Array, found: NDArray[np.intp], order: NDArray[np.intp], dropped: Counter[str], who: str
) -> NDArray[np.intp]:
    """Of the samples `found`, those in `order`; the others are counted."""
    kept = found[order]
    lost = np.setdiff1d(found, kept)
    again = _count(np.isin(times[lost], times[kept]))
    dropped[f"{who}duplicate_stamp"] = again
    dropped[f"{who}backward_stamp"] = len(lost) - again
    return kept


def _in_order(times: Array) -> NDArray[np.intp]:
    """Indices of a longest strictly increasing subsequence; of two alike, the last stays.

    A single stamp far ahead or far behind costs only itself, which comparing each stamp with
    the greatest before it would not grant.

    Source: M. L. Fredman, On computing the length of longest increasing subsequences,
    Discrete Mathematics 11 (1975).
    """
    if (np.diff(times) > 0.0).all():
        return np.arange(len(times))
    ends: list[float] = []  # least stamp that ends a subsequence of each length
    where: list[int] = []  # and its index
    before = np.empty(len(times), dtype=np.intp)
    for i, time in enumerate(times.tolist()):
        length = bisect_left(ends, time)
        before[i] = where[length - 1] if length else -1
        ends[length : length + 1] = [time]
        where[length : length + 1] = [i]
    chosen = []
    i = where[-1]
    while i >= 0:
        chosen.append(i)
        i = int(before[i])
    return np.array(chosen[::-1], dtype=np.intp)
