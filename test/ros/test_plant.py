"""RosPlant over DDS: arm_sim in a process of its own, and a made-up arm for the faults."""

import time

import numpy as np
import pytest
from std_msgs.msg import Float64MultiArray
from topic_arm import COMMANDS, GRAVITY, NAMES, TopicArm

from rl_control.errors import (
    CommandConflictError,
    ConfigError,
    JointMismatchError,
    PlantError,
    ShapeError,
)
from rl_control.interfaces import Plant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.rollout import rollout
from rl_control.ros.plant import RosPlant
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.safety import SafetyConfig, SafetyFilter
from rl_control.types import Command, JointLimits, Pose

ROBOT = load_robot("planar2")
MODEL = ArmModel(ROBOT)
WAY = np.array([0.3, -0.3])
LIMITS = JointLimits(NAMES, [-1.0, -1.0], [1.0, 1.0], [5.0, 5.0], [20.0, 20.0])
HOME = np.array([0.15, 0.1])


class PdController:
    """u = M (k (q* - q) - d v) + g(q)."""

    def __init__(self, goal) -> None:
        self.goal = goal

    def reset(self, state) -> None:
        pass

    def act(self, state) -> Command:
        q, v = state.joints.position, state.joints.velocity
        wish = 100.0 * (self.goal - q) - 20.0 * v
        effort = MODEL.mass_matrix(q) @ wish + MODEL.gravity_torque(q)
        return Command(state.joints.names, effort, state.joints.stamp)


@pytest.fixture
def make(ros, monkeypatch):
    """Return a maker of plants in the domain of the test's nodes; all are closed in the end."""
    monkeypatch.setenv("ROS_DOMAIN_ID", ros.environment["ROS_DOMAIN_ID"])
    made = []

    def build(safety, inverse_dynamics, home, tip=None, collides=None, **settings):
        config = RosPlantConfig(**{"timeout": 5.0, "discovery_time": 0.0, **settings})
        made.append(RosPlant(safety, inverse_dynamics, home, config, tip, collides))
        return made[-1]

    yield build
    for plant in made:
        plant.close()


@pytest.fixture
def simulated(make):
    """Return a maker of plants for arm_sim, with their safety filter."""

    def build(**settings):
        safety = SafetyFilter(ROBOT.limits, SafetyConfig(), MODEL.gravity_torque, MODEL.mass_matrix)
        return make(safety, MODEL.inverse_dynamics, ROBOT.home, **settings), safety

    return build


@pytest.fixture
def arms(ros):
    """Return a maker of made-up arms."""
    made = []

    def build(**options):
        made.append(TopicArm(ros.context, **options))
        return made[-1]

    yield build
    for arm in made:
        arm.close()


@pytest.fixture
def plant_of(make):
    """Return a maker of plants for the made-up arm."""

    def build(**settings):
        safety = SafetyFilter(LIMITS, SafetyConfig(), lambda q: GRAVITY, lambda q: np.eye(2))
        return make(safety, lambda q, v, a: a + GRAVITY, HOME, **settings)

    return build


def effort(values=GRAVITY, names=NAMES) -> Command:
    return Command(names, np.asarray(values, dtype=np.float64), 0.0)


def reach(ros, simulated, seconds, **parameters):
    """Reach with PD control from the start of a new arm_sim; return the run and what is left."""
    sim = ros.start("arm_sim", robot="planar2", **parameters)
    plant, safety = simulated()
    trajectory = rollout(PdController(ROBOT.home + WAY), plant, safety, seconds)
    return sim, plant, safety, trajectory


def test_when_two_lock_step_runs_are_alike_expect_the_same_bits_and_reset_to_repeat_them(
    ros, simulated
):
    runs = []
    for _ in range(2):
        sim, plant, safety, first = reach(ros, simulated, 1.0, lock_step=True, publish_clock=True)
        home = plant.reset()
        assert np.array_equal(plant.reset().joints.vector, home.joints.vector)
        again = rollout(PdController(ROBOT.home + WAY), plant, safety, 0.2)
        plant.close()
        sim.end()
        assert np.array_equal(home.joints.vector, np.append(ROBOT.home, np.zeros(2)))
        assert np.allclose(first.positions[-1], ROBOT.home + WAY, atol=0.01)
        assert np.allclose(np.diff(first.extra["stamp"]), plant.period, atol=1e-12)
        # Other stamps round to other steps of the effort's rate.
        assert np.allclose(again.states, first.states[: len(again.states)], atol=1e-9)
        runs.append((first, again))
    for one, other in zip(*runs, strict=True):
        for key in ("states", "controls"):
            assert getattr(one, key).tobytes() == getattr(other, key).tobytes()
        assert one.extra["stamp"].tobytes() == other.extra["stamp"].tobytes()
    assert len(np.unique(runs[0][0].states, axis=0)) > 150


