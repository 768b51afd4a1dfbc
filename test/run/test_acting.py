"""From a state to an effort, against the same steps in numpy."""

import numpy as np
import pytest

from rl_control.kernels import compile_sequence, kernel_lanes
from rl_control.policy.observation import PARTS, goal_rows
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.acting import Acting
from rl_control.types import Goal


@pytest.mark.parametrize("base", ["none", "gravity", "inertia", "dynamics"])
@pytest.mark.parametrize("oriented", [True, False])
def test_when_every_part_is_observed_expect_the_layouts_observation_and_the_policys_effort(
    pd_policy, base, oriented
):
    robot = load_robot("iiwa7")
    n, rng = robot.n, np.random.default_rng(3)
    kinematics, model = Kinematics(robot), ArmModel(robot)
    policy = pd_policy(robot, parts=PARTS, base=base, bias=0.5)
    posture = rng.uniform(-1.0, 1.0, n)
    tip = kinematics.tip(posture)
    goal = Goal(tip.position, posture, tip.rotation if oriented else None)

    lanes = kernel_lanes()
    q, v = rng.uniform(-1.0, 1.0, (lanes, n)), rng.normal(size=(lanes, n))
    acting = Acting(policy, RigidBody(robot), 2 * n)
    acting.set_goal(goal)
    cost_so_far = np.full((1, lanes), np.nan)  # which must not matter
    x = np.ascontiguousarray(np.vstack([q.T, v.T, cost_so_far]))
    compile_sequence(acting.calls(x), "test_acting")([np.zeros(1)], 1)

    o = policy.facts.layout.of(q, v, goal_rows([goal]), lambda q: kinematics.batch(q)[:2])
    np.testing.assert_allclose(acting.network.inputs.T, o, atol=1e-12)
    wanted = policy.mean(o)
    if base == "gravity":
        wanted = wanted + np.array([model.gravity_torque(one) for one in q])
    if base in ("inertia", "dynamics"):
        # Damping acts at the end of the step: (M + dt D) a, and what this moment asks for.
        damping = np.diag([joint.damping for joint in robot.joints])
        mass = [model.mass_matrix(one) + policy.facts.dt * damping for one in q]
        speeds = v if base == "dynamics" else np.zeros_like(v)
        bias = [model.inverse_dynamics(*one, np.zeros(n)) for one in zip(q, speeds, strict=True)]
        wanted = (mass @ wanted[..., None])[..., 0] + bias
    np.testing.assert_allclose(acting.efforts[:, :n], wanted, rtol=1e-9, atol=1e-9)
