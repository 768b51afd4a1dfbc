"""The sampling planner on the planner's interface: arms reached, time shifts, tensors, failures."""

from __future__ import annotations

from dataclasses import replace

import casadi as ca
import numpy as np
import pytest

from rl_control.control.batch_cost import ArmCost
from rl_control.control.ilqr import Status
from rl_control.control.mpc import ArmFunctions, MpcController
from rl_control.control.sampling import SamplingMpc
from rl_control.control.sampling_problem import SamplingProblem
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.errors import ConfigError, NonFiniteError, ShapeError
from rl_control.interfaces import Controller
from rl_control.kernels import compile_batch
from rl_control.kernels.arrays import library
from rl_control.models.rigid import RigidModel
from rl_control.plants.fake import FakePlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.rollout import rollout
from rl_control.ros.control_loop import ControlLoop
from rl_control.run.assemble import ReachObjective
from rl_control.safety import SafetyConfig, SafetyFilter
from rl_control.tasks.reach import ReachConfig, effort_units, reach_cost
from rl_control.types import Goal, JointLimits, JointState

METHODS = ("cem", "icem", "mppi")
DT, TICK = 0.02, 0.005
NAMES = ("a", "b")
LIMITS = JointLimits(NAMES, [-3.0, -3.0], [3.0, 3.0], [4.0, 4.0], [5.0, 5.0])
# A test's outcome must not hang on the machine's speed.
CONFIG = SamplingConfig(horizon=20, time_budget=10.0)


class Masses:
    """Two unit masses under efforts, for numpy arrays and tensors; remembers the controls."""

    members = 2

    def __init__(self):
        self.dt, self.seen, self.broken, self.wall = DT, [], False, np.inf

    def step(self, x, u):
        self.seen.append(u)
        faster = x[:, 2:] + DT * u
        following = library(x).concatenate([x[:, :2] + DT * faster, faster], 1)
        return following * (np.nan if self.broken else 1.0)

    def sample(self, x, u, member, rng):
        """Member 1 knows nothing of what lies beyond the wall."""
        following = self.step(x, u)
        following[(member == 1) & (following[:, 0] > self.wall)] = np.nan
        return following


class Distance:
    """Squared distance from the posture in p[:2], speeds and efforts; weighed by p[2]."""

    def value(self, x, u, p):
        off = ((x[:, :2] - p[:, :2]) ** 2).sum(1) + 0.05 * (x[:, 2:] ** 2).sum(1)
        return p[:, 2] * (off + 1e-3 * (u**2).sum(1))


class Posture:
    """The objective that goes with it."""

    def __init__(self, steps):
        self.weights = np.full((steps + 1, 1), DT)
        self.weights[-1] = 0.5

    def rows(self, goal):
        return np.hstack([np.tile(goal.posture, (len(self.weights), 1)), self.weights])

    def stay(self, q):
        return Goal(np.zeros(3), np.array(q))


ARM = ArmFunctions(
    gravity_torque=lambda q: np.array([0.3, -0.2]),
    mass_matrix=lambda q: np.eye(2),
    acceleration=lambda q, v, u: (np.atleast_2d(u),),
)


def masses(config=CONFIG, seed=0, place=np.asarray, rng=None):
    """A planner of two masses, and its model."""
    model = Masses()
    problem = SamplingProblem(model, Distance(), place)
    rng = np.random.default_rng(seed) if rng is None else rng
    return SamplingMpc(problem, Posture(config.horizon), LIMITS, ARM, rng, config), model


def state(x=(0.0, 0.0, 0.0, 0.0), stamp=10.0):
    x = np.asarray(x)
    return JointState(NAMES, x[:2], x[2:], np.zeros(2), stamp)


def goal(*posture):
    return Goal(np.zeros(3), np.array(posture or (0.5, -0.4)))


def driven(mpc, ticks, x=(0.0, 0.0, 0.0, 0.0)):
    """States and efforts of the masses under the planner."""
    x, time, states, efforts = np.array(x), 10.0, [], []
    for _ in range(ticks):
        mpc.plan(state(x, time), time)
        effort = mpc.command(state(x, time), time).effort
        velocity = x[2:] + TICK * effort
        x, time = np.concatenate([x[:2] + TICK * velocity, velocity]), time + TICK
        states.append(x)
        efforts.append(effort)
    return np.array(states), np.array(efforts)


