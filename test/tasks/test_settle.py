"""Coming to rest: near, slow, and for long enough."""

import numpy as np
import pytest

from rl_control.tasks.settle import SettleDetector

TARGET = np.array([0.1, 0.2, 0.3])
STILL, NEAR = np.zeros(2), TARGET + np.array([0.004, 0, 0])


@pytest.fixture()
def detector():
    return SettleDetector(TARGET, [1.0, 2.0], tolerance=0.005, speed_share=0.02, dwell=0.25)


def test_when_near_and_still_for_the_dwell_expect_settled_at_its_start(detector):
    period = 0.005
    settled = [detector.update(1.0 + k * period, NEAR, STILL) for k in range(60)]
    assert settled.index(True) == 50
    assert detector.settled_at == 1.0


def test_when_disturbed_in_between_expect_the_dwell_to_start_anew(detector):
    detector.update(0.0, NEAR, STILL)
    assert not detector.update(0.2, TARGET + 0.1, STILL)
    assert not detector.update(0.3, NEAR, STILL)
    assert not detector.update(0.5, NEAR, STILL)
    assert detector.update(0.6, NEAR, STILL)
    assert detector.settled_at == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("tip", "velocity", "there"),
    [
        (NEAR, [0.019, 0.039], True),
        (NEAR, [0.021, 0.0], False),
        (NEAR, [0.0, -0.041], False),
        (TARGET + np.array([0.0051, 0, 0]), [0.0, 0.0], False),
        (np.full(3, np.nan), [0.0, 0.0], False),
        (NEAR, [np.nan, 0.0], False),
    ],
)
def test_when_at_an_instant_expect_both_demands(detector, tip, velocity, there):
    assert detector.there(np.array(tip), np.array(velocity)) is there


def test_when_leaving_after_settling_expect_the_time_kept(detector):
    detector.update(0.0, NEAR, STILL)
    detector.update(0.3, NEAR, STILL)
    assert detector.update(0.4, TARGET + 1, STILL)
    assert detector.settled_at == 0.0
