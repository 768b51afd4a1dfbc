"""A simulated arm behind a view, in real time."""

import time

import numpy as np
import pytest

from rl_control.data.runs.log import read_log
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_compare import compared
from rl_control.run.rig import make_rig
from rl_control.run.view_sim import SimSource
from rl_control.view.snapshot import STOPPED, Target


@pytest.fixture(scope="module")
def source():
    source = SimSource(make_rig("planar2"))
    until(lambda: source.look() is not None)
    yield source
    source.close()


def until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def tip(source):
    return source._rig.model.tip(source.look().joints.position).position


def test_when_a_target_is_sent_expect_the_arm_to_get_there(source):
    goals = source.look().goals
    place = source._rig.model.tip(source.robot.home + np.array([0.4, -0.5])).position
    source.send(Target(place))
    until(lambda: source.look().goals > goals)
    until(lambda: np.linalg.norm(tip(source) - place) < 5e-3)
    seen = source.look()
    np.testing.assert_allclose(seen.goal.position, place)
    assert seen.refusal == ""
    assert seen.plan.shape[1] == 2


def test_when_a_target_is_out_of_reach_expect_a_refusal_and_the_goal_before(source):
    before = source.look()
    source.send(Target(np.array([5.0, 0.0, 0.5])))
    until(lambda: source.look().refusal)
    assert "cannot be reached" in source.look().refusal
    assert source.look().goals == before.goals
    source.send(Target(before.goal.position))
    until(lambda: not source.look().refusal)


def test_when_stopped_and_started_expect_a_hold_and_then_control_where_it_is(source):
    source.stop()
    until(lambda: source.look().level == STOPPED)
    until(lambda: np.abs(source.look().joints.velocity).max() < 1e-2)
    place = tip(source)
    source.start()
    until(lambda: source.look().level != STOPPED)
    np.testing.assert_allclose(source.look().goal.position, place, atol=0.02)


def test_when_reset_expect_the_arm_at_home(source):
    goals = source.look().goals
    source.reset()
    until(lambda: source.look().goals > goals)
    until(lambda: np.abs(source.look().joints.position - source.robot.home).max() < 1e-2)


def test_when_reset_while_stopped_expect_the_arm_at_home_and_still_stopped(source):
    source.stop()
    until(lambda: source.look().level == STOPPED)
    goals = source.look().goals
    source.reset()
    until(lambda: source.look().goals > goals)
    until(lambda: source.look().level == STOPPED)
    time.sleep(0.1)
    assert source.look().level == STOPPED
    source.start()
    until(lambda: source.look().level != STOPPED)


def test_when_the_simulation_fails_expect_the_view_to_hear_of_it():
    rig = make_rig("planar2")
    source = SimSource(rig)
    until(lambda: source.look() is not None)
    rig.plant.close()

    def failed():
        try:
            source.look()
        except Exception:
            return True
        return False

    until(failed)
    source.close()


def test_when_it_is_recorded_expect_every_goal_and_commands_that_repeat_to_the_bit(tmp_path):
    rig = make_rig("planar2").recorded(tmp_path, time.time_ns())
    source = SimSource(rig)
    until(lambda: source.look() is not None)
    for offset in ([0.4, -0.5], [-0.3, 0.2]):
        goals = source.look().goals
        source.send(Target(rig.model.tip(rig.robot.home + np.array(offset)).position))
        until(lambda goals=goals: source.look().goals > goals)
        time.sleep(0.2)
    source.stop()
    until(lambda: source.look().level == STOPPED)
    time.sleep(0.1)
    source.start()
    until(lambda: source.look().level != STOPPED)
    time.sleep(0.1)
    source.close()
    log = read_log(tmp_path)
    assert len(log.goals) == 4  # home, two targets, and to stay after the stop
    result = compared(counterfactual(log), log)
    assert result.compared > 50
    assert result.identical
