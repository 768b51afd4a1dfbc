import logging

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import ConfigError
from rl_control.safety import Reason, SafetyConfig, SafetyFilter
from rl_control.types import Command, JointLimits, JointState

NAMES = ("a", "b")
GRAVITY = np.array([1.0, 2.0])
FAST = SafetyConfig(effort_rate=1e4)
DT = 0.005


def gravity(q):
    return GRAVITY * np.cos(q)


@pytest.fixture
def make_filter(limits, make_state, make_command):
    """Make a filter that has already passed one command, at time 0, unless told not to."""

    def make(config=FAST, started=True, **more):
        safety = SafetyFilter(limits, config, gravity, **more)
        if started:
            safety.apply(make_command(0.0, 0.0), make_state(), 0.0)
        return safety

    return make


# Passing and limiting.


def test_when_all_is_well_expect_the_command_as_it_came(make_filter, make_state, make_command):
    safety = make_filter()
    wanted = make_command(3.0, -4.0)
    sent = safety.apply(wanted, make_state(stamp=DT), DT)
    assert np.array_equal(sent.effort, wanted.effort)
    assert (sent.names, sent.stamp, sent.reason) == (NAMES, wanted.stamp, "")
    assert safety.stopped_reason is None


def test_when_effort_is_too_great_expect_it_clipped_with_reason(
    make_filter, make_state, make_command
):
    safety = make_filter()
    sent = safety.apply(make_command(30.0, -4.0), make_state(), DT)
    assert sent.effort == pytest.approx([10.0, -4.0])
    assert sent.reason == Reason.EFFORT_LIMIT
    assert safety.stopped_reason is None


def test_when_effort_jumps_expect_it_to_rise_at_the_rate(make_filter, make_state, make_command):
    safety = make_filter(SafetyConfig(effort_rate=10.0))
    before = gravity(np.array([0.1, 0.2]))
    sent = safety.apply(make_command(9.0, before[1]), make_state(stamp=DT), DT)
    assert sent.effort == pytest.approx([before[0] + 10.0 * 10.0 * DT, before[1]])
    assert sent.reason == Reason.EFFORT_RATE
    for k in range(2, 40):
        sent = safety.apply(make_command(9.0, before[1]), make_state(stamp=k * DT), k * DT)
    assert sent.effort == pytest.approx([9.0, before[1]])
    assert sent.reason == ""


def test_when_it_is_the_first_command_expect_a_start_from_gravity(
    make_filter, make_state, make_command
):
    safety = make_filter(started=False)
    sent = safety.apply(make_command(9.0, 0.0), make_state(), 0.0)
    assert sent.effort == pytest.approx(gravity(np.array([0.1, 0.2])))


def test_when_time_jumps_expect_no_effort_jump_with_it(make_filter, make_state, make_command):
    safety = make_filter(SafetyConfig(effort_rate=1.0, state_timeout=0.1))
    before = gravity(np.array([0.1, 0.2]))
    later = safety.apply(make_command(10.0, 5.0), make_state(stamp=60.0), 60.0)
    change, allowed = np.array([10.0, 5.0]) - before, 1.0 * 0.1 * np.array([10.0, 5.0])
    assert later.effort == pytest.approx(before + np.min(allowed / change) * change)
    back = safety.apply(make_command(-10.0, -5.0), make_state(stamp=1.0), 1.0)
    assert back.effort == pytest.approx(later.effort)


def test_when_joints_come_in_another_order_expect_a_match_by_name(
    make_filter, make_state, make_command
):
    safety = make_filter()
    state = make_state(q=(0.0, 0.2, 0.1), v=(9.0, 0.0, 0.0), names=("hand", "b", "a"))
    sent = safety.apply(make_command(-4.0, 7.0, 3.0, names=("b", "hand", "a")), state, DT)
    assert sent.names == NAMES
    assert sent.effort == pytest.approx([3.0, -4.0])


def test_when_setpoints_leave_the_limits_expect_them_clipped(make_filter, make_state, make_command):
    wanted = make_command(0.0, 0.0, position=np.array([5.0, 1.0]), velocity=np.array([-9.0, 1.0]))
    sent = make_filter().apply(wanted, make_state(), DT)
    assert sent.position == pytest.approx([1.0, 1.0])
    assert sent.velocity == pytest.approx([-2.0, 1.0])


