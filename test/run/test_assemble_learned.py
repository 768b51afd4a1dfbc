"""Planners on learned models: each kind moves an arm, and takes another model while it does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.mpc import Mpc, MpcConfig, MpcController
from rl_control.control.sampling import SamplingMpc
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.errors import ConfigError, ModelError
from rl_control.kernels.compute import on_tensors
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.plants.fake import FakePlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.rollout import rollout
from rl_control.run import assemble_learned
from rl_control.run.assemble import ReachObjective
from rl_control.run.assemble_learned import DoubtfulObjective, LearnedMpc, reach_planner
from rl_control.safety import SafetyConfig, SafetyFilter
from rl_control.tasks.reach import ReachConfig
from rl_control.types import Goal, JointState

DT, TICK = 0.02, 0.005
METHODS = ("cem", "icem", "mppi")
ROBOT = load_robot("planar2")


def heavier(factor):
    """planar2 with so many times its masses and inertias, and damped."""
    joints = tuple(
        replace(
            joint,
            damping=0.5,
            inertia=replace(
                joint.inertia,
                mass=factor * joint.inertia.mass,
                matrix=factor * joint.inertia.matrix,
            ),
        )
        for joint in ROBOT.joints
    )
    return rigid_model(Mechanics(replace(ROBOT, joints=joints)), DT)


def settings(method="icem", **changes):
    # A test's outcome must not hang on the machine's speed.
    return SamplingConfig(method=method, time_budget=10.0, **changes)


def reached(planner, model, seconds=1.5):
    """How far the tip is from a goal at most in the last 0.2 s, in [m], on the arm `model`."""
    arm, mechanics = ArmModel(ROBOT), model.mechanics

    def acceleration(q, v, u):
        return mechanics.acceleration(np.concatenate([q, v])[None], u[None], TICK)[0]

    plant = FakePlant(ROBOT.names, TICK, acceleration, arm.tip)
    safety = SafetyFilter(ROBOT.limits, SafetyConfig(), mechanics.gravity_torque)
    posture = ROBOT.home + np.array([0.4, 0.4])
    planner.mpc.set_goal(Goal(arm.tip(posture).position, posture))
    plant.reset(ROBOT.home)
    run = rollout(MpcController(planner.mpc), plant, safety, seconds)
    misses = np.linalg.norm(run.tips - arm.tip(posture).position, axis=1)
    assert misses[0] > 0.3
    assert planner.mpc.stats.failures == 0
    return misses[-40:].max()


@pytest.mark.parametrize("method", METHODS)
def test_when_a_learned_arm_is_planned_for_by_sampling_expect_the_goal_reached(method):
    model = heavier(1.5)
    planner = LearnedMpc(ROBOT, model, settings(method, samples=60, horizon=20))
    assert isinstance(planner.mpc, SamplingMpc)
    assert planner.mpc.cost_by_term() == {}
    assert reached(planner, model) < 0.005


def test_when_nothing_but_networks_is_there_expect_what_they_say_planned_on(random_nets):
    nets = random_nets(turning=(True, True))
    model = replace(heavier(1.0), mechanics=None, residual=nets, scale=np.ones(4))
    planner = LearnedMpc(ROBOT, model, settings(horizon=10), doubt=0.1)
    x = np.concatenate([ROBOT.home, np.zeros(2)])
    plan = planner.mpc.plan(JointState(ROBOT.names, x[:2], x[2:], np.zeros(2), 0.0), 0.0)
    np.testing.assert_allclose(plan.states[1], model.step(x[None], plan.controls[:1])[0])


@pytest.mark.parametrize("propagation", ["mean", "ts1", "tsinf"])
@pytest.mark.parametrize("method", METHODS)
def test_when_on_a_device_expect_the_plans_of_arrays(monkeypatch, random_nets, method, propagation):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    asked = []

    def compute(device):
        asked.append(device)
        # The same noise as on arrays.
        return replace(on_tensors("cpu", "float64"), generator=np.random.default_rng)

    nets = random_nets(turning=(True, True), members=2).shrunk(np.full(2, 0.1))
    model = replace(heavier(1.5), residual=nets, scale=np.ones(4))
    plans = []
    for device in ("cpu", "cuda"):
        config = settings(
            method, propagation=propagation, device=device, samples=20, elites=5, horizon=10,
            first_iterations=3, particles=2,
        )  # fmt: skip
        planner = LearnedMpc(ROBOT, model, config)
        state = JointState(ROBOT.names, ROBOT.home + 0.1, np.zeros(2), np.zeros(2), 1.0)
        plans.append(planner.mpc.plan(state, 1.0))
        monkeypatch.setattr(assemble_learned, "computing_on", compute)
    assert asked == ["cuda"]
    np.testing.assert_allclose(plans[1].controls, plans[0].controls, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(plans[1].states, plans[0].states, rtol=1e-6, atol=1e-6)
    assert plans[1].cost == pytest.approx(plans[0].cost, rel=1e-6)


@pytest.mark.parametrize("config", [settings(), MpcConfig(time_budget=10.0)])
def test_when_the_model_is_exchanged_expect_the_next_plan_on_the_new_one(config):
    planner = LearnedMpc(ROBOT, heavier(1.0), config)
    x = np.concatenate([ROBOT.home, np.zeros(2)])

    def plan(stamp):
        return planner.mpc.plan(JointState(ROBOT.names, x[:2], x[2:], np.zeros(2), stamp), stamp)

    plan(0.0)
    new = heavier(2.0)
    planner.exchange(new)
    made = plan(TICK)
    expected = new.step(made.states[:1], made.controls[:1])[0]
    np.testing.assert_allclose(made.states[1], expected, rtol=1e-6, atol=1e-8)
    planner.mpc.reset()
    held = planner.mpc.command(JointState(ROBOT.names, x[:2], x[2:], np.zeros(2), TICK), TICK)
    np.testing.assert_allclose(held.effort, new.mechanics.gravity_torque(x[:2]))
    with pytest.raises(ModelError):
        planner.exchange(replace(new, dt=0.01))
    assert planner.model is new


def test_when_started_again_expect_the_same_plans():
    planner = LearnedMpc(ROBOT, heavier(1.0), settings(samples=30))
    state = JointState(ROBOT.names, ROBOT.home + 0.1, np.zeros(2), np.zeros(2), 1.0)
    plans = []
    for _ in range(2):
        planner.mpc.reset()
        plans.append(planner.mpc.plan(state, 1.0).controls)
    np.testing.assert_array_equal(*plans)
    assert np.abs(planner.mpc.plan(state, 1.0).controls - plans[1]).max() > 0.0


@pytest.mark.parametrize(
    ("config", "kind"), [(MpcConfig(), Mpc), (settings("mppi", horizon=5), SamplingMpc)]
)
def test_when_the_arm_is_as_described_expect_the_planner_that_was_asked_for(config, kind):
    mpc = reach_planner(ROBOT, config)
    assert type(mpc) is kind
    assert mpc.config is config


def test_when_there_is_no_device_expect_a_refusal(monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="finds no CUDA device"):
        reach_planner(ROBOT, settings(device="cuda"))


@pytest.mark.parametrize("config", [MpcConfig(horizon=12), settings(horizon=12, samples=20)])
def test_when_reweighed_expect_the_rows_of_a_planner_built_so(config):
    task, limits = ReachConfig(), ROBOT.limits.scaled(0.5, 0.7)
    task = replace(task, weights=replace(task.weights, posture=(3.0, 4.0), effort=(0.5,)))
    changed = LearnedMpc(ROBOT, heavier(1.0), config)
    built = LearnedMpc(replace(ROBOT, limits=limits), heavier(1.0), config, task)
    changed.reweighed(task, limits, changed.mpc.config, doubt=0.5)()
    goal = Goal(np.array([0.3, 0.0, 0.5]), ROBOT.home + 0.3)
    state = JointState(ROBOT.names, ROBOT.home, np.zeros(2), np.zeros(2), 0.0)
    for planner in (changed, built):
        planner.mpc.set_goal(goal)
        planner.mpc.plan(state, 0.0)
    np.testing.assert_array_equal(changed.mpc.rows, built.mpc.rows)
    controls = changed.mpc.current.controls
    assert (np.abs(controls) <= limits.effort + 1e-9).all()
    # A search draws as widely, too.
    np.testing.assert_allclose(controls, built.mpc.current.controls, atol=1e-9)


def test_when_members_disagree_expect_their_weight_exchanged_and_none_at_the_last_node():
    objective = ReachObjective(ROBOT, ReachConfig(), 5, DT)
    goal = objective.stay(ROBOT.home)
    rows = DoubtfulObjective(objective, 0.1).doubting(0.7).rows(goal)
    np.testing.assert_array_equal(rows[:, -1], [0.7] * 5 + [0.0])
    agreed = DoubtfulObjective(objective, None).doubting(0.7).rows(goal)
    np.testing.assert_array_equal(agreed, objective.rows(goal))
