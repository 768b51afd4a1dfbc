"""The simulated arm's tick without ROS: newest command or hold -> plant -> state, counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rl_control.interfaces import Plant
from rl_control.ros.latencies import Latencies
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.watchdog import Watchdog
from rl_control.types import ArmState, Array, Command, JointState

# Latencies that count for the percentiles: one minute at 500 Hz.
LATENCIES = 30_000
# States whose command may still come.
OPEN_STATES = 50
# Of a period: the least time between two ticks while lost time is made up for. Closer ones would
# leave a controller less time to answer than an arm does.
CLOSEST = 0.8

EffortSource = Callable[[JointState, float], Array]


@dataclass
class SimCounters:
    """What happened since the start.

    Attributes:
        states: published.
        commands: accepted.
        answered: states that a command named as its own before the next one was due.
        missed: states that none did, while a controller was at work.
        refused: commands that were not applied.
        timeouts: times the arm began to hold because commands stopped coming.
        overruns: ticks that began more than a period late.
    """

    states: int = 0
    commands: int = 0
    answered: int = 0
    missed: int = 0
    refused: int = 0
    timeouts: int = 0
    overruns: int = 0


class SimLoop:
    """Steps a plant with the newest command; holds the arm when none comes in time.

    Attributes:
        counters: what happened since the start.
        state: the arm's newest state.
        answered: whether a command named the state published last as its own.
        moved: whether the arm has moved on since a state was published.
    """

    def __init__(
        self,
        plant: Plant,
        safety: SafetyFilter,
        command_timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start from the plant's present state, holding it.

        Args:
            plant: what is simulated.
            safety: gives the hold.
            command_timeout: time without a command after which the arm holds, in [s] of `clock`.
            clock: steady time in [s].
        """
        self._plant, self._safety, self._clock = plant, safety, clock
        self._watchdog = Watchdog(command_timeout, clock)
        self._source: EffortSource | None = None
        self._pending = ""
        self._sent: dict[str, float] = {}
        self._latencies = Latencies(LATENCIES)
        self.counters = SimCounters()
        self.state: ArmState = plant.observe()
        self.answered = self.moved = False

    @property
    def command_timeout(self) -> float:
        """Time without a command after which the arm holds, in [s]."""
        return self._watchdog.timeout

    @command_timeout.setter
    def command_timeout(self, seconds: float) -> None:
        self._watchdog.timeout = seconds

    @property
    def holding(self) -> bool:
        """Whether the arm holds for want of commands."""
        return self._source is None

    def published(self, label: str) -> None:
        """Note that the present state has just been published under `label`."""
        self._pending, self.answered, self.moved = label, False, False
        self._sent[label] = self._clock()
        if len(self._sent) > OPEN_STATES:
            del self._sent[next(iter(self._sent))]
        self.counters.states += 1

    def effort(self, values: Array, answers: str = "") -> None:
        """Take an effort command [n] for the state labelled `answers` ("" for the newest one).

        The values must have been checked.
        """
        self.counters.commands += 1
        label = answers or self._pending
        sent = self._sent.pop(label, None)
        if sent is not None:
            self._latencies.add(self._clock() - sent)
        if label == self._pending and not self.answered:
            self.answered = True
            self.counters.answered += 1
        self._watchdog.feed()
        self._source = lambda state, now: values

    def follow(self, source: EffortSource) -> None:
        """Let `source` compute the efforts from now on, until the next command."""
        self.counters.commands += 1
        self._watchdog.sleep()
        self._source = source

    def step(self, lock_step: bool = False) -> ArmState:
        """Move the arm on by one period; return its new state.

        Args:
            lock_step: time stands still between steps, so that no command can be late.
        """
        if self._source is not None and not self.answered and self._watchdog.awake:
            self.counters.missed += 1
        if self._watchdog.expired and not lock_step:
            self.counters.timeouts += 1
            self.forget()
        self.state, self.moved = self._plant.step(self._command()), True
        return self.state

    def reset(self) -> ArmState:
        """Bring the arm home, at rest and holding."""
        self.forget()
        self._safety.reset()
        self.state = self._plant.reset()
        return self.state

    def forget(self) -> None:
        """Hold until the next command."""
        self._source = None
        self._watchdog.sleep()

    def latency_ms(self) -> dict[str, float]:
        """Return median, 99th percentile and greatest state-to-command latency in [ms]."""
        return self._latencies.summary_ms()

    def _command(self) -> Command:
        joints = self.state.joints
        if self._source is None:
            return self._safety.hold(joints, joints.stamp)
        return Command(joints.names, self._source(joints, joints.stamp), joints.stamp)


class Pacer:
    """Absolute deadlines on a steady clock: lateness of one tick does not move the next.

    Only where two would come too close together does the second wait, and what is lost is made up
    for by those after it.
    """

    def __init__(self, period: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Make the first tick due one `period` [s] from now."""
        self.period, self._clock = period, clock
        self._due = self._earliest = clock() + period

    def remaining(self) -> float:
        """Return the time until the next tick in [s]; zero or less if it is due."""
        return max(self._due, self._earliest) - self._clock()

    def advance(self) -> bool:
        """Make the next tick due; say whether this one came more than a period late.

        Ticks missed by a long stop are not made up for.
        """
        now = self._clock()
        late = now - self._due
        self._due = self.period + (now if late > 5 * self.period else self._due)
        self._earliest = now + CLOSEST * self.period
        return late > self.period