class Arm:
    """A planner for planar2 on its rigid-body model, and the same arm as a fake plant."""

    def __init__(self, method):
        self.robot = robot = load_robot("planar2")
        config = SamplingConfig(method=method, time_budget=10.0)
        model, equations = RigidModel(robot, config.dt), ArmModel(robot)
        q, v, u = (ca.SX.sym(letter, robot.n) for letter in "qvu")
        acceleration = compile_batch(
            ca.Function("planar2_a", [q, v, u], [model.body.forward_dynamics(q, v, u, TICK)])
        )
        self.mpc = SamplingMpc(
            SamplingProblem(model, ArmCost(model.body, reach_cost(robot), config.dt)),
            ReachObjective(robot, ReachConfig(), config.horizon, config.dt),
            robot.limits,
            ArmFunctions(equations.gravity_torque, equations.mass_matrix, acceleration),
            np.random.default_rng(0),
            config,
            lambda limits: effort_units(replace(robot, limits=limits)),
        )
        self.plant = FakePlant(
            robot.names, TICK, lambda q, v, u: acceleration(q, v, u)[0][0], equations.tip
        )
        self.safety = SafetyFilter(robot.limits, SafetyConfig(), equations.gravity_torque)
        self.tip = equations.tip


@pytest.mark.parametrize("method", METHODS)
def test_when_an_arm_is_planned_for_expect_it_to_reach_its_goal_within_limits(method):
    arm = Arm(method)
    controller = MpcController(arm.mpc)
    assert isinstance(controller, Controller)
    posture = arm.robot.home + np.array([0.4, 0.4])
    arm.mpc.set_goal(Goal(arm.tip(posture).position, posture))
    arm.plant.reset(arm.robot.home)
    run = rollout(controller, arm.plant, arm.safety, duration=1.5)
    misses = np.linalg.norm(run.tips - arm.tip(posture).position, axis=1)
    assert misses[0] > 0.3
    assert misses[-40:].max() < 0.015
    assert (np.abs(run.controls) <= arm.robot.limits.effort).all()
    assert (np.abs(run.velocities) <= 1.05 * arm.robot.limits.velocity).all()
    assert set(run.extra["reason"]) <= {"", "effort_rate"}
    stats = arm.mpc.stats
    assert (stats.solves, stats.failures, stats.misses) == (300, 0, 0)


@pytest.mark.parametrize("method", METHODS)
def test_when_planned_expect_a_rollout_of_bounded_controls_without_gains(method):
    mpc, model = masses(replace(CONFIG, method=method))
    mpc.set_goal(goal(2.5, -2.5))
    plan = mpc.plan(state(), 10.0)
    assert mpc.current is plan
    assert (plan.stamp, plan.start, plan.dt) == (10.0, 10.0, DT)
    assert plan.status is Status.ITERATION_LIMIT
    assert plan.iterations == CONFIG.first_iterations
    assert np.abs(plan.controls).max() <= 5.0
    np.testing.assert_array_equal(plan.gains, np.zeros((20, 2, 4)))
    cost, rows = 0.0, Posture(20).rows(goal(2.5, -2.5))
    for t, u in enumerate([*plan.controls, np.zeros(2)]):
        cost += Distance().value(plan.states[t][None], u[None], rows[t][None])[0]
        if t < 20:
            following = model.step(plan.states[t][None], u[None])[0]
            np.testing.assert_allclose(plan.states[t + 1], following)
    assert plan.cost == pytest.approx(cost)


def test_when_the_goal_is_beyond_what_efforts_allow_expect_them_at_their_limit():
    mpc, _ = masses(replace(CONFIG, method="icem", first_iterations=30, first_std=0.5))
    mpc.set_goal(goal(2.9, -2.9))
    plan = mpc.plan(state(), 10.0)
    np.testing.assert_allclose(plan.controls[:8].mean(axis=0), [5.0, -5.0], atol=0.5)
    assert plan.saturated > 0.1


@pytest.mark.parametrize("method", ["cem", "mppi"])
@pytest.mark.parametrize("elapsed", [0.0, 0.007, 0.05])
def test_when_time_has_passed_expect_the_old_plan_at_that_time(method, elapsed):
    """With hardly any noise, the new plan is the first guess."""
    config = replace(CONFIG, method=method, replan_std=1e-4, least_std=0.0, momentum=0.0)
    mpc, _ = masses(config)
    mpc.set_goal(goal())
    before = mpc.plan(state(), 10.0)
    later = 10.0 + elapsed
    plan = mpc.plan(state(before.state_at(later), later), later)
    inside = int(20 - elapsed / DT - 1)
    for t in range(inside):
        when = later + t * DT
        expected = before.control_at(when, before.state_at(when))
        np.testing.assert_allclose(plan.controls[t], expected, atol=0.01)
    if elapsed == 0.05:  # beyond the old horizon: what holds the arm
        np.testing.assert_allclose(plan.controls[-2:], [[0.3, -0.2]] * 2, atol=0.01)