# Stopping.

NAN = float("nan")


@pytest.mark.parametrize(
    ("state", "now", "reason"),
    [
        ({"q": (NAN, 0.0)}, 0.0, Reason.STATE_NOT_FINITE),
        ({"v": (0.0, float("inf"))}, 0.0, Reason.STATE_NOT_FINITE),
        ({"stamp": 0.0}, 0.2, Reason.STATE_STALE),
        ({"stamp": NAN}, 0.2, Reason.STATE_STALE),
        ({"stamp": 5.0}, 0.2, Reason.STATE_FROM_FUTURE),
        ({"q": (1.1, 0.0)}, 0.0, Reason.POSITION_LIMIT),
        ({"q": (0.0, -2.1)}, 0.0, Reason.POSITION_LIMIT),
        ({"v": (0.0, -4.5)}, 0.0, Reason.VELOCITY_LIMIT),
        ({"names": ("a", "c")}, 0.0, Reason.STATE_MISMATCH),
    ],
)
def test_when_state_is_bad_expect_a_named_stop_that_stays(
    make_filter, make_state, make_command, state, now, reason
):
    safety = make_filter()
    sent = safety.apply(make_command(3.0, 3.0), make_state(**state), now)
    assert sent.reason == reason
    assert safety.stopped_reason is reason
    good = safety.apply(make_command(3.0, 3.0), make_state(stamp=now), now)
    assert good.reason == reason
    assert good.effort == pytest.approx(gravity(np.array([0.1, 0.2])))
    safety.reset()
    assert safety.stopped_reason is None
    safety.apply(make_command(3.0, 3.0), make_state(stamp=now), now)
    assert safety.stopped_reason is None


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (Command(NAMES, np.array([NAN, 0.0]), 0.0), Reason.COMMAND_NOT_FINITE),
        (Command(NAMES, np.array([0.0, -np.inf]), 0.0), Reason.COMMAND_NOT_FINITE),
        (
            Command(NAMES, np.zeros(2), 0.0, position=np.array([0.0, NAN])),
            Reason.COMMAND_NOT_FINITE,
        ),
        (Command(("a", "c"), np.zeros(2), 0.0), Reason.COMMAND_MISMATCH),
        (Command(NAMES, np.zeros(3), 0.0), Reason.COMMAND_MISMATCH),
    ],
)
def test_when_command_is_bad_expect_a_named_stop(make_filter, make_state, command, reason):
    """max(-1, min(1, nan)) is 1: a clamp alone would turn NaN into full effort."""
    safety = make_filter()
    sent = safety.apply(command, make_state(), DT)
    assert sent.effort == pytest.approx(gravity(np.array([0.1, 0.2])))
    assert safety.stopped_reason is reason


def test_when_just_outside_but_within_the_margins_expect_no_stop(
    make_filter, make_state, make_command
):
    config = SafetyConfig(position_margin=0.05, velocity_margin=0.2, effort_rate=1e4)
    safety = make_filter(config)
    safety.apply(make_command(0.0, 0.0), make_state(q=(1.04, 0.0), v=(2.3, 0.0)), DT)
    assert safety.stopped_reason is None


def test_when_reported_effort_is_nan_expect_no_stop(make_filter, make_command):
    state = JointState(NAMES, np.zeros(2), np.zeros(2), np.full(2, NAN), DT)
    safety = make_filter()
    safety.apply(make_command(0.0, 0.0), state, DT)
    assert safety.stopped_reason is None


def test_when_stopped_expect_it_logged_once_with_joint_and_numbers(
    make_filter, make_state, make_command, caplog
):
    safety = make_filter()
    with caplog.at_level(logging.WARNING):
        for _ in range(5):
            safety.apply(make_command(0.0, 0.0), make_state(v=(3.0, 0.0)), DT)
    assert caplog.messages == ["motion stopped: velocity_limit at a: 3, allowed 2.2"]
    assert (safety.violation.joint, safety.violation.value) == ("a", 3.0)


def test_when_asked_to_stop_expect_that_reason_and_the_first_to_stay(
    make_filter, make_state, make_command
):
    safety = make_filter()
    safety.stop(Reason.PLANNER_FAILED)
    safety.stop()
    sent = safety.apply(make_command(3.0, 3.0), make_state(), DT)
    assert sent.reason == Reason.PLANNER_FAILED


