"""A policy tried alone: by the task's own measures, without noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from train_fakes import FakeModel, collect, condition, policy

from rl_control.run.trials import no_figures, stopped, tried
from rl_control.types import Trajectory


def conditions(count: int = 5) -> list:
    return [condition(np.random.default_rng(k)) for k in range(count)]


def test_when_a_policy_is_tried_expect_the_measures_of_the_task() -> None:
    asked = []

    def noting(episodes: list) -> list[Trajectory]:
        asked.extend(episodes)
        return collect(episodes)

    model, mine = FakeModel(), policy(np.array([0.1, 0.0]))
    found = tried(model, mine, conditions(), noting)  # type: ignore[arg-type]
    assert all(one.actor is mine and one.seed is None for one in asked)
    ends = np.array([abs(run.states[-1, 0]) for run in found.trajectories])
    np.testing.assert_array_equal(found.errors, ends)
    np.testing.assert_array_equal(found.succeeded, ends < 1.0)
    # Two of the plant's periods make a step of the task.
    for run, cost in zip(found.trajectories, found.costs, strict=True):
        means = run.controls.reshape(4, 2, 2).mean(axis=1)
        assert cost == pytest.approx((run.states[::2] ** 2).sum() + (means**2).sum())
    assert found.figures("trial") == {
        "trial_success": found.succeeded.mean(),
        "trial_cost": found.costs.mean(),
        "trial_error": np.median(ends),
    }
    assert list(no_figures("trial")) == list(found.figures("trial"))


@pytest.mark.parametrize(
    ("reasons", "was"),
    [
        (["", "", ""], False),
        (["", "effort_limit", "effort_rate"], False),
        (["", "velocity_limit", "velocity_limit"], True),
    ],
)
def test_when_the_safety_filter_stops_a_rollout_expect_it_told(reasons: list, was: bool) -> None:
    (run,) = tried(FakeModel(), None, conditions(1), collect).trajectories  # type: ignore[arg-type]
    assert stopped(replace(run, extra={"reason": np.array(reasons)})) is was
    assert not stopped(replace(run, extra={}))
