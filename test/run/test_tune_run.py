"""Whether what a search found is taken."""

from types import SimpleNamespace

import numpy as np
import pytest

from rl_control.run import tune_run
from rl_control.run.tune_run import Held, TuneRun


@pytest.fixture
def verdict(monkeypatch):
    """`verdict(start, *leaders)` of (cost, targets reached) on the targets held out."""

    def judge(start, *leaders):
        def held(self, numbers, scale):
            cost, reached = numbers["case"]
            episodes = tuple(SimpleNamespace(reached=k < reached) for k in range(4))
            return Held(dict(numbers), episodes, np.full(4, cost))

        monkeypatch.setattr(TuneRun, "_held", held)
        monkeypatch.setattr(tune_run, "mean_episode", lambda episodes: None)
        trials = [
            SimpleNamespace(numbers={"case": case}, episodes=()) for case in (start, *leaders)
        ]
        search = SimpleNamespace(start=trials[0], leaders=lambda count: trials[1 : 1 + count])
        return TuneRun.verdict(object.__new__(TuneRun), search)

    return judge


def test_when_several_are_better_expect_the_searchs_first_and_not_the_least(verdict):
    found = verdict((2.0, 4), (1.0, 4), (0.5, 4))
    assert found.better and found.after.numbers == {"case": (1.0, 4)}
    assert found.gain == pytest.approx(0.5)


def test_when_the_first_is_worse_or_misses_a_target_expect_the_next(verdict):
    assert verdict((2.0, 4), (3.0, 4), (1.0, 3), (1.5, 4)).after.numbers == {"case": (1.5, 4)}


def test_when_none_is_better_expect_the_start(verdict):
    found = verdict((2.0, 4), (2.0, 4), (1.0, 3))
    assert not found.better
    assert found.gain == 0.0
