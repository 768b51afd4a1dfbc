"""A recorded run seen again: what is shown at a time is what was recorded by then."""

import numpy as np
import pytest

from rl_control.data.runs.log import read_log
from rl_control.errors import DataError
from rl_control.run.rig import make_rig
from rl_control.run.view_log import LogPlayback, log_source


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rig = make_rig("planar2").recorded(folder, 1_700_000_000_000_000_000)
    try:
        rig.reach(rig.goal(rig.model.tip(rig.robot.home + np.array([0.4, -0.5])).position))
    finally:
        rig.close()
    return read_log(folder)


class Clock:
    def __init__(self):
        self.now = 50.0

    def __call__(self):
        return self.now


@pytest.fixture
def source(log):
    source = log_source(log, None, None, None)
    source._clock = clock = Clock()
    source._seen_at = clock.now
    return source, clock


def test_when_time_is_chosen_expect_the_state_and_goal_of_that_time(log, source):
    source, _ = source
    assert source.robot.names == log.names
    assert not (source.can_move or source.may_move or source.can_reset)
    times = (log.states.received - log.states.received[0]) / 1e9
    assert source.playback.duration == times[-1] > 0.3
    source.playback.playing = False
    for k in (0, len(times) // 3, len(times) - 1):
        source.playback.time = float(times[k])
        seen = source.look()
        np.testing.assert_array_equal(seen.joints.position, log.states.positions[k])
        assert seen.joints.stamp == pytest.approx(times[k])
    np.testing.assert_array_equal(seen.goal.position, log.goals[-1].position)
    assert seen.goal.rotation is None
    assert np.isfinite(seen.measures["solve_ms"])


def test_when_a_plan_was_published_expect_the_newest_of_that_time(log, source):
    source, _ = source
    source.playback.playing = False
    at = log.plans.received[len(log.plans) // 2]
    source.playback.time = float((at - log.states.received[0]) / 1e9) + 1e-6
    np.testing.assert_array_equal(source.look().plan, log.plans[len(log.plans) // 2].positions)


def test_when_it_plays_expect_time_to_pass_at_its_speed_until_the_end(source):
    source, clock = source
    source.playback.speed = 0.5
    source.look()
    clock.now += 0.1
    source.look()
    assert source.playback.time == pytest.approx(0.05)
    for _ in range(1000):
        clock.now += 0.1
        source.look()
    assert source.playback.time == source.playback.duration
    assert not source.playback.playing


def test_when_nobody_looked_for_long_expect_time_to_have_stood(source):
    source, clock = source
    source.look()
    clock.now += 3600.0
    source.look()
    assert source.playback.time < 0.5


def test_when_time_is_set_outside_expect_it_inside():
    playback = LogPlayback(2.0, time=-1.0, playing=False)
    playback.advance(1.0)
    assert playback.time == 0.0
    playback.time = 9.0
    playback.advance(1.0)
    assert playback.time == 2.0


def test_when_another_robot_is_named_expect_a_refusal(log):
    with pytest.raises(DataError, match="joints"):
        log_source(log, "arm7", None, None)