def test_when_arm_sim_runs_in_real_time_expect_the_reach_and_then_a_clear_error_when_it_is_lost(
    ros, simulated
):
    sim = ros.start("arm_sim", robot="planar2", rate=50.0)  # a rate that a busy machine keeps
    plant, safety = simulated(timeout=0.7, period=0.02)
    assert isinstance(plant, Plant) and plant.names == ROBOT.names
    controller = PdController(ROBOT.home + WAY)
    for _ in range(100):
        state = plant.observe()
        plant.step(safety.apply(controller.act(state), state.joints, state.joints.stamp))
    assert np.allclose(plant.observe().joints.position, ROBOT.home + WAY, atol=0.02)
    home = plant.reset()
    assert np.allclose(home.joints.position, ROBOT.home, atol=1e-3)
    goal = ROBOT.home - 0.5 * WAY
    moved = plant.reset(goal, np.zeros(2))
    assert np.allclose(moved.joints.position, goal, atol=0.01)
    sim.popen.kill()
    sim.wait()
    began = time.monotonic()
    with pytest.raises(PlantError, match=r"no new joint state on /joint_states within 0\.7 s"):
        for _ in range(20):  # some may still be on the way
            plant.step(Command(ROBOT.names, np.zeros(2), 0.0))
    assert time.monotonic() - began < 10.0
    plant.close()
    plant.close()


def test_when_joints_come_in_another_order_expect_them_by_name_and_commands_in_theirs(
    arms, plant_of
):
    arm = arms(order=("b", "a"))
    plant = plant_of(command_joints=("b", "a"), tip=lambda q: Pose(np.array([*q, 0.0]), np.eye(3)))
    assert plant.period == 0.005
    before = plant.observe()
    assert before.joints.names == NAMES
    assert np.allclose(before.joints.position, [0.1, 0.2])
    assert np.allclose(before.tip.position, [0.1, 0.2, 0.0])
    after = plant.step(effort([3.0, 4.0], names=("b", "a")))
    values, label = arm.commands[-1]
    assert np.array_equal(values, [3.0, 4.0]) and label == "100.000000000"
    assert after.joints.stamp == pytest.approx(100.005)
    assert np.allclose(after.joints.velocity, 0.005 * (np.array([4.0, 3.0]) - GRAVITY))
    plant.step(effort())
    assert arm.commands[-1][1] == "100.005000000"
    seen = len(arm.commands)
    with pytest.raises(PlantError, match=r"effort of b is nan"):
        plant.step(effort([1.0, np.nan]))
    with pytest.raises(JointMismatchError):
        plant.step(effort([1.0], names=("a",)))
    with pytest.raises(ShapeError):
        plant.step(effort([1.0]))
    time.sleep(0.05)
    assert len(arm.commands) == seen


def test_when_another_driver_uses_the_topic_expect_no_state_of_the_arm_lost(arms, plant_of):
    arm = arms()
    plant = plant_of()
    arm.company, arm.repeat_time = True, np.inf
    stamps = [plant.step(effort()).joints.stamp for _ in range(50)]
    assert np.allclose(np.diff(stamps), 0.005)


def test_when_a_command_is_missed_in_lock_step_expect_it_sent_again(arms, plant_of):
    arm = arms()
    plant = plant_of()
    arm.deaf = 2
    after = plant.step(effort([3.0, 4.0]))
    assert arm.deaf == 0
    assert np.allclose(after.joints.velocity, 0.005 * (np.array([3.0, 4.0]) - GRAVITY))


