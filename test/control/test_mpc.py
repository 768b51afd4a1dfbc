"""The receding-horizon planner: warm starts, delays, goals, threads, and what it survives."""

from __future__ import annotations

import threading
from dataclasses import replace

import casadi as ca
import numpy as np
import pytest

from rl_control.control.ilqr import Status
from rl_control.control.mpc import MpcConfig, MpcController
from rl_control.errors import JointMismatchError, NonFiniteError, ShapeError
from rl_control.interfaces import Controller
from rl_control.models.rigid import RigidModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.robot.settings import load_settings
from rl_control.run.assemble import ReachObjective, reach_mpc
from rl_control.types import ArmState, Goal, JointState

TICK = 0.005
# A test's outcome must not hang on the machine's speed.
CONFIG = MpcConfig(first_iterations=50, time_budget=5.0)


class Bench:
    """A planner and the arm it acts on, advanced tick by tick."""

    def __init__(self, name, config=CONFIG, tick=TICK, model=None):
        robot, settings = load_robot(name), load_settings(name)
        scaled = robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
        self.robot = replace(robot, limits=scaled)
        self.mpc = reach_mpc(self.robot, config)
        self.kinematics = Kinematics(self.robot)
        q = ca.SX.sym("q", robot.n)
        gravity = ca.Function("gravity", [q], [RigidBody(robot).gravity_torque(q)])
        self.gravity = lambda at: np.asarray(gravity(at)).reshape(-1)
        self.model = model or RigidModel(robot, tick)
        self.tick = tick
        self.restart()

    def restart(self):
        self.mpc.reset()
        self.mpc.set_goal(None)
        self.mpc.configure(replace(CONFIG, iterations=MpcConfig().iterations))
        self.time, self.x = 10.0, np.concatenate([self.robot.home, np.zeros(self.robot.n)])
        return self

    @property
    def n(self):
        return self.robot.n

    @property
    def still(self):
        """Efforts that hold the arm where it is."""
        return self.gravity(self.x[: self.n])

    def state(self, x=None, stamp=None):
        x = self.x if x is None else x
        stamp = self.time if stamp is None else stamp
        return JointState(self.robot.names, x[: self.n], x[self.n :], np.zeros(self.n), stamp)

    def goal(self, turn=0.3):
        limits = self.robot.limits
        posture = np.clip(self.robot.home + turn, limits.lower + 0.2, limits.upper - 0.2)
        tip = self.kinematics.tip(posture)
        return Goal(tip.position, posture, tip.rotation)

    def act(self, effort):
        self.x = self.model.step(self.x[None], effort[None])[0]
        self.time += self.tick

    def run(self, ticks):
        for _ in range(ticks):
            self.mpc.plan(self.state(), self.time)
            self.act(self.mpc.command(self.state(), self.time).effort)

    def miss(self, goal):
        return float(np.linalg.norm(self.kinematics.tip(self.x[: self.n]).position - goal.position))


@pytest.fixture(scope="module")
def shared():
    return Bench("planar2")


@pytest.fixture
def bench(shared):
    return shared.restart()


@pytest.mark.parametrize("name", ["planar2", "arm7", "panda", "iiwa7"])
def test_when_a_goal_is_given_expect_the_arm_to_reach_it_and_rest(name):
    bench = Bench(name)
    goal = bench.goal()
    bench.mpc.set_goal(goal)
    bench.run(400)
    assert bench.miss(goal) < 1e-3
    assert np.abs(bench.x[bench.n :] / bench.robot.limits.velocity).max() < 0.02
    stats = bench.mpc.stats
    assert (stats.solves, stats.failures, stats.misses) == (400, 0, 0)


def test_when_no_goal_is_set_expect_the_arm_to_stay(bench):
    start = bench.x.copy()
    bench.run(100)
    np.testing.assert_allclose(bench.x, start, atol=1e-4)


def test_when_the_goal_is_taken_back_expect_the_arm_to_stop_where_it_is(bench):
    goal = bench.goal(0.8)
    bench.mpc.set_goal(goal)
    bench.run(20)
    bench.mpc.set_goal(None)
    there = bench.x[: bench.n].copy()
    bench.run(200)
    assert bench.miss(goal) > 0.05
    assert np.abs(bench.x[: bench.n] - there).max() < 0.2
    assert np.abs(bench.x[bench.n :]).max() < 0.01


