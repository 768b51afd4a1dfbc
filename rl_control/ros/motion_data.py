"""What a learner learns from: the newest motion, in rollouts, at one time step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from rl_control.data.recording import Recording, clean
from rl_control.data.resample import resample
from rl_control.data.stamps import evened
from rl_control.data.transitions import TransitionDataset
from rl_control.models.moving import moving
from rl_control.types import JointLimits

AT_REST, JUMP = "at_rest", "jump"
_LEAST_MOVING = 0.1  # share of a rollout
_LONGEST_HOLD = 1.5  # times the usual time between two commands
_FASTEST = 1.5  # times its speed limit, at which no joint moves
# A Fibonacci number: which networks' rollouts are held out follows multiples of the golden ratio,
# and so hardly changes when all numbers fall by it.
_FORGOTTEN = 1597


def control_period(rate: float, dt: float) -> float:
    """Return the time step nearest to 1 / `rate` [Hz] that divides `dt` [s]."""
    return dt / max(1, round(dt * rate))


def transitions_of(
    recording: Recording, limits: JointLimits, period: float
) -> tuple[TransitionDataset, Counter[str]]:
    """Return a recording as transitions over `period` [s], and what was left out, by reason.

    Where a command is missing, what acted is not known for certain, and the transition is left
    out. So is one over which a joint moves faster than it can ("jump"): a simulator was reset.
    """
    found, rejected = clean(recording, limits)
    if not len(found.state_times):
        return TransitionDataset.empty(recording.names, period), rejected
    found = evened(found)
    between = np.diff(found.command_times)
    hold = _LONGEST_HOLD * float(np.median(between)) if len(between) else period
    resampled = resample(found, period, greatest_hold=hold)
    data, n = resampled.data, len(recording.names)
    moved = np.abs(data.next_states[:, :n] - data.states[:, :n])
    jumps = np.asarray((moved > _FASTEST * period * limits.velocity).any(axis=1))
    rejected += resampled.dropped + Counter({JUMP: int(jumps.sum())})
    return data.where(np.logical_not(jumps)), +rejected


@dataclass(frozen=True)
class MotionData:
    """A bounded set of transitions.

    Attributes:
        data: each recording is a rollout of its own.
        limits: of the arm; samples far beyond them are rejected.
        keep: seconds of motion that are kept; the oldest rollouts go first.
        rejected: how many samples and transitions were left out so far, by reason. Rollouts in
            which the arm rests are "at_rest".
    """

    data: TransitionDataset
    limits: JointLimits
    keep: float
    rejected: Mapping[str, int] = field(default_factory=dict)

    def with_recording(self, recording: Recording) -> tuple[MotionData, TransitionDataset]:
        """Return the set with one more rollout, and that rollout; empty if it was left out."""
        rollout, counts = transitions_of(recording, self.limits, self.data.dt)
        if moving(rollout, self.limits).size < _LEAST_MOVING * max(rollout.size, 1):
            counts[AT_REST] += rollout.size
            rollout = TransitionDataset.empty(rollout.names, rollout.dt)
        rejected = dict(Counter(self.rejected) + counts)
        if not rollout.size:
            return replace(self, rejected=rejected), rollout
        data = newest_rollouts(self.data.join(rollout), self.keep)
        return replace(self, data=data, rejected=rejected), rollout


def newest_rollouts(data: TransitionDataset, seconds: float) -> TransitionDataset:
    """Return whole rollouts from the end of `data`, at least `seconds` of motion or all."""
    if not data.size:
        return data
    kept = data.where(data.rollouts >= _first_of_newest(data, seconds))
    drop = int(kept.rollouts[0]) // _FORGOTTEN * _FORGOTTEN
    return replace(kept, rollouts=kept.rollouts - drop, sources=kept.sources[drop:])


def set_newest_aside(
    data: TransitionDataset, seconds: float
) -> tuple[TransitionDataset, TransitionDataset]:
    """Return (the rest, whole rollouts from the end), the latter of at least `seconds` or all."""
    if not data.size:
        return data, data
    aside = data.rollouts >= _first_of_newest(data, seconds)
    return data.where(~aside), data.where(aside)


def _first_of_newest(data: TransitionDataset, seconds: float) -> int:
    """Number of the first of the newest rollouts that are `seconds` long together."""
    numbers, counts = np.unique(data.rollouts, return_counts=True)
    later = np.cumsum(counts[::-1])[::-1] - counts  # transitions after each rollout
    return int(numbers[np.argmax(later * data.dt < seconds)])
