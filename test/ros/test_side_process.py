"""A process that answers questions: the same answers, and faults that show."""

import os
import time

import pytest
from echo import Echo

from rl_control.errors import DataError, ModelError
from rl_control.ros.side_process import SideProcess

PATIENCE = 60.0


@pytest.fixture
def echo():
    process = SideProcess("echo", Echo, 10)
    yield process
    process.close()


def answer(process, question):
    process.ask(question)
    return process.take(PATIENCE)


def test_when_asked_expect_answers_from_one_other_process_in_order(echo):
    first, second = answer(echo, "a"), answer(echo, "b")
    assert (first[:2], second[:2]) == (("a", 11), ("b", 12))
    assert first[2] == second[2] != os.getpid()
    assert echo.take() is None


def test_when_the_answer_is_nothing_expect_it_told_from_no_answer(echo):
    echo.ask("nothing")
    assert echo.busy
    deadline = time.monotonic() + PATIENCE
    while echo.busy and time.monotonic() < deadline:
        assert echo.take(0.05) is None
    assert not echo.busy


def test_when_answering_fails_expect_the_error_and_the_process_to_go_on(echo, capfd):
    with pytest.raises(DataError, match="refused"):
        answer(echo, "refuse")
    assert not echo.busy
    with pytest.raises(ModelError, match="ZeroDivisionError"):
        answer(echo, "fail")
    assert "in the echo" in capfd.readouterr().err
    assert answer(echo, "a")[1] == 13


def test_when_it_dies_expect_an_error_and_a_new_process_for_the_next_question(echo):
    before = answer(echo, "a")[2]
    with pytest.raises(ModelError, match="died"):
        answer(echo, "die")
    found = answer(echo, "b")
    assert found[1] == 11
    assert found[2] != before


def test_when_it_cannot_be_made_expect_the_reason_with_every_answer():
    process = SideProcess("echo", Echo, None)
    for _ in range(2):
        with pytest.raises(DataError, match="no start"):
            answer(process, "a")
    process.close()


def test_when_it_starts_expect_one_thread_there_and_the_environment_here_as_it_was(
    echo, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert answer(echo, "threads") == "1"
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_when_closed_while_it_works_expect_its_end_and_no_wait(echo):
    answer(echo, "a")
    echo.ask("sleep")
    echo.close()
    echo.close()
    assert not echo.alive


def test_when_closed_before_it_was_asked_expect_no_process():
    process = SideProcess("echo", Echo, 1)
    assert not process.alive
    process.close()
    process.ask("a")
    assert process.take(0.3) is None
    assert not process.alive
