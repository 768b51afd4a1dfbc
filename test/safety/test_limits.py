import numpy as np
import pytest

from rl_control.safety.limits import check_age, check_finite, check_position, limit_rate
from rl_control.safety.reasons import Reason, Violation
from rl_control.types import JointLimits


def test_when_a_value_is_not_finite_expect_its_joint():
    found = check_finite(np.array([0.0, np.inf]), ("a", "b"), Reason.STATE_NOT_FINITE)
    assert (found.joint, found.value) == ("b", np.inf)
    assert check_finite(np.zeros(2), ("a", "b"), Reason.STATE_NOT_FINITE) is None


@pytest.mark.parametrize(
    ("stamp", "now", "reason"),
    [
        (1.0, 1.05, None),
        (1.05, 1.0, None),
        (1.0, 1.2, Reason.STATE_STALE),
        (1.2, 1.0, Reason.STATE_FROM_FUTURE),
        (np.nan, 1.0, Reason.STATE_STALE),
        (1.0, np.nan, Reason.STATE_STALE),
    ],
)
def test_when_judging_age_expect(stamp, now, reason):
    found = check_age(stamp, now, timeout=0.1)
    assert (found.reason if found else None) is reason


def test_when_a_joint_is_continuous_expect_any_position_allowed():
    free = JointLimits(("a",), [-np.inf], [np.inf], [1.0], [1.0])
    assert check_position(np.array([1e6]), free, 0.01) is None


def test_when_rate_is_limited_expect_all_joints_slowed_by_one_factor():
    effort = limit_rate(np.array([5.0, -5.0, 0.1]), np.zeros(3), np.array([1.0, 2.0, 1.0]))
    np.testing.assert_allclose(effort, [1.0, -1.0, 0.02])


def test_when_no_rate_is_exceeded_expect_the_effort_itself():
    wanted = np.array([1.0, -2.0, 0.5])
    effort = limit_rate(wanted, np.array([0.5, -1.0, 0.5]), np.array([1.0, 1.0, 0.0]))
    np.testing.assert_array_equal(effort, wanted)


def test_when_no_change_is_allowed_expect_the_previous_effort():
    previous = np.array([0.5, -1.0])
    np.testing.assert_array_equal(limit_rate(np.array([3.0, 3.0]), previous, np.zeros(2)), previous)


def test_when_written_expect_reason_joint_and_numbers():
    assert str(Violation(Reason.STATE_STALE, value=0.5, bound=0.1)) == (
        "state_stale: 0.5, allowed 0.1"
    )
    assert str(Violation(Reason.STATE_MISMATCH, "elbow")) == "state_mismatch at elbow"


def test_when_asked_expect_only_limiting_reasons_not_to_stop():
    assert {reason for reason in Reason if not reason.stops} == {
        Reason.EFFORT_LIMIT,
        Reason.EFFORT_RATE,
    }
