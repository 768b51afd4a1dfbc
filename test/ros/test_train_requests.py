"""Pause, go on and end, as the one that moves the arm hears of it."""

import pytest

from rl_control.ros.train_requests import Halted, Requests


def test_when_nothing_is_asked_expect_motion_to_go_on():
    requests = Requests()
    requests.refuse_end()
    requests.refuse_motion()
    assert not requests.still


def test_when_paused_expect_motion_refused_until_it_goes_on():
    requests = Requests()
    requests.pause()
    assert requests.paused and requests.still
    with pytest.raises(Halted, match="on request"):
        requests.refuse_motion()
    requests.resume()
    requests.refuse_motion()
    assert not requests.paused


def test_when_the_training_shall_end_expect_it_to_leave_and_no_motion():
    requests = Requests()
    requests.refuse_end()
    requests.end()
    with pytest.raises(KeyboardInterrupt):
        requests.refuse_end()
    with pytest.raises(Halted):
        requests.refuse_motion()


def test_when_the_process_shall_end_expect_the_same():
    asked = []
    requests = Requests(lambda: bool(asked))
    assert not requests.ended
    asked.append(True)
    assert requests.ended and requests.still
    with pytest.raises(KeyboardInterrupt):
        requests.refuse_end()


def test_when_the_arm_may_move_expect_it_told_until_the_end_however_that_comes():
    requests = Requests()
    with pytest.raises(ZeroDivisionError), requests.motion():
        assert requests.moving
        raise ZeroDivisionError
    assert not requests.moving
