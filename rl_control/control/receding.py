"""Receding horizon control: replan at every state, act on the first control, correct in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rl_control.config import fields_of
from rl_control.control.arm_functions import ArmFunctions
from rl_control.control.ilqr import Status
from rl_control.control.mpc_settings import MpcConfig, MpcStats
from rl_control.control.plan import Plan, make_plan
from rl_control.control.predict import DelayPredictor
from rl_control.control.replan import Objective, Replans
from rl_control.errors import NonFiniteError, ShapeError
from rl_control.types import Array, Command, Goal, JointLimits, JointState

NO_PLAN = "no_plan"
PLAN_TOO_OLD = "plan_too_old"


@dataclass
class _Counts:
    """The counters of `MpcStats`; guarded by the planner's lock."""

    solves: int = 0
    failures: int = 0
    misses: int = 0
    misses_in_row: int = 0
    plan_age: float = 0.0


class RecedingHorizon:
    """Plans on one thread, commands on another, whatever solves.

    `plan` and `reset` are for one thread at a time; a solve holds no interpreter lock. Everything
    else may be called from any other thread. A plan is replaced as a whole, so a command comes
    from the old one or the new one, never from a mixture.

    Args:
        replanner: makes the trajectories, with step `config.dt`.
        limits: joint names and limits; efforts stay within them.
        arm: gravity and acceleration.
        config: horizon, budget and delays.
    """

    def __init__(
        self, replanner: Replans, limits: JointLimits, arm: ArmFunctions, config: MpcConfig
    ) -> None:
        self.config = config
        self.limits = limits
        self._arm, self._replanner = arm, replanner
        self._predictor = DelayPredictor(arm.acceleration, arm.gravity_torque)
        self._lock = threading.Lock()
        self._goal: Goal | None = None
        self._plan: Plan | None = None
        self._followed: Plan | None = None  # by the last command
        self._newest: Plan | None = None  # the newest solve's, usable or not
        self._change: Callable[[], ArmFunctions] | None = None
        self._pursuit: tuple[Objective, JointLimits, MpcConfig] | None = None
        self._plan_rows = self._replanner.rows
        self._counts = _Counts()
        self._warm_up()

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self.limits.names

    @property
    def current(self) -> Plan | None:
        """The newest plan; None before the first."""
        return self._plan

    @property
    def goal(self) -> Goal | None:
        """What is aimed at: the goal set, else where the arm stays; None before the first plan."""
        goal = self._goal
        return self._replanner.aim if goal is None else goal

    @property
    def objective(self) -> Objective:
        """What goals mean to the cost, at the newest plan."""
        return self._replanner.objective

    @property
    def rows(self) -> Array:
        """Cost parameters of the newest usable plan, [N+1, np]."""
        return self._plan_rows

    @property
    def last_solve_ms(self) -> float:
        """Wall time of the newest solve in [ms], usable or not; 0 before the first."""
        newest = self._newest
        return 0.0 if newest is None else newest.solve_ms

    @property
    def stats(self) -> MpcStats:
        """Counters and the newest plan's figures."""
        with self._lock:
            stats = MpcStats(**vars(self._counts))
            plan, newest = self._plan, self._newest
        if newest is None:
            return stats
        return replace(
            stats,
            solve_ms=newest.solve_ms,
            iterations=newest.iterations,
            cost=newest.cost,
            regularization=newest.regularization,
            saturated=newest.saturated,
            violation=0.0 if plan is None else plan.violation(self.limits),
            status=newest.status.name.lower(),
        )

    def cost_by_term(self) -> dict[str, float]:
        """Return each cost term's share of the newest plan's cost; empty if it is not known."""
        return {}

    def configure(self, config: MpcConfig) -> None:
        """Take new values of the settings that may change while running, from the next plan on."""
        live = [field.key for field in fields_of(MpcConfig) if field.live]
        self.config = replace(self.config, **{key: getattr(config, key) for key in live})

    def exchange(self, change: Callable[[], ArmFunctions]) -> None:
        """Let `change` put another model behind the problem, between two solves.

        Args:
            change: called on the planning thread before its next plan; returns the equations to
                use from then on. A change that has not been made yet is replaced.
        """
        self._change = change

    def pursue(
        self, objective: Objective, limits: JointLimits, config: MpcConfig | None = None
    ) -> None:
        """Let goals mean what `objective` says, and keep within `limits`, from the next plan on.

        Args:
            objective: of the same cost: its rows are as wide and as many as the present one's.
            limits: of the same joints; position limits are part of the cost's expression, and stay.
            config: settings to take in the same moment; see `configure`.
        """
        self._pursuit = objective, limits, config or self.config

    def heed(self, effort: Array, now: float) -> None:
        """Take note that `effort` [n] was sent at `now` [s] in place of this planner's command."""
        self._predictor.sent(now + self.config.actuation_delay, effort)

    def reset(self) -> None:
        """Forget plans and sent commands; the goal stays."""
        self._replanner.reset()
        self._predictor.reset()
        with self._lock:
            self._plan = None
            self._counts.misses_in_row = 0

    def set_goal(self, goal: Goal | None) -> None:
        """Aim at `goal` from the next plan on; None stays where the arm then is.

        Raises:
            NonFiniteError: if a number of the goal is not finite.
            ShapeError: if a part of the goal has the wrong size.
        """
        if goal is not None:
            shapes = {"position": (3,), "posture": (len(self.names),), "rotation": (3, 3)}
            for what, shape in shapes.items():
                value = getattr(goal, what)
                if value is not None:
                    _check(f"goal {what}", value, shape)
        self._goal = goal

    def plan(self, state: JointState, now: float) -> Plan:
        """Make a plan from `state` as it will be at `now` plus the actuation delay.

        A plan that diverged is returned, but the one before it stays in use.

        Args:
            state: of the arm's joints, in any order, others among them or not.
            now: the time in [s], on the clock of the state's stamp.

        Raises:
            JointMismatchError: if a joint is missing.
            NonFiniteError: if the state is not finite.
        """
        began = time.perf_counter()
        joints = state.ordered(self.names)
        x = joints.vector
        _check("joint state", x, x.shape)
        self._take_changes()
        config = self.config
        start = now + config.actuation_delay
        x = self._state(self._predictor.predict(x, joints.stamp, start))
        fresh = self._replanner.aim_at(self._goal, joints.position, start)
        fresh |= not self._replanner.start(x, start)
        iterations = config.first_iterations if fresh else config.iterations
        solution = self._replanner.solve(iterations, config.time_budget)
        solve_ms = 1e3 * (time.perf_counter() - began)
        plan = make_plan(solution, joints.stamp, start, config.dt, solve_ms, self.limits.effort)
        self._accept(plan)
        return plan

    def command(self, state: JointState, now: float) -> Command:
        """Return the newest plan's command for `state` at `now`, corrected by its gains.

        Without a plan, past a plan's end, or after too many states without a plan of their own,
        the command is a damped hold. A state that is not finite gives a command that is not, for
        the safety filter to stop.

        Args:
            state: of the arm's joints, in any order, others among them or not.
            now: the time in [s], on the clock of the state's stamp.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        joints = state.ordered(self.names)
        when = now + self.config.actuation_delay
        plan, misses_in_row = self._count(joints, now)
        if plan is None:
            return self._hold(joints, now, NO_PLAN)
        if (
            not plan.start - self.config.dt <= when <= plan.end
            or misses_in_row > self.config.most_misses
        ):
            return self._hold(joints, now, PLAN_TOO_OLD)
        # The plan says what to do at `when`; so what it is corrected by must be the state then.
        x = self._predictor.predict(joints.vector, joints.stamp, when)
        moving = plan.control_at(when, self._state(x))
        planned = plan.state_at(when + self.config.dt)
        n = len(self.names)
        # The plan knows nothing of dry friction: where it wants to go, friction is in the way.
        rubbing = self._arm.dry_friction(planned[n : 2 * n])
        bound = self.limits.effort
        effort = np.minimum(np.maximum(moving + rubbing, -bound), bound)
        self._predictor.sent(when, effort - rubbing)
        return Command(self.names, effort, now, planned[:n], planned[n : 2 * n])

    def _take_changes(self) -> None:
        pursuit, self._pursuit = self._pursuit, None
        if pursuit is not None:
            objective, limits, config = pursuit
            self._replanner.pursue(objective, limits)
            self.limits = limits
            self.configure(config)
        change, self._change = self._change, None
        if change is not None:
            self._arm = change()
            self._replanner.use(self._arm.gravity_torque)
            self._predictor.use(self._arm.acceleration, self._arm.gravity_torque)

    def _count(self, joints: JointState, now: float) -> tuple[Plan | None, int]:
        """Note whether the newest plan is that of this state; return it and the misses since it.

        A planner slower than the states come makes every plan late; that is no reason to hold the
        arm as long as new plans come.
        """
        with self._lock:
            plan, counts = self._plan, self._counts
            if plan is None:
                return None, 0
            missed = plan.stamp < joints.stamp - 1e-9
            counts.misses += missed
            since = counts.misses_in_row if plan is self._followed else 0
            counts.misses_in_row = since + 1 if missed else 0
            self._followed = plan
            counts.plan_age = now - plan.stamp
            return plan, counts.misses_in_row

    def _hold(self, joints: JointState, now: float, reason: str) -> Command:
        limits = self.limits
        q, v = joints.position, joints.velocity
        # Damping in proportion to inertia: the same for every joint, a light wrist included.
        brake = self._arm.mass_matrix(q) @ v / self.config.hold_time
        effort = self._arm.gravity_torque(q) - brake
        effort = np.clip(effort, -limits.effort, limits.effort)
        self._predictor.sent(now + self.config.actuation_delay, effort)
        still = np.zeros_like(effort)
        return Command(self.names, effort, now, joints.position, still, reason=reason)

    def _state(self, x: Array) -> Array:
        """The state that plans start from, given (q, v)."""
        return x

    def _accept(self, plan: Plan) -> None:
        usable = plan.status is not Status.DIVERGED
        with self._lock:
            if usable:
                self._plan, self._plan_rows = plan, self._replanner.rows
            self._newest = plan
            self._counts.solves += 1
            self._counts.failures += not usable

    def _warm_up(self) -> None:
        """Let numba load or compile everything now, not at the first state."""
        home = np.clip(0.0, self.limits.lower, self.limits.upper)
        zero = np.zeros_like(home)
        state = JointState(self.names, home, zero, zero, 0.0)
        for _ in range(2):
            self.plan(state, 1e-3)
            self.command(state, 1e-3)
        self.reset()
        self._newest, self._counts = None, _Counts()


def _check(what: str, value: Array, shape: tuple[int, ...]) -> None:
    if np.shape(value) != shape:
        raise ShapeError(what, np.shape(value), shape)
    if not np.isfinite(value).all():
        raise NonFiniteError(what, np.argwhere(~np.isfinite(value))[0].tolist())