def test_when_reset_without_a_goal_expect_the_arm_to_stay_at_its_new_place(bench):
    bench.run(5)
    bench.mpc.reset()
    bench.x = bench.x + np.array([0.5, -0.4, 0.0, 0.0])
    there = bench.x.copy()
    bench.run(100)
    np.testing.assert_allclose(bench.x, there, atol=1e-4)


@pytest.mark.parametrize("elapsed", [0.0, 0.007, 0.02, 0.033, 0.5])
def test_when_time_has_passed_expect_the_old_plan_at_that_time_as_first_guess(bench, elapsed):
    bench.mpc.set_goal(bench.goal())
    bench.mpc.configure(replace(CONFIG, iterations=50))
    for _ in range(3):  # to convergence
        before = bench.mpc.plan(bench.state(), bench.time)
    later = bench.time + elapsed
    expected = before.state_at(later)
    plan = bench.mpc.plan(bench.state(expected, later), later)
    assert plan.start == later
    assert plan.status is Status.CONVERGED
    np.testing.assert_allclose(plan.states[0], expected)
    middle = plan.start + 0.3
    np.testing.assert_allclose(plan.state_at(middle), before.state_at(middle), atol=0.02)
    # A warm start is nearly done; a cold one is not.
    bench.mpc.reset()
    cold = bench.mpc.plan(bench.state(expected, later), later)
    assert plan.iterations < cold.iterations
    assert plan.cost == pytest.approx(cold.cost, rel=0.01)


def test_when_all_of_the_horizon_has_passed_expect_a_fresh_start(bench):
    bench.mpc.set_goal(bench.goal())
    plan = bench.mpc.plan(bench.state(), bench.time)
    fresh = bench.mpc.plan(bench.state(stamp=plan.end + 1.0), plan.end + 1.0)
    assert fresh.status is not Status.DIVERGED
    assert fresh.cost == pytest.approx(plan.cost, rel=1e-3)


def test_when_time_goes_back_expect_a_fresh_start(bench):
    bench.mpc.set_goal(bench.goal())
    plan = bench.mpc.plan(bench.state(), bench.time)
    again = bench.mpc.plan(bench.state(stamp=1.0), 1.0)
    assert again.start == 1.0
    assert again.cost == pytest.approx(plan.cost, rel=1e-3)


def test_when_the_horizon_moves_past_its_end_expect_hold_torque_in_the_tail(bench):
    bench.mpc.configure(replace(CONFIG, iterations=1))
    first = bench.mpc.plan(bench.state(), bench.time)
    later = bench.time + 0.9 * (first.end - first.start)
    plan = bench.mpc.plan(bench.state(first.state_at(later), later), later)
    still = bench.gravity(first.states[-1][:2])
    np.testing.assert_allclose(plan.controls[-5:], np.tile(still, (5, 1)), atol=0.05)


def test_when_between_replans_expect_the_plan_with_feedback(bench):
    bench.mpc.set_goal(bench.goal())
    plan = bench.mpc.plan(bench.state(), bench.time)
    for later in (0.0, 0.004, 0.013, 0.05):
        when = bench.time + later
        x = plan.state_at(when) + np.array([0.01, -0.01, 0.05, 0.02])
        command = bench.mpc.command(bench.state(x, when), when)
        limit = bench.robot.limits.effort
        expected = np.clip(plan.control_at(when, x), -limit, limit)
        np.testing.assert_allclose(command.effort, expected)
        np.testing.assert_allclose(command.position, plan.state_at(when + plan.dt)[:2])
        np.testing.assert_allclose(command.velocity, plan.state_at(when + plan.dt)[2:])
        assert (command.stamp, command.reason) == (when, "")


def test_when_the_deviation_is_large_expect_efforts_within_limits(bench):
    bench.mpc.plan(bench.state(), bench.time)
    command = bench.mpc.command(bench.state(bench.x + 2.0), bench.time)
    assert (np.abs(command.effort) <= bench.robot.limits.effort).all()


def test_when_commands_act_late_expect_plans_from_the_predicted_state():
    delay = 0.03
    bench = Bench("planar2", replace(CONFIG, actuation_delay=delay))
    bench.mpc.configure(replace(CONFIG, actuation_delay=delay))
    bench.mpc.set_goal(bench.goal(0.6))
    pipe = [bench.still] * round(delay / TICK)
    starts, states = {}, {}
    for tick in range(60):
        plan = bench.mpc.plan(bench.state(), bench.time)
        assert plan.start == pytest.approx(bench.time + delay)
        starts[tick + len(pipe)] = plan.states[0]
        states[tick] = bench.x.copy()
        pipe.append(bench.mpc.command(bench.state(), bench.time).effort)
        bench.act(pipe.pop(0))
    errors = [np.abs(starts[tick] - states[tick]).max() for tick in states if tick in starts]
    moved = max(np.abs(states[tick] - states[tick - 6]).max() for tick in range(6, 60))
    assert moved > 0.2
    assert max(errors) < 0.01 * moved


