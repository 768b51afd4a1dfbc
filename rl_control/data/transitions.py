"""A set of transitions: where the arm was, what was done, where it then was."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.errors import DataError, ShapeError
from rl_control.types import Array, Trajectory, joint_index

_SAME_TIME = 0.01  # share of dt by which a stamp may differ from the one it should follow


@dataclass(frozen=True)
class TransitionDataset:
    """M transitions of an arm of n joints, each over `dt`, grouped by rollout.

    Transitions of one rollout stand together in the order of time. They may overlap (see
    `strided`), and a gap in a recording leaves a hole in time.

    Attributes:
        names: joint names, [n].
        dt: time from state to next state in [s].
        states: x = (q, v), [M, 2n].
        controls: mean effort meanwhile, [M, n] in [N m] or [N].
        next_states: [M, 2n].
        times: stamps of the states in [s], [M]; each rollout has a clock of its own.
        rollouts: number of the rollout each belongs to, [M], ascending.
        sources: where each rollout comes from (a plant, a run folder, a bag), [rollouts].
    """

    names: tuple[str, ...]
    dt: float
    states: Array
    controls: Array
    next_states: Array
    times: Array
    rollouts: NDArray[np.int64]
    sources: tuple[str, ...]

    def __post_init__(self) -> None:
        n, size = len(self.names), len(self.times)
        shapes = {
            "states": (size, 2 * n),
            "controls": (size, n),
            "next_states": (size, 2 * n),
            "times": (size,),
            "rollouts": (size,),
        }
        for name, shape in shapes.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ShapeError(f"transitions: {name}", found, shape)
        if size and int(self.rollouts[-1]) >= len(self.sources):
            raise ShapeError("transitions: sources", len(self.sources), int(self.rollouts[-1]) + 1)

    @staticmethod
    def empty(names: Sequence[str], dt: float) -> TransitionDataset:
        """A set without transitions, to join others to."""
        n = len(names)
        return TransitionDataset(
            names=tuple(names),
            dt=dt,
            states=np.empty((0, 2 * n)),
            controls=np.empty((0, n)),
            next_states=np.empty((0, 2 * n)),
            times=np.empty(0),
            rollouts=np.empty(0, dtype=np.int64),
            sources=(),
        )

    @staticmethod
    def of(trajectory: Trajectory, dt: float, source: str) -> TransitionDataset:
        """The transitions of one run whose states are `dt` [s] apart.

        Where the plant's stamps (`extra["stamp"]`) say that states were passed over, there is a
        hole.
        """
        steps = len(trajectory.controls)
        stamps = trajectory.extra.get("stamp", trajectory.times)
        periods = np.maximum(np.rint(np.diff(stamps) / dt), 1.0)
        return TransitionDataset(
            names=trajectory.names,
            dt=dt,
            states=trajectory.states[:-1],
            controls=trajectory.controls,
            next_states=trajectory.states[1:],
            times=dt * (np.cumsum(periods) - periods),
            rollouts=np.zeros(steps, dtype=np.int64),
            sources=(source,),
        ).where(periods == 1.0)

    @property
    def size(self) -> int:
        """Number of transitions M."""
        return len(self.times)

    @property
    def n(self) -> int:
        """Number of joints."""
        return len(self.names)

    @property
    def seconds(self) -> float:
        """Time of motion that the transitions cover in [s], overlaps counted once."""
        if not self.size:
            return 0.0
        new = np.minimum(np.diff(self.times), self.dt)
        new[self.rollouts[1:] != self.rollouts[:-1]] = self.dt
        return float(self.dt + new.sum())

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything the set holds, as hexadecimal digits."""
        found = hashlib.sha256(repr((self.names, float(self.dt), self.sources)).encode())
        for name in ("states", "controls", "next_states", "times", "rollouts"):
            found.update(np.ascontiguousarray(getattr(self, name)).tobytes())
        return found.hexdigest()

    def join(self, other: TransitionDataset) -> TransitionDataset:
        """Both sets as one, the rollouts of `other` after those of this one.

        Raises:
            DataError: if they differ in time step.
            JointMismatchError: if `other` lacks a joint of this set.
        """
        if abs(other.dt - self.dt) > 1e-9 * self.dt:
            raise DataError(
                "transitions",
                f"steps of {other.dt:g} s cannot be joined to steps of {self.dt:g} s",
                "Resample one of them.",
            )
        other = other.ordered(self.names)
        both = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in ("states", "controls", "next_states", "times")
        }
        moved = other.rollouts + len(self.sources)
        return TransitionDataset(
            names=self.names,
            dt=self.dt,
            rollouts=np.concatenate([self.rollouts, moved]),
            sources=self.sources + other.sources,
            **both,
        )

    def ordered(self, names: Sequence[str]) -> TransitionDataset:
        """The joints `names`, in that order; others are dropped.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        if tuple(names) == self.names:
            return self
        index = joint_index(self.names, names)
        both = np.concatenate([index, index + self.n])
        return replace(
            self,
            names=tuple(names),
            states=self.states[:, both],
            controls=self.controls[:, index],
            next_states=self.next_states[:, both],
        )

    def where(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> TransitionDataset:
        """The transitions that a mask [M] or ascending indices choose."""
        return replace(
            self,
            states=self.states[kept],
            controls=self.controls[kept],
            next_states=self.next_states[kept],
            times=self.times[kept],
            rollouts=self.rollouts[kept],
        )

    def split(self, share: float, rng: Generator) -> tuple[TransitionDataset, TransitionDataset]:
        """Set whole rollouts aside: return (the rest, about `share` of all rollouts).

        Steps of one rollout are nearly alike: shuffled steps on both sides would make a test of
        a model's memory. At least one rollout goes to either side; of a single rollout, its
        last part is set aside.

        Raises:
            DataError: if there are fewer than two transitions.
        """
        if self.size < 2:
            raise DataError(
                "transitions", f"{self.size} cannot be split", "Record some seconds of motion."
            )
        present = np.unique(self.rollouts)
        if len(present) == 1:
            first = self.times[0] + (1.0 - share) * (self.times[-1] - self.times[0])
            aside = self.times > first
            aside[-1], aside[0] = True, False
            # What overlaps the part set aside would give it away.
            before = self.times + self.dt <= self.times[aside][0] + 1e-9
            before[0] = True
            return self.where(before & ~aside), self.where(aside)
        count = min(max(round(share * len(present)), 1), len(present) - 1)
        chosen = rng.permutation(present)[:count]
        aside = np.isin(self.rollouts, chosen)
        return self.where(~aside), self.where(aside)

    def alternating(self, seconds: float) -> tuple[TransitionDataset, TransitionDataset]:
        """Every other stretch of `seconds` of each rollout, and the stretches in between.

        For two sets of motion of the same kind where neither teaches a model.
        """
        if not self.size:
            return self, self
        firsts = np.flatnonzero(np.diff(self.rollouts, prepend=self.rollouts[0] - 1))
        began = self.times[firsts][np.searchsorted(firsts, np.arange(self.size), "right") - 1]
        odd = np.floor((self.times - began) / seconds + 1e-9).astype(np.int64) % 2 == 1
        return self.where(~odd), self.where(odd)

    def strided(self, steps: int, overlap: bool = True) -> TransitionDataset:
        """Transitions over `steps` steps at once: mean controls, states `steps * dt` apart.

        Args:
            steps: how many consecutive transitions make one; those across a gap are left out.
            overlap: start a long transition at every step rather than at every `steps`-th.
        """
        if steps == 1:
            return self
        starts = self.windows(steps, 1 if overlap else steps)
        members = starts[:, None] + np.arange(steps)
        return replace(
            self.where(starts),
            dt=self.dt * steps,
            controls=self.controls[members].mean(axis=1),
            next_states=self.next_states[starts + steps - 1],
        )

    def windows(self, length: int, stride: int | None = None) -> NDArray[np.intp]:
        """First indices of runs of `length` consecutive transitions, [number of runs].

        Args:
            length: of a run.
            stride: least distance between two first indices; `length` if not given.
        """
        stride = stride or length
        joined = self._joined()
        starts: list[int] = []
        begin = 0
        for end in [*np.flatnonzero(~joined[1:]) + 1, self.size]:
            starts.extend(range(begin, int(end) - length + 1, stride))
            begin = int(end)
        return np.array(starts, dtype=np.intp)

    def _joined(self) -> NDArray[np.bool_]:
        """Whether each transition starts where and when the one before it ends, [M]."""
        joined = np.zeros(self.size, dtype=bool)
        same = self.rollouts[1:] == self.rollouts[:-1]
        late = np.abs(np.diff(self.times) - self.dt)
        joined[1:] = same & (late <= _SAME_TIME * self.dt)
        return joined
