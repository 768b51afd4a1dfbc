"""Gathers what an arm does while it does it, and hands it out as recordings of some seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from rl_control.data.recording import RESTART, Recording
from rl_control.types import Array

_NANO = 1_000_000_000
_LATE = 0.1  # [s] for which the command to a state may still be on its way


class MotionRecorder:
    """Cuts two streams, states and commands, into recordings.

    A recording ends with the state that the next one begins with, and the next one begins with
    the command in force then. Where the stamps of the states jump by more than a second, back or
    ahead, a recording ends, too. Stamps are in whole [ns], on any clock.

    Args:
        names: joint names, [n].
        seconds: length of a recording.
        source: said of each recording.
        most: recordings that are kept; more push out the oldest.
    """

    def __init__(self, names: Sequence[str], seconds: float, source: str, most: int = 8) -> None:
        self._names, self._source = tuple(names), source
        self._length = round(seconds * _NANO)
        self._states: list[tuple[int, Array, Array]] = []
        self._commands: list[tuple[int, Array]] = []
        self._done: deque[Recording] = deque(maxlen=most)

    @property
    def newest(self) -> int | None:
        """Stamp of the newest state of the recording under way; None before its first."""
        return self._states[-1][0] if self._states else None

    def state(self, stamp: int, position: Array, velocity: Array) -> None:
        """Take a state: positions and velocities, [n] each."""
        if self._states and abs(stamp - self._states[-1][0]) > RESTART * _NANO:
            self.close()
        self._states.append((stamp, position, velocity))
        until = self._states[0][0] + self._length
        if stamp - until >= _LATE * _NANO:
            self._cut(until)

    def command(self, stamp: int, effort: Array) -> bool:
        """Take the efforts [n] that act from a stamp on; say whether it can be of this motion.

        Of two commands with one stamp the later counts. One that is more than a second away from
        the newest state is not taken.
        """
        newest = self.newest
        if newest is None or abs(stamp - newest) > RESTART * _NANO:
            return False
        if self._commands and self._commands[-1][0] == stamp:
            self._commands.pop()
        self._commands.append((stamp, effort))
        return True

    def take(self) -> Recording | None:
        """Return the oldest recording that was not taken yet, or None."""
        return self._done.popleft() if self._done else None

    def close(self) -> None:
        """End the recording under way; what comes next has nothing to do with it."""
        if self._states:
            self._cut(max(stamp for stamp, _, _ in self._states))
        self._states, self._commands = [], []

    def _cut(self, until: int) -> None:
        """End the recording at the last state not after `until`, and begin the next with it."""
        states = [row for row in self._states if row[0] <= until]
        commands = [row for row in self._commands if row[0] <= until]
        if len(states) > 1:
            self._done.append(self._recording(states, commands))
        self._states = states[-1:] + [row for row in self._states if row[0] > until]
        self._commands = commands[-1:] + [row for row in self._commands if row[0] > until]

    def _recording(
        self, states: list[tuple[int, Array, Array]], commands: list[tuple[int, Array]]
    ) -> Recording:
        n, origin = len(self._names), states[0][0]

        def times(stamps: list[int]) -> Array:
            # Differences of whole numbers: a stamp of today has few digits to spare as a float.
            return np.array([stamp - origin for stamp in stamps], dtype=np.float64) / _NANO

        return Recording(
            names=self._names,
            state_times=times([row[0] for row in states]),
            positions=np.array([row[1] for row in states]),
            velocities=np.array([row[2] for row in states]),
            command_times=times([row[0] for row in commands]),
            efforts=np.array([row[1] for row in commands]).reshape(-1, n),
            source=self._source,
        )
