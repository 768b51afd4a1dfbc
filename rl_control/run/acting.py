"""A policy in an arm, as kernel calls: from a state to the effort it sends."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.kernels import Bound, Call, Kernel, Port, compile_kernel, kernel_lanes, padded
from rl_control.policy.lanes import Network, PolicyLanes
from rl_control.policy.observation import ObservationLayout, goal_rows
from rl_control.policy.policy import PolicyFacts
from rl_control.robot.rigid_body import RigidBody
from rl_control.robot.rotation import rotation_log
from rl_control.types import Array, Goal


class Acting:
    """Observation, network and base, evaluated one after another.

    Args:
        policy: what is loaded first.
        body: the arm's equations as the policy knows them.
        nx: number of states; x = (q, v, ...).

    Attributes:
        network: its memory, and where it reads and writes.
        efforts: where the efforts are written, a row a lane, [L, n or more].
    """

    def __init__(self, policy: Network, body: RigidBody, nx: int) -> None:
        self.network = PolicyLanes(policy)
        lanes = kernel_lanes()
        self.efforts: Array = np.zeros((lanes, padded(body.robot.n, lanes)))
        self._goal = np.zeros(body.robot.n + 13)
        self._observe = _observe(policy.facts.layout, body, nx)
        self._add = _add_base(policy.facts, body, nx)

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from now on; not while the calls run."""
        self._goal[:] = goal_rows([goal])[0]

    def calls(self, state: Array | Bound) -> list[Call]:
        """Return the calls that write `efforts` for the states, [nx + 1, L], there."""
        network = self.network
        return [
            Call(self._observe, [state, self._goal, network.inputs]),
            *network.calls,
            Call(self._add, [state, network.outputs, self.efforts]),
        ]


def observation(
    layout: ObservationLayout, body: RigidBody, q: ca.SX, v: ca.SX, goal: ca.SX
) -> ca.SX:
    """Return an observation as an expression, [size]; the counterpart of `ObservationLayout.of`.

    Args:
        layout: its parts.
        body: the arm's kinematics.
        q: joint positions, [n].
        v: joint velocities, [n].
        goal: a row of `goal_rows`, [n + 13].
    """
    n = body.robot.n
    target, posture, rotation, oriented = ca.vertsplit(goal, [0, 3, 3 + n, 12 + n, 13 + n])
    tip, turned = body.tip(q)
    # CasADi fills columns first, so this reshape of rows is the transpose, turned back.
    turn = ca.mtimes(ca.reshape(rotation, 3, 3).T, turned.T)
    parts = {
        "position": q,
        "velocity": v,
        "posture": posture,
        "posture_error": posture - q,
        "tip": tip,
        "target": target,
        "tip_error": target - tip,
        "orientation_error": oriented * rotation_log(turn),
    }
    return ca.vertcat(*[parts[part] for part in layout.parts])


def policy_effort(facts: PolicyFacts, body: RigidBody, q: ca.SX, v: ca.SX, u: ca.SX) -> ca.SX:
    """Return the efforts, [n], that a policy's output `u` [n] stands for."""
    if facts.base == "dynamics":
        return body.inverse_dynamics(q, v, u, facts.dt)
    if facts.base == "inertia":
        return body.inverse_dynamics(q, ca.SX.zeros(q.shape), u, facts.dt)
    return u + body.gravity_torque(q) if facts.base == "gravity" else u


def _observe(layout: ObservationLayout, body: RigidBody, nx: int) -> Kernel:
    n = body.robot.n
    x, goal = ca.SX.sym("x", nx + 1), ca.SX.sym("goal", n + 13)
    seen = observation(layout, body, x[:n], x[n : 2 * n], goal)
    name = f"{body.robot.identifier}_observe"
    function = ca.Function(name, [x, goal], [ca.cse(seen)])
    return compile_kernel(function, [Port("lanes"), Port("uniform")], [Port("lanes")], name)


def _add_base(facts: PolicyFacts, body: RigidBody, nx: int) -> Kernel:
    n = body.robot.n
    x, u = ca.SX.sym("x", nx + 1), ca.SX.sym("u", n)
    effort = policy_effort(facts, body, x[:n], x[n : 2 * n], u)
    name = f"{body.robot.identifier}_{facts.base}_base"
    function = ca.Function(name, [x, u], [ca.cse(effort)])
    row = Port("rows", padded(n, kernel_lanes()))
    return compile_kernel(function, [Port("lanes"), Port("lanes")], [row], name)
