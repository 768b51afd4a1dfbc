"""Episodes on an arm behind topics: slow starts, pauses, stops and what is kept of each."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from topic_arm import GRAVITY, NAMES, TopicArm

from rl_control.errors import ConditionError, PlantError
from rl_control.gps.episode import Episode
from rl_control.ros import train_episodes
from rl_control.ros.plant import RosPlant
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.train_episodes import PAUSED, WHOLE, TopicRollouts, way
from rl_control.ros.train_requests import Requests
from rl_control.ros.train_stand import Stand
from rl_control.safety import SafetyConfig, SafetyFilter
from rl_control.types import Command, Condition, Goal, JointLimits

LIMITS = JointLimits(NAMES, [-1.0, -1.0], [1.0, 1.0], [5.0, 5.0], [20.0, 20.0])
HOME = np.array([0.15, 0.1])
START = np.array([0.2, 0.15])
GOAL = Goal(np.zeros(3), np.zeros(2))
STEPS, PERIOD = 60, 0.005


def safety():
    return SafetyFilter(LIMITS, SafetyConfig(), lambda q: GRAVITY, lambda q: np.eye(2))


def episode(q=START, v=(0.0, 0.0), seed=0):
    return Episode(Condition(np.array(q), np.array(v), GOAL), None, seed)


class Acting:
    """Speeds the first joint up; does `on_act[k]()` before its k-th command."""

    def __init__(self, on_act, effort=0.5) -> None:
        self._on_act, self._effort, self._count = on_act, effort, 0

    def reset(self, state) -> None:
        self._count = 0

    def act(self, state) -> Command:
        action = self._on_act.get(self._count)
        if action is not None:
            action()
        self._count += 1
        wanted = GRAVITY + np.array([self._effort, 0.0])
        return Command(state.joints.names, wanted, state.joints.stamp)


class Runner:
    """All of an `EpisodeRunner` that an arm behind topics asks for."""

    def __init__(self) -> None:
        self.task = SimpleNamespace(name="push", duration=STEPS * PERIOD, dt=0.05)
        self.robot = SimpleNamespace(home=HOME, limits=LIMITS)
        self.control = SimpleNamespace(controller=self._controller)
        self.collides = lambda q: False
        self.on_act = {}
        self.effort = 0.5

    def check(self, condition) -> None:
        if (np.abs(condition.q) > 1.0).any():
            raise ConditionError("push", "position outside", "Draw it inside.")

    def _controller(self, asked) -> Acting:
        return Acting(self.on_act, self.effort)


class Arm:
    """A made-up arm, rollouts on it, and what was kept and said of them."""

    def __init__(self, context, lock_step) -> None:
        self.arm = TopicArm(context, lock_step=lock_step)
        self.runner, self.requests = Runner(), Requests()
        self.kept, self.said = [], []

        def inverse_dynamics(q, v, a):
            self.requests.refuse_motion()
            return a + GRAVITY

        config = RosPlantConfig(timeout=5.0, discovery_time=0.0)
        self.plant = RosPlant(safety(), inverse_dynamics, HOME, config)
        stand = Stand(self.plant, safety(), lambda q, v, a: a + GRAVITY)
        self.rollouts = TopicRollouts(
            self.runner, self.plant, stand, safety(), self.requests, self._keep, self.said.append
        )

    @property
    def endings(self) -> list[str]:
        return [ended for _, _, ended in self.kept]

    def _keep(self, asked, trajectory, ended) -> None:
        self.kept.append((asked, trajectory, ended))

    def close(self) -> None:
        self.plant.close()
        self.arm.close()


@pytest.fixture
def make(ros, monkeypatch):
    """Return a maker of such arms in the domain of the test's nodes."""
    monkeypatch.setenv("ROS_DOMAIN_ID", ros.environment["ROS_DOMAIN_ID"])
    made = []

    def build(lock_step=True) -> Arm:
        made.append(Arm(ros.context, lock_step))
        return made[-1]

    yield build
    for arm in made:
        arm.close()


