"""Shaking in a run, as events: which joints, how quickly, and whether the commands did it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rl_control.data.runs.shake import Shake, find_shakes, mean_width, without_mean
from rl_control.run.explain_story import Story
from rl_control.types import Array

SPEED_SHARE = 0.02  # of a joint's speed limit: swings beyond it shake
EFFORT_SHARE = 0.05  # of a joint's effort limit
DRIVEN_SHARE = 0.01  # of a joint's effort limit: a command that swings at all
_JOINED = 0.2  # [s] between two shakes that are told as one

BOTH = (
    "the commands swung with it: a delay that the controller does not know of "
    "(mpc.actuation_delay), too coarse or noisy velocities, or a model that lacks a load are the "
    "usual causes"
)
ARM_ALONE = (
    "the commands did not swing with it: something at the arm does (play, a loose base, its own "
    "controller)"
)
COMMANDS_ALONE = "the arm hardly followed: noise of the measured velocities is the usual cause"


@dataclass(frozen=True)
class Shaking:
    """A stretch of time in which joints, commands or both shake, within one episode.

    Attributes:
        start: in [s] from the first state.
        end: in [s].
        joints: shakes of the joints' velocities; their channel is the joint.
        commands: shakes of the commanded efforts.
        driven: whether the commands swing at all.
        episode: which of the run's.
    """

    start: float
    end: float
    joints: tuple[Shake, ...]
    commands: tuple[Shake, ...]
    driven: bool
    episode: int


def shakings(story: Story) -> list[Shaking]:
    """Return where the arm or its commands shook, in order."""
    found: list[Shaking] = []
    for shaking in sorted(_single(story), key=lambda s: s.start):
        last = found[-1] if found else shaking
        near = last.episode == shaking.episode and shaking.start <= last.end + _JOINED
        if found and near:
            found[-1] = Shaking(
                last.start,
                max(last.end, shaking.end),
                last.joints + shaking.joints,
                last.commands + shaking.commands,
                last.driven or shaking.driven,
                last.episode,
            )
        else:
            found.append(shaking)
    return found


def shaking_text(shaking: Shaking, story: Story) -> str:
    """Return in one sentence what shook, how, and what that points to."""
    strongest = max(shaking.joints or shaking.commands, key=lambda s: s.end - s.start)
    who = "the arm" if shaking.joints else "the commands"
    joints, names = story.arm.robot.joints, story.inputs.names
    parts = []
    for units, shakes in ((("m/s", "rad/s"), shaking.joints), (("N", "N m"), shaking.commands)):
        greatest: dict[int, float] = {}
        for shake in shakes:
            greatest[shake.channel] = max(greatest.get(shake.channel, 0.0), shake.amplitude)
        for i, amplitude in sorted(greatest.items()):
            unit = units[0] if joints[i].kind == "prismatic" else units[1]
            parts.append(f"{names[i]} by {amplitude:.3g} {unit}")
    cause = BOTH if shaking.driven else ARM_ALONE
    if not shaking.joints:
        cause = COMMANDS_ALONE
    return f"{who} shook, {strongest.frequency:.0f} times a second ({', '.join(parts)}); {cause}"


def _single(story: Story) -> Iterator[Shaking]:
    inputs, limits = story.inputs, story.arm.robot.limits
    starts = {k for k, several in inputs.changes.items() if any(c.start for c in several)}
    edges = sorted({0, *(k for k in starts if k < len(inputs)), len(inputs)})
    for episode, (first, last) in enumerate(pairwise(edges)):
        times, commands = story.times[first:last], inputs.commands[first:last]
        speeds = inputs.velocities[first:last]
        for shake in find_shakes(times, speeds, _bounds(SPEED_SHARE, limits.velocity)):
            driven = _driven(times, commands[:, shake.channel], shake, limits.effort)
            yield Shaking(shake.start, shake.end, (shake,), (), driven, episode)
        for shake in find_shakes(times, commands, _bounds(EFFORT_SHARE, limits.effort)):
            yield Shaking(shake.start, shake.end, (), (shake,), True, episode)


def _driven(times: Array, commands: Array, shake: Shake, limits: Array) -> bool:
    """Whether the command of a joint swings to speak of while the joint does."""
    rest = without_mean(np.nan_to_num(commands), mean_width(times))
    inside = (times >= shake.start) & (times <= shake.end)
    return bool(np.abs(rest[inside]).max() > DRIVEN_SHARE * limits[shake.channel])


def _bounds(share: float, limit: Array) -> Array:
    bounds: Array = np.where(np.isfinite(limit), share * limit, np.inf)
    return bounds
