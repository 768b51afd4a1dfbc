"""What a dashboard shows of an arm at one moment: plain data, no matter where they came from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

OK, WARN, ERROR, STALE = range(4)
UNKNOWN = math.nan


@dataclass(frozen=True)
class JointShown:
    """One joint. What is not known is NaN; units are [rad], [N m] or [m], [N], and [s].

    Attributes:
        name: of the joint.
        position: where it is.
        velocity: its speed.
        effort: what it reports to exert.
        goal: position it shall come to.
        lower: least position; -inf for none.
        upper: greatest position; inf for none.
        velocity_limit: greatest speed.
        effort_limit: greatest effort.
    """

    name: str
    position: float = UNKNOWN
    velocity: float = UNKNOWN
    effort: float = UNKNOWN
    goal: float = UNKNOWN
    lower: float = UNKNOWN
    upper: float = UNKNOWN
    velocity_limit: float = UNKNOWN
    effort_limit: float = UNKNOWN

    @property
    def place(self) -> float:
        """Position between the limits: 0 at the lower, 1 at the upper; NaN without limits."""
        return self._between(self.position)

    @property
    def goal_place(self) -> float:
        """The same of the goal."""
        return self._between(self.goal)

    @property
    def velocity_share(self) -> float:
        """Speed as a share of its limit."""
        return abs(self.velocity) / self.velocity_limit if self.velocity_limit else UNKNOWN

    @property
    def effort_share(self) -> float:
        """Effort as a share of its limit."""
        return abs(self.effort) / self.effort_limit if self.effort_limit else UNKNOWN

    def _between(self, position: float) -> float:
        span = self.upper - self.lower
        if not (math.isfinite(span) and span > 0.0):
            return UNKNOWN
        return (position - self.lower) / span


@dataclass(frozen=True)
class NodeShown:
    """What a node says of itself in its diagnostics.

    Attributes:
        name: of the node.
        level: OK, WARN, ERROR or STALE.
        summary: its one line.
        values: all it reports.
        age_s: since its newest report.
    """

    name: str
    level: int = OK
    summary: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    age_s: float = math.inf


@dataclass(frozen=True)
class ControllerShown:
    """The controller, as far as it has told; NaN for what it has not.

    Attributes:
        name: of its node.
        lifecycle: its state, "" if unknown.
        node: its newest report.
        goal: status of the goal.
        goal_position: where the tip shall come to, in [m]; None if it is not known.
        safety: why motion was stopped; "" if it was not.
        tip_error_mm: distance of the tip from its goal.
        tip_errors: those reported lately, oldest first, in [mm].
        solve_ms: times of the plans reported lately, oldest first.
        solve_p50_ms: their median.
        solve_p99_ms: their 99th percentile.
        plans_hz: plans a second.
        late: states answered by an older plan, so far.
        unanswered: states overtaken by a newer one, so far.
        misses: plans over their time budget, so far.
        lately: of all three, in the last ten seconds.
        plan_status: how the newest solve ended.
        model: what is reported of the learned model.
        policy: what is reported of the policy.
    """

    name: str
    lifecycle: str = ""
    node: NodeShown | None = None
    goal: str = ""
    goal_position: tuple[float, float, float] | None = None
    safety: str = ""
    tip_error_mm: float = UNKNOWN
    tip_errors: tuple[float, ...] = ()
    solve_ms: tuple[float, ...] = ()
    solve_p50_ms: float = UNKNOWN
    solve_p99_ms: float = UNKNOWN
    plans_hz: float = UNKNOWN
    late: int = 0
    unanswered: int = 0
    misses: int = 0
    lately: int = 0
    plan_status: str = ""
    model: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LogShown:
    """One line of the log.

    Attributes:
        time: of day, as text.
        level: "WARN", "ERROR" or "FATAL".
        name: who said it.
        text: what was said.
    """

    time: str
    level: str
    name: str
    text: str


@dataclass(frozen=True)
class Snapshot:
    """All that a dashboard shows.

    Attributes:
        time: of day, as text.
        domain: ROS domain it listens in.
        robot: name of the arm; "" while it is not known.
        state_topic: where joint states are expected.
        state_hz: joint states a second.
        state_age_s: since the newest joint state; infinite before the first.
        stale_after_s: age from which a state is too old.
        joints: in the order of the arm.
        controller: what controls it.
        others: other nodes that report, the simulated arm among them.
        log: warnings and errors, the newest last.
        waiting: what has not been heard yet, one sentence each.
        notes: what is amiss with what was heard, one sentence each.
    """

    time: str
    domain: int
    state_topic: str
    controller: ControllerShown
    robot: str = ""
    state_hz: float = UNKNOWN
    state_age_s: float = math.inf
    stale_after_s: float = 0.1
    joints: tuple[JointShown, ...] = ()
    others: tuple[NodeShown, ...] = ()
    log: tuple[LogShown, ...] = ()
    waiting: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether joint states came, and have stopped coming."""
        return math.isfinite(self.state_age_s) and self.state_age_s > self.stale_after_s