def soon(seconds, action) -> None:
    """Do something from another thread, in a while."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()


def test_when_episodes_are_made_expect_each_from_rest_at_its_start_and_kept(make):
    arm = make()
    asked = [episode(seed=1), episode(HOME, seed=2)]
    made = arm.rollouts(asked)
    for one, trajectory in zip(asked, made, strict=True):
        np.testing.assert_allclose(trajectory.positions[0], one.condition.q, atol=5e-3)
        assert np.abs(trajectory.velocities[0]).max() < 0.05
        assert len(trajectory.controls) == STEPS
        # One kilogram and half a newton for 0.3 s.
        assert trajectory.velocities[-1, 0] == pytest.approx(0.15, abs=0.05)
    assert [one.seed for one, _, _ in arm.kept] == [1, 2]
    assert arm.endings == [WHOLE, WHOLE]
    assert np.abs(arm.arm.v).max() < 2e-3  # and at rest in the end


def test_when_the_arm_is_brought_to_a_start_expect_no_joint_faster_than_it_may(make):
    arm = make()
    fastest = []
    advance = arm.arm._advance
    arm.arm._advance = lambda effort: (advance(effort), fastest.append(np.abs(arm.arm.v).max()))
    arm.runner.effort = 0.0
    arm.rollouts([episode([0.8, -0.6])])
    assert 0.4 < max(fastest) < 1.1 * arm.plant.config.reset_speed * LIMITS.velocity[0]


@pytest.mark.parametrize(
    "bad", [episode([0.2, 1.5]), episode(v=[0.0, 0.1])], ids=["place", "motion"]
)
def test_when_a_start_cannot_be_expect_a_named_error_and_no_motion(make, bad):
    arm = make()
    before = arm.arm.q.copy()
    with pytest.raises(ConditionError, match="Nothing has moved"):
        arm.rollouts([episode(), bad])
    assert np.array_equal(arm.arm.q, before)
    assert not arm.arm.commands and not arm.kept


def test_when_the_straight_way_collides_expect_the_one_by_way_of_home():
    here, goal = np.array([-0.5, 0.0]), np.array([0.5, 0.0])
    home = np.array([0.0, 0.8])

    def blocked(q):
        return abs(q[0]) < 0.1 and q[1] < 0.4

    found = way(here, goal, home, LIMITS, 0.1, blocked)
    assert [place.tolist() for place in found] == [home.tolist(), goal.tolist()]
    assert way(here, goal, home, LIMITS, 0.1, lambda q: False) == [goal]
    with pytest.raises(PlantError, match="by way of home"):
        way(here, goal, home, LIMITS, 0.1, lambda q: abs(q[0]) < 0.1)


def test_when_no_way_is_free_expect_a_named_error_and_no_motion(make):
    arm = make()
    before = arm.arm.q.copy()
    arm.runner.collides = lambda q: not np.allclose(q, START)
    with pytest.raises(PlantError, match="Move the arm by hand"):
        arm.rollouts([episode()])
    assert np.array_equal(arm.arm.q, before)


def test_when_paused_in_an_episode_expect_the_arm_held_and_the_episode_repeated(make):
    arm = make(lock_step=False)
    places = []

    def pause() -> None:
        arm.runner.on_act = {}
        arm.requests.pause()
        soon(0.6, lambda: places.append(arm.arm.q.copy()))
        soon(0.9, lambda: (places.append(arm.arm.q.copy()), arm.requests.resume()))

    arm.runner.on_act = {20: pause}
    (trajectory,) = arm.rollouts([episode()])
    np.testing.assert_allclose(places[0], places[1], atol=1e-3)
    assert arm.endings == [PAUSED, WHOLE]
    assert len(arm.kept[0][1].controls) < STEPS
    assert len(trajectory.controls) == STEPS
    np.testing.assert_allclose(trajectory.positions[0], START, atol=5e-3)


def test_when_paused_on_the_way_to_a_start_expect_the_arm_held_until_it_goes_on(make):
    arm = make(lock_step=False)
    far, places = np.array([0.7, 0.2]), []
    soon(0.6, arm.requests.pause)
    soon(1.2, lambda: places.append(arm.arm.q.copy()))
    soon(1.5, lambda: (places.append(arm.arm.q.copy()), arm.requests.resume()))
    arm.rollouts([episode(far)])
    np.testing.assert_allclose(places[0], places[1], atol=1e-3)
    assert 0.11 < places[0][0] < 0.6
    assert arm.endings == [WHOLE]


def test_when_the_training_shall_end_expect_the_arm_at_rest_and_the_episode_kept(make):
    arm = make()
    arm.runner.on_act = {20: arm.requests.end}
    with pytest.raises(KeyboardInterrupt):
        arm.rollouts([episode(), episode()])
    assert arm.endings == [PAUSED]
    assert np.abs(arm.arm.v).max() < 2e-3
    assert not arm.requests.moving


def test_when_the_safety_filter_stops_an_episode_expect_it_held_told_and_the_next_as_usual(make):
    arm = make()
    arm.runner.effort = 19.0
    arm.runner.task.duration = 0.5
    made = arm.rollouts([episode([-0.95, 0.1])])
    arm.runner.effort = 0.5
    made += arm.rollouts([episode()])
    assert arm.endings == ["stopped by the safety filter: velocity_limit", WHOLE]
    assert any("velocity_limit" in line for line in arm.said)
    assert [len(trajectory.controls) for trajectory in made] == [100, 100]
    np.testing.assert_allclose(made[1].positions[0], START, atol=5e-3)


def test_when_the_arm_is_beyond_its_limits_expect_a_named_error_and_it_held(make):
    arm = make()
    arm.arm.q = np.array([1.1, 0.0])
    time.sleep(0.3)  # a state without an answer is sent again
    with pytest.raises(PlantError, match="position_limit"):
        arm.rollouts([episode()])
    assert any("beyond its limits" in line for line in arm.said)
    np.testing.assert_allclose(arm.arm.q, [1.1, 0.0], atol=1e-2)


def test_when_too_many_states_are_passed_over_expect_the_episode_repeated_but_not_for_ever(
    make, monkeypatch
):
    monkeypatch.setattr(train_episodes, "MOST_FAILED", 2)
    arm = make(lock_step=False)
    dozes = [0.25]

    def doze() -> None:
        time.sleep(dozes.pop() if dozes else 0.0)

    arm.runner.on_act = {20: doze}
    (trajectory,) = arm.rollouts([episode()])
    assert "fewer states a second" in arm.endings[0]
    assert arm.endings[1:] == [WHOLE]
    assert any("repeated" in line for line in arm.said)
    assert len(trajectory.controls) == STEPS

    dozes += [0.25, 0.25]
    with pytest.raises(PlantError, match="fewer states a second"):
        arm.rollouts([episode()])
    assert len(arm.endings) == 4


def test_when_the_arm_is_lost_in_an_episode_expect_what_it_did_kept_and_a_named_error(make):
    arm = make()

    def go() -> None:
        arm.arm.mute = True
        arm.arm.deaf = 1000

    arm.plant.config = replace(arm.plant.config, timeout=0.3)
    arm.runner.on_act = {20: go}
    with pytest.raises(PlantError, match="no new joint state"):
        arm.rollouts([episode()])
    assert arm.endings[0].startswith("failed: no new joint state")
    assert len(arm.kept[0][1].controls) == 20
    arm.arm.mute, arm.arm.deaf = False, 0
