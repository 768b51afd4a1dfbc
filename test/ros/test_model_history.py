"""Which model is planned on, and when the one before is gone back to."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.ros.model_history import ModelHistory, ModelVersion
from rl_control.ros.prediction_monitor import StepErrors

WORSE, LEAST = 1.2, 2.0


def version(number):
    return ModelVersion(number, model=None)


def errors(size, seconds=1.0):
    """Of one joint: speed errors of root mean square `size` in a hundred predictions."""
    return StepErrors(np.array([1.0, 100 * size**2]), np.zeros(2), 100, seconds)


@pytest.fixture
def history():
    made = ModelHistory(version(0), LEAST, WORSE)
    made.take(version(1))
    return made


def test_when_a_model_is_taken_expect_the_one_before_to_go_back_to(history):
    assert (history.present.number, history.before.number) == (1, 0)
    assert history.judged == (1, 0)
    assert history.go_back().number == 0
    assert history.before is None
    assert history.refused == {1}
    assert history.go_back() is None
    assert history.refused == {1}


def test_when_many_are_taken_expect_only_some_remembered(history):
    for number in range(2, 20):
        history.take(version(number))
    back = []
    while (found := history.go_back()) is not None:
        back.append(found.number)
    assert back == [18, 17, 16, 15]


def test_when_the_new_model_is_worse_expect_regret_once_there_is_enough_motion(history):
    history.note({1: errors(1.3), 0: errors(1.0)})
    assert history.ratio is None
    assert not history.regretted
    history.note({1: errors(1.3), 0: errors(1.0)})
    assert history.ratio == pytest.approx(1.3)
    assert history.regretted


@pytest.mark.parametrize("size", [0.2, 1.0, 1.19])
def test_when_the_new_model_is_not_much_worse_expect_none(history, size):
    for _ in range(5):
        history.note({1: errors(size), 0: errors(1.0)})
    assert history.ratio == pytest.approx(size)
    assert not history.regretted


def test_when_a_moment_is_bad_expect_all_motion_since_the_exchange_to_count(history):
    for _ in range(9):
        history.note({1: errors(1.0), 0: errors(1.0)})
    history.note({1: errors(1.6), 0: errors(1.0)})
    assert history.ratio == pytest.approx(np.sqrt((9 + 1.6**2) / 10))
    assert not history.regretted
    assert history.newest[1].speed_error == pytest.approx(1.6)


def test_when_another_model_comes_expect_the_comparison_to_begin_anew(history):
    for _ in range(5):
        history.note({1: errors(9.0), 0: errors(1.0)})
    history.take(version(2))
    assert history.ratio is None
    assert not history.regretted
    for _ in range(2):
        history.note({2: errors(1.0), 1: errors(9.0), 0: errors(0.1)})
    assert history.ratio == pytest.approx(1.0 / 9.0)


def test_when_the_arm_rests_or_one_is_not_judged_expect_nothing_concluded(history):
    nothing = replace(errors(1.0), count=0)
    for _ in range(5):
        history.note({1: nothing, 0: nothing})
    assert not history.newest
    for _ in range(5):
        history.note({1: errors(5.0)})
    assert history.ratio is None
    assert list(history.newest) == [1]


def test_when_there_is_one_model_expect_its_errors_and_no_comparison():
    history = ModelHistory(version(3), LEAST, WORSE)
    history.note({3: errors(2.0)})
    assert history.judged == (3,)
    assert history.newest[3].speed_error == pytest.approx(2.0)
    assert (history.ratio, history.regretted) == (None, False)