def test_when_icem_replans_at_the_same_instant_expect_a_plan_no_worse():
    mpc, _ = masses(replace(CONFIG, first_iterations=3, momentum=0.5, samples=20))
    mpc.set_goal(goal())
    costs = [mpc.plan(state(), 10.0).cost for _ in range(6)]
    assert (np.diff(costs) <= 1e-12).all()
    assert costs[-1] < costs[0]


@pytest.mark.parametrize("when", [9.0, 10.0 + 20 * DT + 0.1])
def test_when_the_old_plan_does_not_reach_to_now_expect_a_fresh_start(when):
    mpc, _ = masses()
    mpc.set_goal(goal())
    first = mpc.plan(state(), 10.0)
    assert mpc.plan(state(stamp=when - 0.005), when - 0.005).iterations == first.iterations
    assert mpc.plan(state(stamp=when), when).iterations == CONFIG.iterations


def test_when_goal_and_search_are_old_expect_the_narrow_deviation_else_the_wide_one():
    mpc, model = masses(replace(CONFIG, method="mppi", samples=2000, noise_exponent=0.0))

    def spread(now):
        model.seen.clear()
        mpc.plan(state(stamp=now), now)
        return model.seen[0].std(axis=0).mean() / 5.0

    mpc.set_goal(goal(0.05, 0.05))
    wide, narrow = CONFIG.first_std, CONFIG.replan_std
    assert spread(10.0) == pytest.approx(wide, rel=0.1)
    assert spread(10.005) == pytest.approx(narrow, rel=0.1)
    mpc.set_goal(goal(0.06, 0.06))
    assert spread(10.01) == pytest.approx(wide, rel=0.1)
    mpc.reset()
    assert spread(10.015) == pytest.approx(wide, rel=0.1)


def test_when_efforts_have_units_expect_deviations_in_them():
    model = Masses()
    config = replace(CONFIG, method="mppi", samples=4000, noise_exponent=0.0)
    mpc = SamplingMpc(
        SamplingProblem(model, Distance()), Posture(20), LIMITS, ARM, np.random.default_rng(0),
        config, lambda limits: np.array([1.0, 0.1]),
    )  # fmt: skip
    model.seen.clear()
    mpc.plan(state(), 10.0)
    np.testing.assert_allclose(
        model.seen[0].std(axis=0), CONFIG.first_std * np.array([1.0, 0.1]), rtol=0.1
    )
    with pytest.raises(ShapeError, match="effort unit"):
        SamplingMpc(
            SamplingProblem(model, Distance()), Posture(20), LIMITS, ARM,
            np.random.default_rng(0), config, lambda limits: np.ones(3),
        )  # fmt: skip


def test_when_limits_change_expect_deviations_measured_by_the_new_ones():
    config = replace(CONFIG, method="mppi", samples=4000, noise_exponent=0.0)
    mpc, model = masses(config)
    mpc.plan(state(), 10.0)
    limits = replace(LIMITS, effort=np.array([1.0, 0.5]))
    mpc.pursue(Posture(20), limits)
    model.seen.clear()
    mpc.plan(state(stamp=10.005), 10.005)
    drawn = model.seen[0]
    np.testing.assert_allclose(drawn.std(axis=0), CONFIG.first_std * limits.effort, rtol=0.15)
    assert (np.abs(drawn) <= limits.effort).all()


@pytest.mark.parametrize("method", METHODS)
def test_when_limits_narrow_in_mid_motion_expect_the_very_next_plan_within_them(method):
    mpc, model = masses(replace(CONFIG, method=method))
    mpc.set_goal(goal(2.5, -2.5))
    wide = mpc.plan(state(), 10.0)
    limits = replace(LIMITS, effort=0.1 * LIMITS.effort)
    mpc.pursue(Posture(20), limits)
    model.seen.clear()
    narrow = mpc.plan(state(stamp=10.005), 10.005)
    assert (np.abs(wide.controls) > limits.effort).any()
    assert (np.abs(narrow.controls) <= limits.effort).all()
    assert all((np.abs(efforts) <= limits.effort).all() for efforts in model.seen)


