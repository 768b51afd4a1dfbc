"""The compiled problem on a learned model against the same problem in Python."""

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.batch import BatchProblem
from rl_control.control.batch_cost import ArmCost
from rl_control.control.ilqr import Ilqr, IlqrConfig
from rl_control.control.learned import LearnedProblem
from rl_control.control.work import allocate
from rl_control.errors import ModelError
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import ReachConfig, reach_cost, reach_schedule

CALL = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
STEPS, DT = 20, 0.02
KINDS = ("rigid", "rigid+net", "net", "rigid+nets", "nets")


@pytest.fixture
def robot():
    return load_robot("planar2")


@pytest.fixture
def make_model(robot, random_nets):
    """`make_model(kind, seed)`: rigid body, net or ensemble, as the kind says."""

    def make(kind, seed=0):
        model = rigid_model(Mechanics(robot), DT)
        if "net" in kind:
            members = 3 if "nets" in kind else 1
            nets = random_nets(turning=(True, True), members=members, seed=seed)
            model = replace(model, residual=nets, scale=np.ones(4))
        return model if "rigid" in kind else replace(model, mechanics=None)

    return make


def rows_of(robot, problem, factor=0.0):
    target = robot.home + 0.3
    goal = stay_goal(Kinematics(robot).tip(target), target)
    rows = reach_schedule(robot, ReachConfig(), goal, STEPS, DT).rows
    column = np.full((STEPS + 1, 1), factor)
    column[-1] = 0.0
    return np.hstack([rows, column]) if problem.doubts else rows


def solved(problem, robot, rows):
    solver = Ilqr(problem, STEPS, IlqrConfig(iterations=8))
    solver.set_bounds(-robot.limits.effort, robot.limits.effort)
    solver.set_parameters(rows)
    start = np.concatenate([robot.home, np.zeros(robot.n)])
    return solver.solve_from(start, np.zeros((STEPS, robot.n)))


@pytest.mark.parametrize("kind", KINDS)
def test_when_solved_expect_what_the_same_model_gives_in_python(robot, make_model, kind):
    model = make_model(kind)
    problem = LearnedProblem(robot, reach_cost(robot), model)
    # The cost's gravity is the model's: of a model without a rigid body, none.
    body = RigidBody(robot) if model.mechanics else RigidBody(weightless(robot))
    batch = BatchProblem(model, ArmCost(body, reach_cost(robot), DT))
    found = solved(problem, robot, rows_of(robot, problem))
    wanted = solved(batch, robot, rows_of(robot, problem)[:, : batch.parameters])
    assert found.iterations == wanted.iterations
    assert found.cost == pytest.approx(wanted.cost, rel=1e-9)
    assert np.allclose(found.controls, wanted.controls, atol=1e-6)
    assert np.allclose(found.gains, wanted.gains, atol=1e-5)
    foretold = model.step(found.states[:-1], found.controls)
    assert np.allclose(foretold, found.states[1:], atol=1e-10)


def weightless(robot):
    joints = tuple(
        replace(joint, inertia=replace(joint.inertia, mass=0.0, matrix=np.zeros((3, 3))))
        for joint in robot.joints
    )
    return replace(robot, joints=joints)