# Holding.


def test_when_holding_with_the_mass_matrix_expect_gravity_less_damping(
    make_filter, make_state, make_command
):
    mass = np.array([[2.0, 0.5], [0.5, 1.0]])
    safety = make_filter(SafetyConfig(hold_time=0.5), mass_matrix=lambda q: mass)
    safety.stop()
    q, v = np.array([0.3, -0.4]), np.array([0.4, -0.2])
    sent = safety.apply(make_command(9.0, 9.0), make_state(q, v), DT)
    assert sent.effort == pytest.approx(gravity(q) - mass @ v / 0.5)
    assert sent.position == pytest.approx(q)
    assert sent.velocity == pytest.approx([0.0, 0.0])


def test_when_holding_without_it_expect_a_share_of_the_limits(make_filter, make_state):
    safety = make_filter(SafetyConfig(hold_damping=0.1))
    v = np.array([0.4, -0.2])
    sent = safety.hold(make_state(v=v), DT)
    damping = 0.1 * np.array([10.0 / 2.0, 5.0 / 4.0])
    assert sent.effort == pytest.approx(gravity(np.array([0.1, 0.2])) - damping * v)
    assert safety.stopped_reason is None


def test_when_holding_needs_too_much_expect_the_limit(make_filter, make_state, make_command):
    safety = make_filter(mass_matrix=lambda q: 1e3 * np.eye(2))
    sent = safety.hold(make_state(v=(1.0, -1.0)), DT)
    assert sent.effort == pytest.approx([-10.0, 5.0])


def test_when_state_turns_nan_expect_a_hold_at_the_last_good_one(
    make_filter, make_state, make_command
):
    safety = make_filter(mass_matrix=lambda q: np.eye(2))
    q, v = np.array([0.5, 0.5]), np.array([0.2, 0.1])
    safety.apply(make_command(0.0, 0.0), make_state(q, v, stamp=DT), DT)
    bad = make_state(q=(NAN, NAN), v=(NAN, NAN), stamp=2 * DT)
    sent = safety.apply(make_command(0.0, 0.0), bad, 2 * DT)
    assert sent.effort == pytest.approx(gravity(q) - v / 0.1)
    # Much later the arm rests: damping its old velocity would push it.
    sent = safety.apply(make_command(0.0, 0.0), bad, 1.0)
    assert sent.effort == pytest.approx(gravity(q))


def test_when_state_is_stale_expect_a_hold_without_damping(make_filter, make_state, make_command):
    safety = make_filter(mass_matrix=lambda q: np.eye(2))
    q = np.array([0.5, 0.5])
    sent = safety.apply(make_command(0.0, 0.0), make_state(q, (0.2, 0.1), stamp=0.0), 1.0)
    assert sent.effort == pytest.approx(gravity(q))


def test_when_there_never_was_a_good_state_expect_no_effort(make_filter, make_state, make_command):
    safety = make_filter(started=False)
    sent = safety.apply(make_command(5.0, 5.0), make_state(q=(NAN, 0.0)), 0.0)
    assert np.array_equal(sent.effort, [0.0, 0.0])
    assert sent.reason == Reason.STATE_NOT_FINITE


def test_when_holding_expect_the_position_where_it_began(make_filter, make_state, make_command):
    safety = make_filter()
    safety.stop()
    first = safety.apply(make_command(0.0, 0.0), make_state(q=(0.3, 0.0), stamp=DT), DT)
    later = safety.apply(make_command(0.0, 0.0), make_state(q=(0.4, 0.0), stamp=2 * DT), 2 * DT)
    assert first.position == pytest.approx([0.3, 0.0])
    assert later.position == pytest.approx([0.3, 0.0])


def test_when_gravity_is_not_finite_expect_a_finite_hold(limits, make_state, make_command):
    safety = SafetyFilter(limits, FAST, lambda q: np.full(2, NAN), lambda q: np.full((2, 2), NAN))
    sent = safety.apply(make_command(0.0, NAN), make_state(), 0.0)
    assert np.isfinite(sent.effort).all()


ANY = st.floats(allow_nan=True, allow_infinity=True, width=64)
PAIR = st.tuples(ANY, ANY)


