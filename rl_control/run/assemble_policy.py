"""Rooms put together: a policy on an arm, with a planner beside it."""

from __future__ import annotations

from rl_control.control.mpc import Mpc
from rl_control.control.receding import RecedingHorizon
from rl_control.policy.handover import HandoverConfig
from rl_control.policy.lanes import Network, memory_size
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.foresight import Foresight
from rl_control.run.policy_pilot import PolicyPilot
from rl_control.run.policy_runner import PolicyRunner


def policy_pilot(
    robot: RobotModel,
    policy: Network,
    mpc: RecedingHorizon,
    config: HandoverConfig,
    period: float,
    shadow: bool = True,
    lock_step: bool = False,
) -> PolicyPilot:
    """Return what acts by `policy`, and by `mpc` where that cannot be trusted.

    What the policy leads to is foretold on the model of an `Mpc`; of a policy with memory only if
    it ticks as often as that plans nodes. Else the distance from the training decides alone.

    Args:
        robot: the arm as described, which the policy was trained on.
        policy: acts first.
        mpc: plans for the same arm.
        config: who acts when.
        period: time between two states in [s].
        shadow: whether the MPC plans, and may act.
        lock_step: whether every state waits for its plan, so that runs repeat exactly.
    """
    body = RigidBody(robot)
    foresight: Foresight | None = None
    ticks = not memory_size(policy) or abs(policy.facts.dt - mpc.config.dt) < 1e-9
    if isinstance(mpc, Mpc) and ticks:
        horizon, dt = mpc.config.horizon, mpc.config.dt
        foresight = Foresight(policy, body, mpc.problem, mpc.limits, horizon, dt)
    runner = PolicyRunner(policy, body, period)
    return PolicyPilot(runner, mpc, foresight, config, shadow, lock_step)