def test_when_states_pass_while_the_caller_works_expect_the_next_one_after_the_command(
    ros, arms, plant_of
):
    arm = arms(lock_step=False)
    plant = plant_of()
    first = plant.observe().joints.stamp
    time.sleep(0.1)
    sent_after = arm.stamp
    state = plant.step(effort())
    assert state.joints.stamp > sent_after - 1e-9 > first
    ros.until(lambda: arm.commands)
    assert arm.commands[0][1] == f"{first:.9f}"


def test_when_told_to_move_expect_a_slow_minimum_jerk_path_to_rest(arms, plant_of):
    arm = arms()
    plant = plant_of()
    seen = []
    record = arm.publish
    arm.publish = lambda: (seen.append((arm.stamp, arm.q, arm.v)), record())
    goal = np.array([-0.5, 0.6])
    state = plant.reset(goal)
    assert np.allclose(state.joints.position, goal, atol=0.02)
    assert np.abs(state.joints.velocity).max() < 0.01 * 5.0
    times, q, v = (np.array(column) for column in zip(*seen, strict=True))
    assert 0.95 * 0.5 < np.abs(v).max() < 1.02 * 0.5  # a tenth of the velocity limit
    s = np.clip((times - times[1]) / (15 / 8 * 0.6 / 0.5), 0.0, 1.0)[:, None]
    wanted = [0.1, 0.2] + (goal - [0.1, 0.2]) * (10 * s**3 - 15 * s**4 + 6 * s**5)
    assert np.abs(q - wanted).max() < 0.02
    # No simulator offers a reset, so that home is a move, too.
    assert np.allclose(plant.reset().joints.position, HOME, atol=0.02)


def test_when_a_reset_cannot_be_made_expect_refusal_and_no_command(arms, plant_of):
    arm = arms()
    plant = plant_of(collides=lambda q: q[0] < -0.2)
    for wrong, kwargs in (
        (r"a to -1\.5, allowed -1 to 1", {"q": [-1.5, 0.0]}),
        (r"b to nan", {"q": [0.0, np.nan]}),
        (r"starts at rest", {"v": [0.1, 0.0]}),
    ):
        with pytest.raises(PlantError, match=wrong):
            plant.reset(**kwargs)
    with pytest.raises(ShapeError):
        plant.reset([0.0])
    assert not arm.commands
    with pytest.raises(PlantError, match="straight way there collides"):
        plant.reset([-0.5, 0.0])
    assert np.allclose([values for values, _ in arm.commands], GRAVITY)


def test_when_the_arm_is_blocked_in_a_move_expect_it_stopped_and_held(arms, plant_of):
    arm = arms()
    plant = plant_of()
    arm.blocked = True
    with pytest.raises(PlantError, match=r"move stopped: a is 0\.\d+ from its path, allowed 0\.1"):
        plant.reset([0.9, 0.2])
    assert np.allclose(arm.commands[-1][0], GRAVITY)


def test_when_a_rule_is_broken_in_a_move_expect_it_stopped_and_held(arms, plant_of):
    arm = arms()
    arm.q = np.array([1.5, 0.0])
    plant = plant_of()
    with pytest.raises(PlantError, match=r"move stopped: position_limit at a: 1\.5, allowed 1\.02"):
        plant.reset()
    assert np.allclose(arm.commands[-1][0], GRAVITY)
    arm.q, arm.drift = np.array([0.1, 0.2]), 0.06
    with pytest.raises(PlantError, match="does not come to rest within 1 s"):
        plant.reset()


def test_when_held_in_motion_expect_the_arm_at_rest_and_ready_to_go_on(arms, plant_of):
    arm = arms()
    plant = plant_of()
    for _ in range(20):
        plant.step(effort(GRAVITY + np.array([10.0, -5.0])))
    state = plant.hold()
    assert np.abs(state.joints.velocity).max() < 0.01 * 5.0
    assert np.allclose(arm.commands[-1][0], GRAVITY)
    assert plant.step(effort()).joints.stamp == pytest.approx(state.joints.stamp + 0.005)