def expanded(problem, rows, x, u):
    """Every node's value, gradient by (q, v, u) and Hessian."""
    w = allocate(problem, STEPS)
    w.x[: STEPS + 1, w.positions] = x
    w.u[: STEPS + 1, : problem.stage.nu] = u
    w.p[: STEPS + 1] = rows
    blocks = -(-(STEPS + 1) // problem.lanes)
    CALL(problem.expand_address)(w.expand_table.ctypes.data, blocks)
    stage = problem.stage
    row = w.stages[: STEPS + 1]
    lx = row[:, list(stage.positions)]
    lu = row[:, stage.lu : stage.lu + stage.nu]
    return row[:, stage.value], np.hstack([lx, lu]), row


def test_when_members_disagree_expect_its_square_in_cost_gradient_and_hessian(robot, make_model):
    model = make_model("rigid+nets")
    problem = LearnedProblem(robot, reach_cost(robot), model)
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(STEPS + 1, 4)), rng.normal(size=(STEPS + 1, 2))
    factor = 0.7
    plain = expanded(problem, rows_of(robot, problem), x, u)
    doubted = expanded(problem, rows_of(robot, problem, factor), x, u)
    means, slopes = model.nets.linearize_members(x, u)
    apart = (means - means.mean(axis=0)) / model.nets.output_scale
    by = (slopes - slopes.mean(axis=0)) / model.nets.output_scale[:, None]
    value = 0.5 * factor * (apart**2).sum(axis=(0, 2)) / 3
    gradient = factor * np.einsum("kbn,kbni->bi", apart, by) / 3
    assert np.allclose((doubted[0] - plain[0])[:-1], value[:-1], atol=1e-9)
    assert np.allclose((doubted[1] - plain[1])[:-1], gradient[:-1], atol=1e-9)
    hessian = factor * np.einsum("kbni,kbnj->bij", by, by) / 3
    stage = problem.stage
    parts = {("xx", 0, 0): (0, 0), ("xx", 0, 1): (0, 2), ("xx", 1, 1): (2, 2), ("uu",): (4, 4),
             ("ux", 0): (4, 0), ("ux", 1): (4, 2)}  # fmt: skip
    for key, (i, j) in parts.items():
        block = stage.block(*key)
        at = block.offset + stage.pad(2) * np.arange(2)[:, None] + np.arange(2)
        change = (doubted[2] - plain[2])[:, at]
        assert np.allclose(change[:-1], hessian[:-1, i : i + 2, j : j + 2], atol=1e-8), key
    # No effort acts at the last node.
    assert np.array_equal(doubted[2][-1], plain[2][-1])


def test_when_doubt_costs_expect_the_rolled_out_cost_to_hold_it_and_plans_to_avoid_it(
    robot, make_model
):
    model = make_model("rigid+nets")
    problem = LearnedProblem(robot, reach_cost(robot), model)

    def disagreement(solution):
        x, u = solution.states[:-1], solution.controls
        return (model.nets.members_mean(x, u).std(axis=0) ** 2).sum()

    careless, careful = (
        solved(problem, robot, rows_of(robot, problem, factor)) for factor in (0.0, 0.5)
    )
    x, u = careful.states, np.vstack([careful.controls, np.zeros((1, 2))])
    values = expanded(problem, rows_of(robot, problem, 0.5), x, u)[0]
    assert careful.cost == pytest.approx(values.sum(), rel=1e-9)
    assert disagreement(careful) < 0.9 * disagreement(careless)


@pytest.mark.parametrize("kind", ["rigid", "rigid+nets"])
def test_when_another_model_is_loaded_expect_its_solution(robot, make_model, kind):
    first = make_model(kind)
    joints = tuple(replace(joint, damping=3.0) for joint in robot.joints)
    heavy = first.mechanics.with_robot(replace(robot, joints=joints))
    second = replace(make_model(kind, seed=4), mechanics=heavy)
    problem = LearnedProblem(robot, reach_cost(robot), first)
    rows = rows_of(robot, problem, 0.1)
    before = solved(problem, robot, rows)
    problem.load(second)
    changed = solved(problem, robot, rows)
    fresh = solved(LearnedProblem(robot, reach_cost(robot), second), robot, rows)
    assert np.array_equal(changed.controls, fresh.controls)
    assert not np.allclose(changed.controls, before.controls)
    problem.load(first)
    assert np.array_equal(solved(problem, robot, rows).controls, before.controls)


def test_when_a_model_does_not_fit_expect_refusal_and_the_old_one_kept(robot, make_model):
    problem = LearnedProblem(robot, reach_cost(robot), make_model("rigid+nets"))
    rows = rows_of(robot, problem)
    before = solved(problem, robot, rows)
    other_arm = rigid_model(Mechanics(load_robot("arm7")), DT)
    wrong = {
        "found joints": other_arm,
        "not what was compiled": make_model("nets"),
        "1 members": make_model("rigid+net"),
        r"steps of 0\.01 s": replace(make_model("rigid+nets"), dt=0.01),
    }
    for message, model in wrong.items():
        with pytest.raises(ModelError, match=message):
            problem.load(model)
    assert np.array_equal(solved(problem, robot, rows).controls, before.controls)


def test_when_cost_is_itemized_expect_the_terms_to_make_the_whole(robot, make_model):
    problem = LearnedProblem(robot, reach_cost(robot), make_model("rigid"))
    rows = rows_of(robot, problem)
    solution = solved(problem, robot, rows)
    shares = problem.cost_by_term(solution.states, solution.controls, rows)
    assert sum(shares.values()) == pytest.approx(solution.cost, rel=1e-9)
