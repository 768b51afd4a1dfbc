"""From a handle that people drag to targets: what is sent, when, and when the handle goes home."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from rl_control.types import Array
from rl_control.view.snapshot import Snapshot, Target

SEND_PERIOD = 0.1  # [s]
REFUSAL_TIME = 4.0  # [s] for which a refused target stays where it was let go
ANSWER_TIME = 2.0  # [s] in which a controller should have said what it thinks of a target
_REMEMBERED = 30  # targets by which a goal is known as one's own, though newer ones are on the way


class Aim:
    """Follows one handle; people drag it on one thread, the view asks on another.

    Nothing is sent but what was dragged while dragging was allowed, at most once in
    `SEND_PERIOD`, and the last place always. The handle goes back to the controller's goal
    when somebody else sets one, or when a target was refused.

    Args:
        allowed: whether people may move the arm from the start.
    """

    def __init__(self, allowed: bool) -> None:
        self._default = allowed
        self._lock = threading.Lock()
        self._allowed, self._free = allowed, True
        self._held = False
        self._pending: Target | None = None
        self._sent: deque[Target] = deque(maxlen=_REMEMBERED)
        self._sent_at = -np.inf
        self._let_go = -np.inf
        self._goals: int | None = None

    @property
    def allowed(self) -> bool:
        """Whether people may move the arm."""
        return self._allowed

    @property
    def held(self) -> bool:
        """Whether somebody has the handle in hand."""
        return self._held

    def allow(self, allowed: bool) -> None:
        """Let people move the arm, or not; what was not sent yet is dropped."""
        with self._lock:
            self._allowed, self._pending, self._held = allowed, None, False

    def set_free(self, free: bool) -> None:
        """Leave the orientation free, or make it part of the targets to come."""
        self._free = free

    def drag(self, position: Array, rotation: Array, now: float, last: bool = False) -> None:
        """Take the handle's place at time `now` [s]; `last` when it is let go."""
        with self._lock:
            if not self._allowed:
                return
            self._held = not last
            if last:
                self._let_go = now
            target = Target(np.array(position), None if self._free else np.array(rotation))
            if not self._sent or not _same(target, self._sent[-1]):
                self._pending = target

    def forget(self) -> None:
        """Drop what was not sent yet, and what people were allowed: nobody is watching."""
        self.allow(self._default)

    def due(self, now: float) -> Target | None:
        """Return the target to send at time `now` [s], once."""
        with self._lock:
            if self._pending is None or now - self._sent_at < SEND_PERIOD:
                return None
            target, self._pending, self._sent_at = self._pending, None, now
            self._sent.append(target)
            return target

    def home(self, seen: Snapshot, now: float) -> Target | None:
        """Return where the handle belongs at time `now` [s]; None leaves it where it is."""
        with self._lock:
            if seen.goal is None:
                return None
            new = seen.goals != self._goals
            self._goals = seen.goals
            if self._held or self._pending is not None:
                return None
            if new and not any(_near(seen.goal, target) for target in self._sent):
                self._sent.clear()  # somebody else's goal
            waits = REFUSAL_TIME if seen.refusal else ANSWER_TIME
            if self._sent and now - max(self._let_go, self._sent_at) < waits:
                return None
            return seen.goal


def _same(a: Target, b: Target) -> bool:
    if a.rotation is None or b.rotation is None:
        turned = a.rotation is not b.rotation
    else:
        turned = not np.array_equal(a.rotation, b.rotation)
    return bool(np.array_equal(a.position, b.position)) and not turned


def _near(a: Target, b: Target) -> bool:
    """Whether two targets are one but for the digits that messages lose."""
    return bool(np.allclose(a.position, b.position, atol=1e-5))
