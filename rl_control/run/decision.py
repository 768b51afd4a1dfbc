"""Why a command is what it is, as texts by key: what a controller tells of each of its ticks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.control.plan import Plan
from rl_control.control.receding import RecedingHorizon
from rl_control.data.bags.cdr_rows import stamp_label
from rl_control.safety.reasons import Violation
from rl_control.types import Array, Command, JointLimits

NEAR_POSITION = 0.02  # of a joint's range
NEAR_SPEED = 0.95  # of a joint's greatest speed
AT_BOUND = 1.0 - 1e-9  # of an effort limit


@dataclass(frozen=True)
class Tick:
    """One state and the answer to it.

    Attributes:
        label: "seconds.nanoseconds" of the state's stamp.
        stamp: the same in [s].
        sent: the command that left.
        asked: what the planner wanted; None where it was not asked.
        late: whether the state was answered from an older plan.
        violation: for which motion is stopped, if it is.
        goal: how it goes with the goal: "moving", "reached", ...
        tip_error: distance between tip and target in [m].
    """

    label: str
    stamp: float
    sent: Command
    asked: Command | None
    late: bool
    violation: Violation | None
    goal: str
    tip_error: float


def decision_values(tick: Tick, planner: RecedingHorizon) -> dict[str, str]:
    """Return what there is to tell of a tick, by key.

    Keys: `state`, `plan` (label of the state that the plan in use was made from), `plan_status`,
    `iterations`, `solve_ms`, `late`, `cost`, `cost_by_term.TERM`, `saturated` (joints at their
    effort bound), `near_limit` (joints whose plan comes near a limit: which and when), `reason`
    (the safety filter's, "" for none), `violation`, `asked.JOINT`, `sent.JOINT`, `tip_error_mm`,
    `goal`.

    Args:
        tick: the state and its answer.
        planner: makes the plans.
    """
    stats, plan, limits = planner.stats, planner.current, planner.limits
    values = {
        "state": tick.label,
        "plan": "" if plan is None else _plan_label(plan, tick),
        "plan_status": stats.status,
        "iterations": str(stats.iterations),
        "solve_ms": _text(stats.solve_ms),
        "late": _yes(tick.late),
        "cost": _text(stats.cost),
        **{f"cost_by_term.{name}": _text(c) for name, c in planner.cost_by_term().items()},
        "saturated": ", ".join(saturated(tick, limits)),
        "near_limit": "" if plan is None else ", ".join(near_limits(plan, limits)),
        "reason": tick.sent.reason,
        "violation": "" if tick.violation is None else str(tick.violation),
        "tip_error_mm": _text(1e3 * tick.tip_error),
        "goal": tick.goal,
    }
    if tick.asked is not None:
        values |= _efforts("asked", tick.asked.names, tick.asked.effort)
    values |= _efforts("sent", tick.sent.names, tick.sent.effort)
    return values


def saturated(tick: Tick, limits: JointLimits) -> list[str]:
    """Return the joints whose effort, asked for or sent, is at its bound."""
    wanted = tick.sent if tick.asked is None else tick.asked
    at = np.maximum(np.abs(wanted.effort), np.abs(tick.sent.effort)) >= AT_BOUND * limits.effort
    return [limits.names[i] for i in np.flatnonzero(at)]


def near_limits(plan: Plan, limits: JointLimits) -> list[str]:
    """Return which joints' plan comes near which limit, and in how many seconds first."""
    n = len(limits.names)
    q, v = plan.states[:, :n], plan.states[:, n : 2 * n]
    margin = NEAR_POSITION * np.where(
        np.isfinite(limits.upper - limits.lower), limits.upper - limits.lower, 0.0
    )
    found = []
    for what, near in (
        ("lower position", q < limits.lower + margin),
        ("upper position", q > limits.upper - margin),
        ("velocity", np.abs(v) > NEAR_SPEED * limits.velocity),
    ):
        for i in np.flatnonzero(near.any(axis=0)):
            seconds = plan.dt * int(near[:, i].argmax())
            found.append(f"{limits.names[i]} {what} in {seconds:.2f} s")
    return found


def _plan_label(plan: Plan, tick: Tick) -> str:
    same = plan.stamp == tick.stamp
    return tick.label if same else stamp_label(round(1e9 * plan.stamp))


def _efforts(prefix: str, names: tuple[str, ...], effort: Array) -> dict[str, str]:
    return {f"{prefix}.{name}": _text(u) for name, u in zip(names, effort.tolist(), strict=True)}


def _text(number: float) -> str:
    return f"{number:.7g}"


def _yes(answer: bool) -> str:
    return "true" if answer else "false"