def test_when_commands_act_late_expect_the_goal_reached_all_the_same():
    delay = 0.03
    bench = Bench("planar2", replace(CONFIG, actuation_delay=delay))
    bench.mpc.configure(replace(CONFIG, actuation_delay=delay))
    goal = bench.goal(0.6)
    bench.mpc.set_goal(goal)
    pipe = [bench.still] * round(delay / TICK)
    for _ in range(400):
        bench.mpc.plan(bench.state(), bench.time)
        pipe.append(bench.mpc.command(bench.state(), bench.time).effort)
        bench.act(pipe.pop(0))
    assert bench.miss(goal) < 1e-3


def test_when_a_state_is_older_than_now_expect_it_predicted_for_the_feedback(bench):
    bench.mpc.set_goal(bench.goal(0.6))
    bench.run(20)
    plan = bench.mpc.plan(bench.state(), bench.time)
    on_time = bench.mpc.command(bench.state(), bench.time).effort
    late = bench.mpc.command(bench.state(), bench.time + 0.004).effort
    wanted = plan.control_at(bench.time + 0.004, plan.state_at(bench.time + 0.004))
    np.testing.assert_allclose(late, wanted, atol=0.3)
    assert np.abs(late - on_time).max() < 3.0


def test_when_a_plan_is_past_its_end_expect_a_hold_with_that_reason(bench):
    plan = bench.mpc.plan(bench.state(), bench.time)
    command = bench.mpc.command(bench.state(stamp=plan.end + 0.1), plan.end + 0.1)
    assert command.reason == "plan_too_old"
    np.testing.assert_allclose(command.effort, bench.still)


def test_when_there_is_no_plan_expect_a_hold_with_that_reason(bench):
    bench.x[2:] = 0.5
    command = bench.mpc.command(bench.state(), bench.time)
    assert command.reason == "no_plan"
    np.testing.assert_array_equal(command.position, bench.x[:2])
    braking = command.effort - bench.still
    assert (braking < 0.0).all()


def test_when_plans_are_missed_expect_the_old_one_then_a_hold_then_recovery(bench):
    bench.mpc.configure(replace(CONFIG, most_misses=3))
    bench.mpc.plan(bench.state(), bench.time)
    misses, reasons = bench.mpc.stats.misses, []
    for _ in range(5):
        command = bench.mpc.command(bench.state(), bench.time)
        reasons.append(command.reason)
        bench.act(command.effort)
    assert reasons == ["", "", "", "", "plan_too_old"]
    stats = bench.mpc.stats
    assert (stats.misses - misses, stats.misses_in_row) == (4, 4)
    assert stats.plan_age == pytest.approx(4 * TICK)
    bench.mpc.plan(bench.state(), bench.time)
    assert bench.mpc.command(bench.state(), bench.time).reason == ""
    assert bench.mpc.stats.misses_in_row == 0


def test_when_every_plan_comes_late_expect_no_hold_as_long_as_new_ones_come(bench):
    bench.mpc.configure(replace(CONFIG, most_misses=3))
    bench.mpc.plan(bench.state(), bench.time)
    before, reasons = bench.mpc.stats.misses, set()
    for _ in range(8):
        state, now = bench.state(), bench.time
        for _ in range(3):  # states that come while the planner still thinks about this one
            command = bench.mpc.command(bench.state(), bench.time)
            reasons.add(command.reason)
            bench.act(command.effort)
        bench.mpc.plan(state, now)
    assert reasons == {""}
    stats = bench.mpc.stats
    assert stats.misses - before == 2 + 7 * 3
    assert stats.misses_in_row == 3


def test_when_time_is_short_expect_a_plan_all_the_same():
    bench = Bench("iiwa7", MpcConfig(time_budget=1e-4, first_iterations=1000))
    bench.mpc.set_goal(bench.goal(0.8))
    bench.mpc.configure(MpcConfig(time_budget=1e-4))
    plan = bench.mpc.plan(bench.state(), bench.time)
    assert plan.status is Status.TIME_LIMIT
    assert plan.iterations < 30
    assert np.isfinite(plan.controls).all()
    assert bench.mpc.current is plan