def test_when_closed_in_motion_expect_the_arm_braked_and_left_with_its_gravity_torque(
    ros, arms, plant_of
):
    arm = arms()
    plant = plant_of()
    push = np.array([10.0, -5.0])
    for _ in range(20):
        plant.step(effort(GRAVITY + push))
    assert np.allclose(arm.v, [1.0, -0.5])
    plant.close()
    ros.until(lambda: np.allclose(arm.commands[-1][0], GRAVITY))
    assert np.abs(arm.v).max() < 0.01 * 5.0
    assert not np.allclose(arm.commands[-2][0], GRAVITY)
    seen = len(arm.commands)
    plant.close()
    for call in (plant.reset, plant.observe, plant.hold, lambda: plant.step(effort())):
        with pytest.raises(PlantError, match="closed"):
            call()
    time.sleep(0.05)
    assert len(arm.commands) == seen


def test_when_the_arm_falls_silent_expect_a_last_command_all_the_same(ros, arms, plant_of):
    arm = arms()
    plant = plant_of(timeout=0.3)
    arm.mute = True
    with pytest.raises(PlantError, match="no new joint state"):
        plant.step(effort([5.0, 5.0]))
    plant.close()
    ros.until(lambda: np.allclose(arm.commands[-1][0], GRAVITY))


def test_when_somebody_else_commands_the_arm_expect_refusal_at_start_and_while_running(
    ros, arms, plant_of
):
    arm = arms()
    other = ros.talk(Float64MultiArray, COMMANDS)
    with pytest.raises(CommandConflictError, match=r"/effort_controller/commands: /probe"):
        plant_of(discovery_time=1.0)
    assert not arm.commands
    ros.node.destroy_publisher(other)
    plant = plant_of()
    plant.step(effort())
    ros.talk(Float64MultiArray, COMMANDS)
    deadline = time.monotonic() + 10.0
    with pytest.raises(CommandConflictError, match="/probe"):
        while time.monotonic() < deadline:
            plant.step(effort())
    with pytest.raises(CommandConflictError):
        plant.step(effort())


def test_when_states_come_at_another_period_expect_refusal_at_start_or_after_some_steps(
    arms, plant_of
):
    arm = arms(lock_step=False, period=0.008)
    with pytest.raises(PlantError, match=r"every 8\.000 ms .* set to 5\.000 ms"):
        plant_of()
    arm.lock_step = True
    plant = plant_of()
    with pytest.raises(PlantError, match=r"every 8\.000 ms"):
        for _ in range(25):
            plant.step(effort())
    assert len({label for _, label in arm.commands}) == 20
    plant.close()
    plant_of(period=0.007)  # within a fifth


def test_when_the_stamps_begin_anew_expect_a_clear_error(arms, plant_of):
    arm = arms()
    plant = plant_of()
    arm.stamp = 3.0
    arm.publish()
    with pytest.raises(PlantError, match=r"went back by 97\.000 s"):
        plant.step(effort())
    with pytest.raises(PlantError, match="make a new one"):
        plant.observe()


def test_when_a_joint_is_missing_expect_refusal_naming_it(arms, plant_of):
    arms(joints=("gripper", "a"))
    with pytest.raises(JointMismatchError, match=r"missing joint\(s\) b; found gripper, a"):
        plant_of()


def test_when_nobody_listens_or_states_come_unreliably_expect_the_setting_named(arms, plant_of):
    arms(listens=False, reliable=False)
    with pytest.raises(PlantError, match="state_reliable"):
        plant_of(startup_timeout=1.0)
    with pytest.raises(PlantError, match="nobody listens on /effort_controller/commands"):
        plant_of(startup_timeout=4.0, state_reliable=False)


def test_when_settings_are_wrong_expect_refusal(make, plant_of, monkeypatch):
    safety = SafetyFilter(LIMITS, SafetyConfig(), lambda q: GRAVITY)
    with pytest.raises(ConfigError, match="period"):
        plant_of(period=-1.0)
    with pytest.raises(ConfigError, match="topic"):
        plant_of(state_topic="joint states")
    with pytest.raises(ConfigError, match="command_joints"):
        plant_of(command_joints=("a", "b", "a"))
    with pytest.raises(PlantError, match="a to 3"):
        make(safety, lambda q, v, a: a, [3.0, 0.0])
    with pytest.raises(ShapeError, match="home"):
        make(safety, lambda q, v, a: a, [0.0])
    monkeypatch.setenv("ROS_DOMAIN_ID", "mine")
    with pytest.raises(ConfigError, match="ROS_DOMAIN_ID"):
        plant_of()