@pytest.mark.parametrize("method", METHODS)
def test_when_the_model_breaks_expect_the_old_plan_kept_and_recovery(method):
    mpc, model = masses(replace(CONFIG, method=method))
    mpc.set_goal(goal())
    good = mpc.plan(state(), 10.0)
    model.broken = True
    bad = mpc.plan(state(stamp=10.005), 10.005)
    assert bad.status is Status.DIVERGED
    assert mpc.current is good
    stats = mpc.stats
    assert (stats.failures, stats.status) == (1, "diverged")
    command = mpc.command(state(stamp=10.005), 10.005)
    assert command.reason == ""
    assert np.isfinite(command.effort).all()
    model.broken = False
    again = mpc.plan(state(stamp=10.01), 10.01)
    assert mpc.current is again
    assert again.cost == pytest.approx(good.cost, rel=0.1)


def test_when_no_particle_survives_expect_divergence_though_the_mean_does():
    mpc, model = masses(replace(CONFIG, propagation="tsinf"))
    model.wall = -0.1
    plan = mpc.plan(state(), 10.0)
    assert np.isfinite(plan.states).all()
    assert plan.status is Status.DIVERGED


def test_when_the_model_is_exchanged_expect_the_next_plan_on_the_new_one():
    problem, heavy = SamplingProblem(Masses(), Distance()), Masses()
    mpc = SamplingMpc(problem, Posture(20), LIMITS, ARM, np.random.default_rng(0), CONFIG)
    mpc.plan(state(), 10.0)  # stays where it is
    plain = heavy.step
    heavy.step = lambda x, u: plain(x, 0.25 * u)

    def change():
        problem.model = heavy
        return replace(ARM, gravity_torque=lambda q: np.array([0.9, 0.7]))

    mpc.exchange(change)
    assert not heavy.seen
    plan = mpc.plan(state((0.1, 0.0, 0.0, 0.0), stamp=10.005), 10.005)
    assert plan.iterations == CONFIG.first_iterations
    following = heavy.step(plan.states[:1], plan.controls[:1])[0]
    np.testing.assert_allclose(plan.states[1], following)
    np.testing.assert_array_equal(mpc.goal.posture, [0.0, 0.0])  # still where it was to stay
    mpc.reset()
    assert mpc.command(state(), 10.0).effort.tolist() == [0.9, 0.7]


def test_when_some_members_break_beyond_a_wall_expect_only_particles_to_keep_clear_of_it():
    furthest = {}
    for propagation in ("mean", "ts1", "tsinf"):
        mpc, model = masses(replace(CONFIG, propagation=propagation, particles=4))
        model.wall = 0.3
        mpc.set_goal(goal(0.6, 0.0))
        furthest[propagation] = driven(mpc, 120)[0][:, 0].max()
    assert furthest["mean"] > 0.4
    assert 0.2 < furthest["ts1"] < 0.31
    assert 0.2 < furthest["tsinf"] < 0.31


@pytest.mark.parametrize("method", METHODS)
def test_when_the_seed_is_the_same_expect_the_same_efforts(method):
    efforts = []
    for seed in (3, 3, 4):
        mpc, _ = masses(replace(CONFIG, method=method), seed)
        mpc.set_goal(goal())
        efforts.append(driven(mpc, 20)[1])
    np.testing.assert_array_equal(efforts[0], efforts[1])
    assert np.abs(efforts[0] - efforts[2]).max() > 1e-3


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("propagation", ["mean", "ts1", "tsinf"])
def test_when_the_model_takes_tensors_expect_the_efforts_of_numpy(torch, method, propagation):
    efforts = []
    for place in (np.asarray, torch.as_tensor):
        config = replace(CONFIG, method=method, propagation=propagation, particles=3)
        mpc, model = masses(config, place=place)
        mpc.set_goal(goal())
        efforts.append(driven(mpc, 6)[1])
        assert isinstance(model.seen[-1], np.ndarray if place is np.asarray else torch.Tensor)
    np.testing.assert_allclose(*efforts, rtol=1e-8, atol=1e-10)


def test_when_torch_draws_the_noise_expect_the_goal_reached_and_runs_to_repeat(torch):
    def place(values):
        return torch.as_tensor(values, dtype=torch.float32)

    ends = []
    for seed in (0, 0, 1):
        mpc, model = masses(place=place, rng=torch.Generator().manual_seed(seed))
        mpc.set_goal(goal())
        ends.append(driven(mpc, 10)[0][-1])
        assert model.seen[-1].dtype == torch.float32
    np.testing.assert_array_equal(ends[0], ends[1])
    assert np.abs(ends[0] - ends[2]).max() > 0.0
    reached = driven(mpc, 250)[0][-1]
    np.testing.assert_allclose(reached[:2], [0.5, -0.4], atol=0.03)


