"""What happened in a run that somebody might ask about: when, how long, and in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.run.decision import AT_BOUND
from rl_control.run.explain_shakes import shaking_text, shakings
from rl_control.run.explain_story import Story
from rl_control.run.explain_words import DIVERGED, LATE, in_words
from rl_control.types import Array

_JOINED = 0.1  # [s] between two stretches that are told as one
_MARGIN = 0.005  # [s] before a stop at which its cause still acts
# Kinds by how much they tell of why a run went as it did; others are no single command's.
_TELLING = (
    *("stopped", "shook", "diverged", "late", "held", "limit", "saturated", "gap", "filter"),
)
_ERROR_LEVEL, _REFUSED = 40, "target refused"


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        start: in [s] from the first state.
        end: in [s]; the same as `start` for what takes no time.
        kind: "shook", "stopped", "saturated", "limit", "late", "diverged", "filter", "held",
            "refused", "gap" or "goal".
        text: one sentence.
    """

    start: float
    end: float
    kind: str
    text: str


def events_of(story: Story) -> list[Event]:
    """Return what happened in a run, in order."""
    found = [
        *_shakes(story),
        *_stops(story),
        *_filtered(story),
        *_saturated(story),
        *_beyond(story),
        *_plans(story),
        *_gaps(story),
        *_goals(story),
    ]
    return sorted(found, key=lambda event: (event.start, event.kind != "goal", event.kind))


def telling_time(events: Sequence[Event]) -> float | None:
    """Return the time in [s] at which to ask why: in the event that tells most; None if none does.

    Of a kind it is the longest one; before a stop, what led to it still acts.
    """
    worth = [event for event in events if event.kind in _TELLING]
    if not worth:
        return None
    most = min(worth, key=lambda e: (_TELLING.index(e.kind), e.start - e.end, e.start))
    if most.kind == "stopped":
        return max(most.start - _MARGIN, 0.0)
    return 0.5 * (most.start + most.end) if most.kind == "shook" else most.start


def _shakes(story: Story) -> Iterator[Event]:
    for shaking in shakings(story):
        yield Event(shaking.start, shaking.end, "shook", shaking_text(shaking, story))


def _stops(story: Story) -> Iterator[Event]:
    times, before = story.times, ""
    for k, violation in enumerate(story.violations):
        if violation and not before:
            words = in_words(violation.partition(" ")[0].rstrip(":"))
            text = f"motion stopped, {violation}: {words.what}. {words.remedy}"
            yield Event(float(times[k]), float(times[k]), "stopped", text)
        before = violation


def _filtered(story: Story) -> Iterator[Event]:
    reasons = np.array(story.reasons)
    going_on = np.array([not violation for violation in story.violations])
    for reason in sorted(set(story.reasons) - {""}):
        kind = "filter" if reason.startswith("effort_") else "held"
        where = (reasons == reason) & going_on
        yield from _stretches(story.times, where, kind, in_words(reason).what)


def _saturated(story: Story) -> Iterator[Event]:
    at = np.abs(np.nan_to_num(story.inputs.commands)) >= AT_BOUND * story.limits.effort
    for i, name in enumerate(story.inputs.names):
        text = f"{name} was driven with all the effort allowed, {story.limits.effort[i]:.4g}"
        yield from _stretches(story.times, at[:, i], "saturated", text)


def _beyond(story: Story) -> Iterator[Event]:
    """Where the arm itself, not a plan, was beyond what the planner keeps to."""
    limits, q, v = story.limits, story.inputs.positions, story.inputs.velocities
    for i, name in enumerate(story.inputs.names):
        for what, beyond, bound in (
            ("below its position limit", q[:, i] < limits.lower[i], limits.lower[i]),
            ("above its position limit", q[:, i] > limits.upper[i], limits.upper[i]),
            ("faster than planned for", np.abs(v[:, i]) > limits.velocity[i], limits.velocity[i]),
        ):
            text = f"{name} was {what}, {bound:.4g}"
            yield from _stretches(story.times, beyond, "limit", text)


def _plans(story: Story) -> Iterator[Event]:
    diverged = np.array([status == DIVERGED for status in story.statuses])
    for kind, where in ((LATE, story.inputs.late), (DIVERGED, diverged)):
        yield from _stretches(story.times, where, kind, in_words(kind).what)


def _gaps(story: Story) -> Iterator[Event]:
    times = story.times
    steps = np.diff(times)
    if not len(steps):
        return
    period = float(np.median(steps))
    starts = {k for k, several in story.inputs.changes.items() if any(c.start for c in several)}
    for k in np.flatnonzero(steps > 3.0 * period).tolist():
        if k + 1 in starts:
            continue
        text = f"no state for {1e3 * steps[k]:.0f} ms, where one comes every {1e3 * period:.3g} ms"
        yield Event(float(times[k]), float(times[k + 1]), "gap", text)


def _goals(story: Story) -> Iterator[Event]:
    times = story.times
    for k, changes in sorted(story.inputs.changes.items()):
        for change in changes:
            if change.goal is not None and k < len(times):
                at = ", ".join(f"{c:.3f}" for c in change.goal.position)
                path = change.path
                way = "" if path is None else f"a path of {path.end - path.start:.2f} s to "
                text = f"new target: {way}tip at {at} m"
                yield Event(float(times[k]), float(times[k]), "goal", text)
    received, states = story.log.states.received, story.log.states.stamps
    for note in story.log.notes:
        if note.level >= _ERROR_LEVEL and note.text.startswith(_REFUSED):
            place = min(int(np.searchsorted(received, note.received)), len(states) - 1)
            time = float(states[place] - story.inputs.stamps[0]) / 1e9
            yield Event(time, time, "refused", note.text)


def _stretches(times: Array, where: NDArray[np.bool_], kind: str, text: str) -> Iterator[Event]:
    """Yield an event for every stretch of states; short pauses between two are passed over."""
    places = np.flatnonzero(where)
    if not len(places):
        return
    breaks = np.flatnonzero(np.diff(times[places]) > _JOINED) + 1
    for part in np.split(places, breaks):
        count = f" ({len(part)} states)" if len(part) > 1 else ""
        yield Event(float(times[part[0]]), float(times[part[-1]]), kind, text + count)