def test_when_the_goal_changes_expect_it_from_the_next_plan_on(bench):
    bench.mpc.set_goal(bench.goal(0.3))
    bench.mpc.plan(bench.state(), bench.time)
    before = bench.mpc.command(bench.state(), bench.time).effort
    other = bench.goal(-0.5)
    bench.mpc.set_goal(other)
    assert bench.mpc.goal is other
    np.testing.assert_array_equal(bench.mpc.command(bench.state(), bench.time).effort, before)
    bench.mpc.plan(bench.state(), bench.time)
    after = bench.mpc.command(bench.state(), bench.time).effort
    assert np.abs(after - before).max() > 0.1


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_when_the_state_is_not_finite_expect_a_refusal_and_the_old_plan_kept(bench, bad):
    plan = bench.mpc.plan(bench.state(), bench.time)
    broken = bench.x.copy()
    broken[1] = bad
    with pytest.raises(NonFiniteError, match=r"joint state.*\[1\]"):
        bench.mpc.plan(bench.state(broken), bench.time + TICK)
    assert bench.mpc.current is plan
    again = bench.mpc.plan(bench.state(), bench.time + TICK)
    assert again.status is Status.CONVERGED


def test_when_a_goal_is_unusable_expect_a_refusal_and_the_old_goal_kept(bench):
    goal = bench.goal()
    bench.mpc.set_goal(goal)
    with pytest.raises(NonFiniteError, match="goal position"):
        bench.mpc.set_goal(replace(goal, position=np.array([0.0, np.nan, 0.0])))
    with pytest.raises(NonFiniteError, match="goal rotation"):
        bench.mpc.set_goal(replace(goal, rotation=np.full((3, 3), np.inf)))
    with pytest.raises(ShapeError, match="goal posture"):
        bench.mpc.set_goal(replace(goal, posture=np.zeros(3)))
    assert bench.mpc.goal is goal


@pytest.fixture
def broken(monkeypatch):
    """Return a switch that makes every cost overflow."""

    def switch():
        right = ReachObjective.rows
        monkeypatch.setattr(ReachObjective, "rows", lambda self, goal: right(self, goal) * 1e300)

    return switch


def test_when_a_solve_diverges_expect_the_old_plan_kept_and_the_failure_counted(
    bench, broken, monkeypatch
):
    mpc = bench.mpc
    good, failures = mpc.plan(bench.state(), bench.time), mpc.stats.failures
    broken()
    mpc.set_goal(bench.goal())
    later = bench.time + TICK
    bad = mpc.plan(bench.state(stamp=later), later)
    assert bad.status is Status.DIVERGED
    assert mpc.current is good
    assert mpc.stats.failures == failures + 1
    assert mpc.stats.status == "diverged"
    command = mpc.command(bench.state(stamp=later), later)
    assert command.reason == ""
    assert np.isfinite(command.effort).all()
    monkeypatch.undo()
    mpc.set_goal(bench.goal(0.2))
    later += TICK
    assert mpc.plan(bench.state(stamp=later), later).status is Status.CONVERGED


def test_when_the_very_first_solve_diverges_expect_a_hold(bench, broken):
    broken()
    bench.mpc.plan(bench.state(), bench.time)
    command = bench.mpc.command(bench.state(), bench.time)
    assert (bench.mpc.current, command.reason) == (None, "no_plan")
    np.testing.assert_allclose(command.effort, bench.still)


def test_when_joints_come_in_another_order_with_others_expect_the_same_command(bench):
    bench.mpc.set_goal(bench.goal())
    bench.mpc.plan(bench.state(), bench.time)
    expected = bench.mpc.command(bench.state(), bench.time).effort
    names = ("gripper", *reversed(bench.robot.names), "camera")
    position = np.array([9.0, *bench.x[:2][::-1], 8.0])
    velocity = np.array([7.0, *bench.x[2:][::-1], 6.0])
    mixed = JointState(names, position, velocity, np.zeros(4), bench.time)
    bench.mpc.reset()
    bench.mpc.plan(mixed, bench.time)
    command = bench.mpc.command(mixed, bench.time)
    assert command.names == bench.robot.names
    np.testing.assert_allclose(command.effort, expected, rtol=1e-9)


def test_when_a_joint_is_missing_expect_it_named(bench):
    half = JointState(("elbow",), np.zeros(1), np.zeros(1), np.zeros(1), 0.0)
    with pytest.raises(JointMismatchError, match="shoulder"):
        bench.mpc.plan(half, 0.0)
    with pytest.raises(JointMismatchError, match="shoulder"):
        bench.mpc.command(half, 0.0)