@given(st.lists(st.tuples(PAIR, PAIR, PAIR, ANY, ANY), min_size=1, max_size=6))
def test_when_anything_at_all_comes_in_expect_a_finite_command_within_limits(ticks):
    limits = JointLimits(
        NAMES, np.full(2, -1.0), np.full(2, 1.0), np.array([2.0, 4.0]), np.array([10.0, 5.0])
    )
    safety = SafetyFilter(limits, SafetyConfig(), gravity, lambda q: np.diag([2.0, 1.0]))
    stopped = None
    for effort, q, v, stamp, now in ticks:
        state = JointState(NAMES, np.array(q), np.array(v), np.zeros(2), stamp)
        with np.errstate(all="ignore"):
            sent = safety.apply(Command(NAMES, np.array(effort), 0.0), state, now)
        assert np.isfinite(sent.effort).all()
        assert np.all(np.abs(sent.effort) <= limits.effort)
        assert stopped is None or safety.stopped_reason is stopped
        stopped = safety.stopped_reason


def test_when_a_setting_is_out_of_range_expect_it_named(limits):
    with pytest.raises(ConfigError, match="hold_time"):
        SafetyFilter(limits, SafetyConfig(hold_time=0.0), gravity)


def test_when_stopped_after_a_passing_hold_expect_the_position_of_the_stop(
    make_filter, make_state, make_command
):
    safety = make_filter()
    assert safety.hold(make_state(q=(0.1, 0.0)), DT).position == pytest.approx([0.1, 0.0])
    safety.stop()
    sent = safety.apply(make_command(0.0, 0.0), make_state(q=(0.5, 0.0), stamp=DT), DT)
    assert sent.position == pytest.approx([0.5, 0.0])


# Other limits and settings while running.


def test_when_effort_limits_are_lowered_expect_efforts_to_come_down_at_the_rate(
    make_filter, make_state, make_command, limits
):
    config = SafetyConfig(effort_rate=20.0)
    safety = make_filter(config)
    for k in range(1, 40):
        before = safety.apply(make_command(9.0, 0.0), make_state(stamp=k * DT), k * DT)
    assert before.effort[0] == pytest.approx(9.0)
    lowered = limits.scaled(effort=0.5)
    safety.exchange(lowered, config, 39 * DT)
    for k in range(40, 60):
        sent = safety.apply(make_command(9.0, 0.0), make_state(stamp=k * DT), k * DT)
        steps = np.abs(sent.effort - before.effort)
        assert (steps <= config.effort_rate * DT * lowered.effort + 1e-12).all()
        before = sent
    assert sent.effort[0] == pytest.approx(5.0)
    assert safety.stopped_reason is None


def test_when_speed_limits_are_lowered_expect_time_to_brake_and_then_a_stop(
    make_filter, make_state, make_command, limits
):
    safety = make_filter(started=False)
    speed = [0.9 * limits.velocity[0], 0.0]
    lowered = limits.scaled(velocity=0.5)
    safety.apply(make_command(0.0, 0.0), make_state(v=speed), 0.0)
    safety.exchange(lowered, FAST, 0.0)
    safety.apply(make_command(0.0, 0.0), make_state(v=speed, stamp=0.1), 0.1)
    assert safety.stopped_reason is None
    safety.apply(make_command(0.0, 0.0), make_state(v=speed, stamp=1.1), 1.1)
    assert safety.stopped_reason is Reason.VELOCITY_LIMIT


def test_when_speed_limits_are_raised_expect_them_to_count_at_once(
    make_filter, make_state, make_command, limits
):
    safety = SafetyFilter(limits.scaled(velocity=0.5), FAST, gravity)
    safety.exchange(limits, FAST, 0.0)
    safety.apply(make_command(0.0, 0.0), make_state(v=[limits.velocity[0], 0.0]), 0.0)
    assert safety.stopped_reason is None


def test_when_exchanged_settings_are_not_allowed_expect_the_filter_as_it_was(make_filter, limits):
    safety = make_filter()
    with pytest.raises(ConfigError, match="effort_rate"):
        safety.exchange(limits.scaled(effort=0.5), SafetyConfig(effort_rate=-1.0), 0.0)
    assert (safety.limits, safety.config) == (limits, FAST)


def test_when_stopped_expect_other_limits_to_leave_it_so(make_filter, limits):
    safety = make_filter()
    safety.stop()
    safety.exchange(limits, FAST, 0.0)
    assert safety.stopped_reason is Reason.STOP_REQUESTED
