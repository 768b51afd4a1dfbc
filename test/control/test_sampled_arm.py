"""The arm's sampling problem against the compiled problem that iLQR solves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.ilqr import Ilqr, IlqrConfig
from rl_control.control.learned import LearnedProblem
from rl_control.control.node_cost import ArmNodeCost
from rl_control.control.sampled_arm import SampledArm
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.costs import ControlRate, CostSum
from rl_control.errors import ConfigError, ModelError
from rl_control.kernels.compute import on_arrays, on_tensors
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import ReachConfig, reach_cost, reach_schedule

pytest.importorskip("torch").set_num_threads(1)
STEPS, DT = 15, 0.02
KINDS = ("rigid", "rigid+net", "rigid+nets", "nets")
COMPUTES = {"arrays": on_arrays, "tensors": lambda: on_tensors("cpu", "float64")}


@pytest.fixture(params=COMPUTES.values(), ids=COMPUTES)
def compute(request):
    return request.param()


@pytest.fixture
def make_model(random_nets):
    """`make_model(kind, seed)`: an arm that differs from its description, as the kind says."""

    def make(kind, seed=0, name="planar2"):
        robot = load_robot(name)
        joints = tuple(replace(joint, damping=0.4) for joint in robot.joints)
        model = rigid_model(Mechanics(replace(robot, joints=joints)), DT)
        if "net" in kind:
            members = 3 if "nets" in kind else 1
            turning = (True,) * robot.n
            nets = random_nets(turning=turning, members=members, seed=seed)
            model = replace(model, residual=nets, scale=np.ones(2 * robot.n))
        return model if "rigid" in kind else replace(model, mechanics=None)

    return make


def rows_of(robot, doubts, factor=0.3):
    target = robot.home + 0.3
    goal = stay_goal(Kinematics(robot).tip(target), target)
    rows = reach_schedule(robot, ReachConfig(), goal, STEPS, DT).rows
    return np.hstack([rows, np.full((STEPS + 1, 1), factor)]) if doubts else rows


@pytest.mark.parametrize("kind", KINDS)
def test_when_followed_expect_states_and_cost_of_the_problem_that_ilqr_solves(
    make_model, compute, kind
):
    robot, model = load_robot("planar2"), make_model(kind)
    theirs = LearnedProblem(robot, reach_cost(robot), model)
    mine = SampledArm(robot, reach_cost(robot), model, compute)
    assert mine.doubts == theirs.doubts == ("nets" in kind)
    rows = rows_of(robot, mine.doubts)
    rows[-1, reach_cost(robot).size :] = 0.0  # no effort acts at the last node
    solver = Ilqr(theirs, STEPS, IlqrConfig(iterations=4))
    solver.set_bounds(-robot.limits.effort, robot.limits.effort)
    solver.set_parameters(rows)
    x = np.concatenate([robot.home, [0.3, -0.2]])
    solution = solver.solve(np.tile(x, (STEPS + 1, 1)), np.zeros((STEPS, 2)))
    assert solution.gap < 1e-9
    placed = [compute.place(part) for part in (x, solution.controls, rows)]
    states, cost = mine.follow(*placed)
    np.testing.assert_allclose(states, solution.states, rtol=1e-6, atol=1e-6)
    assert cost == pytest.approx(solution.cost, rel=1e-6)


def test_when_a_seven_joint_arm_is_searched_expect_one_cost_on_arrays_and_on_tensors(make_model):
    robot, model = load_robot("iiwa7"), make_model("rigid+nets", name="iiwa7")
    rng = np.random.default_rng(0)
    controls = rng.normal(size=(8, STEPS, 7))
    rows, x = rows_of(robot, True), np.concatenate([robot.home, np.zeros(7)])
    costs = []
    for compute in (on_arrays(), on_tensors("cpu", "float64"), on_tensors("cpu")):
        problem = SampledArm(robot, reach_cost(robot), model, compute)
        evaluate = problem.evaluator(
            compute.place(x), compute.place(rows), SamplingConfig(), compute.generator(0)
        )
        costs.append(np.asarray(evaluate(compute.place(controls)), dtype=float))
    assert np.ptp(costs[0]) > 0.01 * costs[0].min()
    np.testing.assert_allclose(costs[1], costs[0], rtol=1e-9)
    np.testing.assert_allclose(costs[2], costs[0], rtol=1e-3)


@pytest.mark.parametrize("propagation", ["ts1", "tsinf"])
def test_when_members_disagree_expect_particles_to_differ_from_the_mean(
    make_model, compute, propagation
):
    robot, model = load_robot("planar2"), make_model("rigid+nets")
    problem = SampledArm(robot, reach_cost(robot), model, compute)
    config = SamplingConfig(propagation=propagation, particles=6)
    problem.check(config)
    x = np.concatenate([robot.home, np.zeros(2)])
    placed = compute.place(x), compute.place(rows_of(robot, True, factor=0.0))
    controls = compute.place(np.zeros((4, STEPS, 2)))
    sampled = problem.evaluator(*placed, config, compute.generator(0))(controls)
    mean = problem.evaluator(*placed, SamplingConfig(), compute.generator(0))(controls)
    assert np.isfinite(np.asarray(sampled)).all()
    assert np.ptp(np.asarray(mean)) <= 1e-9 * float(mean[0])
    assert np.ptp(np.asarray(sampled)) > 1e-3 * float(mean[0])


def test_when_another_model_is_loaded_expect_its_states_and_costs(make_model, compute):
    robot = load_robot("planar2")
    first, other = make_model("rigid+nets"), make_model("rigid+nets", seed=4)
    heavy = rigid_model(Mechanics(replace(robot, joints=tuple(
        replace(joint, inertia=replace(joint.inertia, mass=2.0 * joint.inertia.mass))
        for joint in robot.joints
    ))), DT)  # fmt: skip
    other = replace(other, mechanics=heavy.mechanics)
    exchanged = SampledArm(robot, reach_cost(robot), first, compute)
    exchanged.load(other)
    fresh = SampledArm(robot, reach_cost(robot), other, compute)
    x = np.concatenate([robot.home, np.zeros(2)])
    given = [compute.place(z) for z in (x, np.ones((STEPS, 2)), rows_of(robot, True))]
    for found, expected in zip(exchanged.follow(*given), fresh.follow(*given), strict=True):
        np.testing.assert_array_equal(found, expected)
    before = SampledArm(robot, reach_cost(robot), first, compute)
    assert before.follow(*given)[1] != exchanged.follow(*given)[1]


@pytest.mark.parametrize("kind", ["rigid", "rigid+net", "nets"])
def test_when_a_model_is_of_another_kind_expect_a_refusal(make_model, kind):
    robot = load_robot("planar2")
    problem = SampledArm(robot, reach_cost(robot), make_model("rigid+nets"), on_arrays())
    with pytest.raises(ModelError, match="Start the controller again"):
        problem.check_shape(make_model(kind))
    with pytest.raises(ModelError, match=r"steps of 0\.01 s"):
        problem.check_shape(replace(make_model("rigid+nets"), dt=0.01))


def test_when_a_cost_needs_the_control_before_expect_a_refusal():
    robot = load_robot("planar2")
    with pytest.raises(ConfigError, match="depends on the previous control"):
        ArmNodeCost(RigidBody(robot), CostSum([ControlRate(2)]), DT, on_arrays())