def test_when_configured_expect_live_settings_only(bench):
    given = MpcConfig(
        horizon=10, iterations=7, time_budget=0.1, actuation_delay=0.01, most_misses=5
    )
    bench.mpc.configure(given)
    found = bench.mpc.config
    assert (found.iterations, found.time_budget) == (7, 0.1)
    assert (found.actuation_delay, found.most_misses) == (0.01, 5)
    assert found.horizon == 50
    assert bench.mpc.plan(bench.state(), bench.time).start == bench.time + 0.01


def test_when_planning_and_commanding_at_once_expect_whole_plans_and_right_counts(bench):
    mpc, seen, errors = bench.mpc, [], []
    mpc.set_goal(bench.goal())
    mpc.plan(bench.state(), bench.time)
    solves = mpc.stats.solves
    done = threading.Event()

    def work():
        try:
            for i in range(150):
                shift = 0.3 if i % 2 else -0.3
                mpc.set_goal(bench.goal(shift))
                plan = mpc.plan(bench.state(stamp=bench.time + 1e-3 * i), bench.time + 1e-3 * i)
                seen.append(plan)
        except BaseException as error:
            errors.append(error)
        finally:
            done.set()

    def ask():
        count = 0
        try:
            while not done.is_set():
                current = mpc.current
                command = mpc.command(bench.state(), bench.time)
                assert np.isfinite(command.effort).all()
                assert mpc.stats.solves >= solves
                assert current is not None
                count += 1
        except BaseException as error:
            errors.append(error)
        assert count > 0

    threads = [threading.Thread(target=work), threading.Thread(target=ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60.0)
    assert errors == []
    assert mpc.stats.solves == solves + 150  # no count was lost between the threads
    assert mpc.current is seen[-1]
    # What a plan holds does not change when the solver goes on.
    assert len({plan.controls.tobytes() for plan in seen}) > 100


def test_when_the_cost_is_itemised_expect_its_terms_to_sum_up(bench):
    assert bench.mpc.cost_by_term() == {}
    bench.mpc.set_goal(bench.goal())
    plan = bench.mpc.plan(bench.state(), bench.time)
    bench.mpc.set_goal(bench.goal(-1.0))  # not planned for yet
    shares = bench.mpc.cost_by_term()
    assert {"tip_position", "velocity", "effort", "velocity_limits"} <= set(shares)
    assert sum(shares.values()) == pytest.approx(plan.cost, rel=1e-6)
    assert shares["tip_position"] > 0.0


def test_when_the_plan_breaks_a_limit_expect_the_violation_in_the_stats(bench):
    bench.run(1)
    assert bench.mpc.stats.violation == 0.0
    bench.mpc.reset()
    bench.x[0] = bench.robot.limits.upper[0] + 0.1
    bench.run(1)
    assert bench.mpc.stats.violation == pytest.approx(0.1, abs=0.01)


def test_when_run_twice_expect_the_same_bits(bench):
    ends = []
    for _ in range(2):
        bench.restart()
        bench.mpc.set_goal(bench.goal())
        bench.run(40)
        ends.append(bench.x.tobytes())
    assert ends[0] == ends[1]


@pytest.mark.parametrize("mass", [0.6, 1.5])
def test_when_the_arm_is_heavier_or_lighter_than_its_model_expect_it_to_stay_stable(mass):
    robot = load_robot("planar2")
    links = [replace(joint, inertia=_scaled(joint.inertia, mass)) for joint in robot.joints]
    wrong = replace(robot, joints=tuple(links))
    bench = Bench("planar2", model=RigidModel(wrong, TICK))
    goal = bench.goal()
    bench.mpc.set_goal(goal)
    bench.run(400)
    assert bench.miss(goal) < 0.1
    assert np.abs(bench.x[bench.n :]).max() < 0.1


def _scaled(inertia, factor):
    return replace(inertia, mass=inertia.mass * factor, matrix=inertia.matrix * factor)


def test_when_used_as_a_controller_expect_one_plan_a_state(bench):
    controller = MpcController(bench.mpc)
    assert isinstance(controller, Controller)
    state = ArmState(bench.state())
    controller.reset(state)
    before = bench.mpc.stats.solves
    command = controller.act(state)
    assert bench.mpc.stats.solves == before + 1
    assert controller.last_solve_ms > 0.0
    np.testing.assert_allclose(command.effort, bench.still, atol=0.5)
