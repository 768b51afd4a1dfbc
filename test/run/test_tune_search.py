"""The search, on episodes that cost what a formula says."""

import numpy as np
import pytest

pytest.importorskip("optuna")

from rl_control.run.tune_files import read_trials, write_trials
from rl_control.run.tune_score import Episode
from rl_control.run.tune_search import Search
from rl_control.run.tune_space import read_search

DIMENSIONS = read_search(["task.weights.posture=0.1:1000:log", "task.weights.velocity=0.01:10:log"])
POSTURE, VELOCITY = (d.key for d in DIMENSIONS)
PRESENT = {POSTURE: 0.5, VELOCITY: 5.0}
TARGETS = 4


def episode(cost, reached=True):
    return Episode(reached, True, cost, 2.0 * cost, 0.1 * cost, 0.001)


class Formula:
    """Costs least, 1, at posture 50 and velocity 0.2; every target adds its own."""

    def __init__(self, after=None):
        self.calls, self._after = [], after

    def __call__(self, numbers, target):
        if self._after is not None and len(self.calls) == self._after:
            raise KeyboardInterrupt
        self.calls.append((dict(numbers), target))
        away = np.log10([numbers[POSTURE] / 50.0, numbers[VELOCITY] / 0.2])
        return episode(1.0 + float(away @ away) + 0.1 * target)


def searched(budget=50, seed=0, objective="settle_time", trials=(), run=None):
    run = run or Formula()
    search = Search(DIMENSIONS, PRESENT, objective, TARGETS, budget, seed, run, trials)
    while not search.over:
        search.step()
    return search, run


@pytest.mark.parametrize("seed", range(5))
def test_when_the_start_is_far_off_expect_much_of_the_way_back(seed):
    search, run = searched(seed=seed)
    assert search.start.numbers == PRESENT
    assert len(run.calls) == search.spent <= 50
    assert search.best.cost < 0.6 * search.start.cost


def test_when_the_start_is_best_expect_it_kept():
    best = {POSTURE: 50.0, VELOCITY: 0.2}
    search = Search(DIMENSIONS, best, "settle_time", TARGETS, 40, 0, Formula())
    while not search.over:
        search.step()
    assert search.best is search.start


def test_when_a_trial_falls_behind_expect_it_given_up_and_no_winner():
    search, _ = searched()
    given_up = [trial for trial in search.trials if not search.is_whole(trial)]
    assert given_up
    least = min(sum(t.costs[:TARGETS]) for t in search.trials if search.is_whole(t))
    for trial in given_up:
        assert search.standing(trial) > search.standing(search.best)
        assert sum(trial.costs) > 1.2 * least * len(trial.costs) / TARGETS - 1.0


def test_when_trials_are_compared_expect_the_same_targets_in_the_same_order():
    search, run = searched()
    for number in range(len(search.trials)):
        assert len(search.trials[number].episodes) in (*range(1, TARGETS + 1), 2 * TARGETS)
    assert {target for _, target in run.calls} == set(range(2 * TARGETS))


def test_when_the_search_ends_expect_the_best_three_tried_on_new_targets():
    search, _ = searched()
    finalists = [trial for trial in search.trials if len(trial.episodes) == 2 * TARGETS]
    assert len(finalists) == 3
    assert search.best in finalists
    others = [search.standing(t) for t in search.trials if t not in finalists]
    assert max(search.standing(trial) for trial in finalists) <= min(others)


def test_when_episodes_are_few_expect_no_second_round():
    search, _ = searched(budget=2 * TARGETS)
    assert search.spent <= 2 * TARGETS
    assert max(len(trial.episodes) for trial in search.trials) == TARGETS


def test_when_seeds_are_the_same_expect_the_same_trials():
    first, second = searched(seed=3)[0], searched(seed=3)[0]
    assert first.trials == second.trials
    assert searched(seed=4)[0].trials != first.trials


@pytest.mark.parametrize("after", [1, 4, 17, 45])
def test_when_interrupted_and_gone_on_with_expect_the_very_same_trials(tmp_path, after):
    whole, _ = searched()
    search = Search(DIMENSIONS, PRESENT, "settle_time", TARGETS, 50, 0, Formula(after))
    with pytest.raises(KeyboardInterrupt):
        while not search.over:
            search.step()
    write_trials(tmp_path, search.trials)
    again, _ = searched(trials=read_trials(tmp_path))
    assert again.trials == whole.trials


def test_when_all_figures_count_expect_the_start_to_cost_about_one():
    search, _ = searched(objective="combined")
    assert search.start.costs == (1.0,) * TARGETS
    assert search.best.cost < 0.6


def test_when_importance_is_asked_for_expect_shares_of_every_dimension():
    search, _ = searched()
    shares = search.importance()
    assert set(shares) == {POSTURE, VELOCITY}
    assert sum(shares.values()) == pytest.approx(1.0)


def test_when_the_start_lies_outside_the_range_expect_it_tried_all_the_same():
    present = {POSTURE: 5000.0, VELOCITY: 5.0}
    search = Search(DIMENSIONS, present, "settle_time", TARGETS, 30, 0, Formula())
    while not search.over:
        search.step()
    assert search.start.numbers == present
    assert search.best.cost < search.start.cost
