"""Why one command is what it is: limits, filter, plan and goal in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from rl_control.config import flatten
from rl_control.data.bags.cdr_rows import stamp_label
from rl_control.errors import ConfigError
from rl_control.run.decision import AT_BOUND, near_limits
from rl_control.run.explain_events import Event
from rl_control.run.explain_numbers import (
    NOTED,
    counts,
    effort_text,
    greatest,
    short_effort,
)
from rl_control.run.explain_story import Story, effective
from rl_control.run.explain_terms import Drivers
from rl_control.run.explain_words import DIVERGED, LATE, in_words
from rl_control.safety.reasons import Reason
from rl_control.types import Array

_LONG = ("shook", "gap")  # kinds of events that no one command explains
_TELLING = 0.01  # share of a joint's effort limit from which on a term has a sentence
_OLD = 1.5  # periods at which the age of a plan is worth a word


def state_at(story: Story, text: str) -> int:
    """Return the state nearest to a time.

    Args:
        story: of the run.
        text: seconds from its first state on, or a stamp as it is in the bag.

    Raises:
        ConfigError: if it is no time, or outside the run.
    """
    times, first = story.times, int(story.inputs.stamps[0])
    last = int(story.inputs.stamps[-1])
    remedy = (
        f"Give seconds from 0 to {times[-1]:.3f}, or a stamp from {stamp_label(first)} to "
        f"{stamp_label(last)}."
    )
    try:
        seconds = float(text)
    except ValueError:
        raise ConfigError("command line", "--at", f"'{text}' is no time", remedy) from None
    if math.isfinite(seconds) and not 0.0 <= seconds <= times[-1]:
        seconds -= 1e-9 * first
    if not 0.0 <= seconds <= times[-1]:
        raise ConfigError("command line", "--at", f"{text} s is outside the run", remedy)
    return int(np.argmin(np.abs(times - seconds)))


def sentences(story: Story, k: int, drivers: Drivers) -> list[str]:
    """Return what there is to say of the command for state `k`, in order of weight."""
    if story.violations[k]:
        return [*_stopped(story, k), *_goal(story, k)]
    return [
        *_filtered(story, k),
        *_at_bound(story, k),
        *_plan(story, k),
        *_near(story, k, drivers),
        *_driven(story, drivers),
        *_goal(story, k),
    ]


def around(events: Sequence[Event], time: float) -> list[str]:
    """Return what of the run's events that are no single command's goes on at `time` [s]."""
    return [
        f"{event.text[0].upper()}{event.text[1:]}."
        for event in events
        if event.kind in _LONG and event.start <= time <= event.end
    ]


def _stopped(story: Story, k: int) -> Iterator[str]:
    violation = story.violations[k]
    words = in_words(violation.partition(" ")[0].rstrip(":"))
    before = [j for j in range(k) if story.violations[j] != violation]
    since = story.times[before[-1] + 1] if before else 0.0
    yield (
        f"Motion has been stopped since {since:.3f} s, {violation}: {words.what}, and the arm is "
        f"held. {words.remedy}"
    )


def _filtered(story: Story, k: int) -> Iterator[str]:
    reason = story.reasons[k]
    if not reason:
        return
    words = in_words(reason)
    numbers = ""
    if reason == Reason.EFFORT_RATE.value:
        numbers = _rate_numbers(story, k)
    elif reason == Reason.EFFORT_LIMIT.value:
        excess = np.abs(story.asked[k]) / story.allowed.effort
        i = int(np.nanargmax(excess))
        numbers = (
            f" {story.inputs.names[i]} was asked for {story.asked[k, i]:.4g}, allowed are "
            f"{story.allowed.effort[i]:.4g}."
        )
    yield f"{words.what[0].upper()}{words.what[1:]}.{numbers} {words.remedy}"


def _rate_numbers(story: Story, k: int) -> str:
    """How much the effort was to change and how much it might, of the joint that decided."""
    before = story.inputs.commands[k - 1] if k else np.full(len(story.limits.names), np.nan)
    change = story.asked[k] - before
    if not np.isfinite(change).all():
        return ""
    safety = effective(story, k).safety
    elapsed = min(float(story.times[k] - story.times[k - 1]), safety.state_timeout)
    allowed = safety.effort_rate * elapsed * story.allowed.effort
    i = int(np.argmax(np.abs(change) / allowed))
    return (
        f" {story.inputs.names[i]} was to change by {change[i]:+.4g}, allowed are "
        f"{allowed[i]:.4g} in {1e3 * elapsed:.3g} ms."
    )


def _at_bound(story: Story, k: int) -> Iterator[str]:
    wanted = np.fmax(np.abs(story.asked[k]), np.abs(story.inputs.commands[k]))
    bound = story.limits.effort
    for i in np.flatnonzero(wanted >= AT_BOUND * bound):
        yield (
            f"{story.inputs.names[i]} was given all the effort the planner may use, "
            f"{bound[i]:.4g}: the motion could not be quicker there. Raise effort_scale if the arm "
            "bears more."
        )


def _plan(story: Story, k: int) -> Iterator[str]:
    period = float(np.median(np.diff(story.times))) if len(story.times) > 1 else 0.005
    decision = story.decision(k)
    if story.statuses[k] == DIVERGED:
        yield f"{in_words(DIVERGED).what.capitalize()}. {in_words(DIVERGED).remedy}"
    if story.inputs.late[k]:
        yield f"{in_words(LATE).what.capitalize()}. {in_words(LATE).remedy}"
    age = float(story.plan_ages[k])
    if age > _OLD * period:
        yield f"The plan in use was made from the state {1e3 * age:.1f} ms before."
    if decision is not None:
        yield (
            f"The newest plan took {decision.number('solve_ms'):.3g} ms and "
            f"{decision.text('iterations')} iterations; it ended as {story.statuses[k]}."
        )
        if decision.text("policy.acting") == "policy":
            yield (
                "The policy acted here, not the plan: cost terms are those of the MPC beside it. "
                f"Distance from its training {decision.number('policy.distance'):.3g}."
            )


def _near(story: Story, k: int, drivers: Drivers) -> Iterator[str]:
    decision = story.decision(k)
    told = decision.text("near_limit") if decision is not None else ""
    near = told if told else ", ".join(near_limits(drivers.plan, story.limits))
    if near:
        yield f"The plan comes near limits: {near}."


def _driven(story: Story, drivers: Drivers) -> Iterator[str]:
    """The terms without which the command would be most different; else what holds the arm."""
    limits, names = story.arm.robot.limits.effort, story.inputs.names
    sizes = greatest(drivers.pulls, limits)
    telling = [term for term, size in sizes.items() if size >= _TELLING]
    for term in telling[:2]:
        pull = drivers.pulls[term]
        i = int(np.argmax(np.abs(pull) / limits))
        yield (
            f"Without {term}, {names[i]} would have got {short_effort(-pull[i], limits[i])} "
            f"{_unit(story, i)} on top of {short_effort(drivers.command[i], limits[i])}."
        )
    if not telling:
        yield from _held(story, drivers)
        yield _balance(drivers, limits)


def _held(story: Story, drivers: Drivers) -> Iterator[str]:
    """How the command compares with what carries the arm."""
    limits, names = story.arm.robot.limits.effort, story.inputs.names
    beyond = drivers.command - drivers.gravity
    i = int(np.argmax(np.abs(beyond) / limits))
    amount = f"{effort_text(abs(beyond[i]), limits[i])} {_unit(story, i)}"
    if abs(beyond[i]) < NOTED * limits[i]:
        yield f"The command holds the arm against gravity, to {amount}."
    else:
        yield (
            f"The command holds the arm against gravity, and gives {names[i]} {amount} "
            f"{'more' if beyond[i] > 0.0 else 'less'} than that."
        )


def _balance(drivers: Drivers, limits: Array) -> str:
    """Which terms are in balance with each other, where none matters much."""
    some = [
        term
        for term in greatest(drivers.pulls, limits)
        if any(map(counts, drivers.pulls[term], limits))
    ]
    if len(some) < 2:
        return "No cost term asks for anything else."
    return (
        f"The cost terms are in balance ({', '.join(some[:3])}): leaving one out would change no "
        f"joint's effort by {100 * _TELLING:.0f} % of its limit."
    )


def _unit(story: Story, joint: int) -> str:
    return "N" if story.arm.robot.joints[joint].kind == "prismatic" else "N m"


def _goal(story: Story, k: int) -> Iterator[str]:
    decision = story.decision(k)
    if decision is not None and decision.text("goal"):
        yield (
            f"Target: {decision.text('goal')}, the tip is {decision.number('tip_error_mm'):.3g} mm "
            "away."
        )


def settings_changed(story: Story, k: int) -> list[str]:
    """Return the settings at state `k` that are not those of the start, as "key = value"."""
    before, now = flatten(story.config), flatten(effective(story, k))
    return [f"{key} = {value}" for key, value in now.items() if value != before[key]]
