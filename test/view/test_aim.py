"""What is sent when people drag, and where the handle goes when they do not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.types import JointState
from rl_control.view.aim import ANSWER_TIME, REFUSAL_TIME, SEND_PERIOD, Aim
from rl_control.view.snapshot import Snapshot, Target

TURN = np.eye(3)
STATE = JointState(("a",), np.zeros(1), np.zeros(1), np.zeros(1), 0.0)


def place(x):
    return np.array([x, 0.0, 0.0])


def seen(x=None, goals=1, refusal=""):
    goal = None if x is None else Target(place(x))
    return Snapshot(STATE, goal=goal, goals=goals, refusal=refusal)


def test_when_nobody_drags_expect_nothing_sent_and_the_handle_at_the_goal():
    aim = Aim(allowed=True)
    assert aim.due(100.0) is None
    np.testing.assert_array_equal(aim.home(seen(0.3), 100.0).position, place(0.3))
    assert aim.due(200.0) is None


def test_when_no_goal_is_known_expect_the_handle_left_alone():
    assert Aim(allowed=True).home(seen(None), 0.0) is None


def test_when_moving_is_not_allowed_expect_nothing_sent():
    aim = Aim(allowed=False)
    aim.drag(place(1.0), TURN, 0.0)
    assert not aim.held
    assert aim.due(1.0) is None
    aim.allow(True)
    assert aim.due(2.0) is None  # what was dragged before does not count
    aim.drag(place(2.0), TURN, 3.0)
    assert aim.due(3.0) is not None


def test_when_moving_is_forbidden_in_mid_drag_expect_the_rest_dropped():
    aim = Aim(allowed=True)
    aim.drag(place(1.0), TURN, 0.0)
    aim.allow(False)
    assert aim.due(1.0) is None


@given(st.lists(st.floats(0.001, 0.08), min_size=1, max_size=80))
def test_when_dragged_quickly_expect_at_most_ten_targets_a_second_and_the_last_place(steps):
    aim, now, sent = Aim(allowed=True), 0.0, []
    for k, step in enumerate(steps):
        now += step
        aim.drag(place(float(k)), TURN, now, last=k == len(steps) - 1)
        target = aim.due(now)
        if target is not None:
            sent.append((now, target.position[0]))
    rest = aim.due(now + SEND_PERIOD)
    if rest is not None:
        sent.append((now + SEND_PERIOD, rest.position[0]))
    assert sent[-1][1] == len(steps) - 1
    assert np.all(np.diff([t for t, _ in sent]) >= SEND_PERIOD - 1e-9)
    assert aim.due(now + 10.0) is None


def test_when_the_orientation_is_free_expect_none_sent_and_else_the_handles():
    aim = Aim(allowed=True)
    turn = np.diag([1.0, -1.0, -1.0])
    aim.drag(place(1.0), turn, 0.0)
    assert aim.due(0.0).rotation is None
    aim.set_free(False)
    aim.drag(place(1.0), turn, 1.0)
    np.testing.assert_array_equal(aim.due(1.0).rotation, turn)


def test_when_a_click_moves_nothing_expect_the_same_place_not_sent_twice():
    aim = Aim(allowed=True)
    aim.drag(place(1.0), TURN, 0.0)
    assert aim.due(0.0) is not None
    aim.drag(place(1.0), TURN, 1.0, last=True)
    assert aim.due(1.0) is None


def test_when_held_expect_the_handle_left_alone_whatever_the_goal():
    aim = Aim(allowed=True)
    aim.drag(place(1.0), TURN, 0.0)
    aim.due(0.0)
    assert aim.home(seen(0.5, goals=2), 0.1) is None


def test_when_a_target_is_accepted_expect_the_handle_to_stay():
    aim = Aim(allowed=True)
    aim.home(seen(0.0, goals=1), 0.0)
    aim.drag(place(1.0), TURN, 0.0, last=True)
    aim.due(0.0)
    assert aim.home(seen(0.0, goals=1), 0.1) is None  # no answer yet
    assert aim.home(seen(1.0, goals=2), 0.2) is None
    home = aim.home(seen(1.0, goals=2), ANSWER_TIME + 0.1)
    np.testing.assert_array_equal(home.position, place(1.0))


def test_when_goals_of_a_drag_come_late_expect_the_handle_to_stay_where_it_was_let_go():
    aim = Aim(allowed=True)
    aim.home(seen(0.0, goals=1), 0.0)
    for k, now in enumerate((0.0, 0.2, 0.4)):
        aim.drag(place(1.0 + k), TURN, now, last=k == 2)
        assert aim.due(now) is not None
    for k, now in enumerate((0.5, 0.6, 0.7)):
        assert aim.home(seen(1.0 + k, goals=2 + k), now) is None


def test_when_somebody_else_sets_a_goal_expect_the_handle_to_go_there_at_once():
    aim = Aim(allowed=True)
    aim.home(seen(0.0, goals=1), 0.0)
    aim.drag(place(1.0), TURN, 0.0, last=True)
    aim.due(0.0)
    home = aim.home(seen(0.4, goals=2), 0.2)
    np.testing.assert_array_equal(home.position, place(0.4))


@pytest.mark.parametrize("later, back", [(REFUSAL_TIME - 0.1, False), (REFUSAL_TIME + 0.1, True)])
def test_when_a_target_is_refused_expect_the_handle_to_go_back_after_a_while(later, back):
    aim = Aim(allowed=True)
    aim.home(seen(0.0, goals=1), 0.0)
    aim.drag(place(9.0), TURN, 0.0, last=True)
    aim.due(0.0)
    home = aim.home(seen(0.0, goals=1, refusal="too far"), later)
    assert (home is not None) is back


def test_when_the_last_page_is_closed_expect_what_was_allowed_to_be_forgotten():
    aim = Aim(allowed=False)
    aim.allow(True)
    aim.drag(place(1.0), TURN, 0.0)
    aim.forget()
    assert not aim.allowed
    assert not aim.held
    assert aim.due(1.0) is None