def test_when_a_model_is_on_record_for_training_expect_plans_off_it(torch):
    mpc, model = masses(replace(CONFIG, method="mppi"), place=torch.as_tensor)
    gain = torch.ones(2, dtype=torch.float64, requires_grad=True)
    plain = model.step
    model.step = lambda x, u: plain(x, gain * u)
    mpc.plan(state(), 10.0)
    assert not model.seen[-1].requires_grad
    assert (gain * model.seen[-1]).requires_grad


def test_when_time_is_short_expect_a_plan_all_the_same():
    mpc, _ = masses()
    mpc.set_goal(goal())
    mpc.configure(replace(CONFIG, iterations=100, time_budget=1e-4, samples=7))
    mpc.plan(state(), 10.0)
    plan = mpc.plan(state(stamp=10.005), 10.005)
    assert plan.status is Status.TIME_LIMIT
    assert 1 <= plan.iterations < 100
    assert np.isfinite(plan.controls).all()
    assert mpc.config.samples == CONFIG.samples  # not a live setting


def test_when_no_goal_is_set_expect_the_masses_to_stay():
    mpc, _ = masses()
    states, _ = driven(mpc, 100, x=(0.3, 0.2, 0.0, 0.0))
    np.testing.assert_allclose(states[:, :2], np.tile([0.3, 0.2], (100, 1)), atol=0.03)


def test_when_there_is_no_plan_expect_a_hold_with_that_reason():
    mpc, _ = masses()
    command = mpc.command(state((0.0, 0.0, 0.2, 0.0)), 10.0)
    assert command.reason == "no_plan"
    np.testing.assert_allclose(command.effort, [0.3 - 2.0, -0.2])
    assert (mpc.last_solve_ms, mpc.stats.solves) == (0.0, 0)


def test_when_the_state_is_not_finite_expect_a_refusal_and_the_old_plan_kept():
    mpc, _ = masses()
    plan = mpc.plan(state(), 10.0)
    with pytest.raises(NonFiniteError, match="joint state"):
        mpc.plan(state((np.nan, 0.0, 0.0, 0.0)), 10.0)
    assert mpc.current is plan


def test_when_behind_the_control_loop_expect_planned_commands():
    mpc, _ = masses()
    safety = SafetyFilter(LIMITS, SafetyConfig(), ARM.gravity_torque)
    loop = ControlLoop(mpc, safety, lock_step=True)
    loop.set_goal(goal())
    try:
        for k in range(3):
            assert loop.observe(state(stamp=10.0 + TICK * k), str(k)) is None
            answer = loop.planned(timeout=10.0)
            assert answer.label == str(k)
            assert answer.command.reason in ("", "effort_rate")
        assert loop.counters.plans == 3
        assert loop.plan is mpc.current
    finally:
        loop.close()


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"dt": 0.03}, "dt: found 0.03 s, but the model's step is 0.02 s"),
        ({"elites": 101}, "elites: found 101, more than the 100 samples"),
    ],
)
def test_when_problem_and_settings_do_not_fit_expect_a_refusal(changes, key):
    with pytest.raises(ConfigError, match=key):
        masses(replace(CONFIG, **changes))


def test_when_a_model_has_no_members_expect_particles_refused():
    robot = load_robot("planar2")
    model = RigidModel(robot, DT)
    problem = SamplingProblem(model, ArmCost(model.body, reach_cost(robot), DT))
    with pytest.raises(ConfigError, match="propagation: found 'ts1', but RigidModel"):
        problem.check(replace(CONFIG, propagation="ts1"))


def test_when_the_objective_does_not_fit_the_horizon_expect_a_refusal():
    mpc, _ = masses()

    class Short(Posture):
        def rows(self, goal):
            return super().rows(goal)[:-1]

    class Infinite(Posture):
        def rows(self, goal):
            return super().rows(goal) + np.inf

    for objective, error in ((Short(20), ShapeError), (Infinite(20), NonFiniteError)):
        with pytest.raises(error, match="cost parameters"):
            SamplingMpc(
                SamplingProblem(Masses(), Distance()), objective, LIMITS, ARM,
                np.random.default_rng(0), CONFIG,
            )  # fmt: skip
    assert mpc.goal is None
