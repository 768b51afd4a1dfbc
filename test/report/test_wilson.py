"""The interval of a rate of success."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from rl_control.report.metrics import wilson_interval


@pytest.mark.parametrize(("good", "count"), [(0, 5), (5, 5), (3, 7), (97, 100), (1, 1)])
def test_when_trials_are_counted_expect_the_interval_of_scipy(good: int, count: int) -> None:
    wanted = binomtest(good, count).proportion_ci(method="wilson")
    assert wilson_interval(good, count) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_when_there_are_no_trials_expect_all_rates_possible() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("count", [1, 5, 100])
def test_when_all_succeed_expect_the_closed_form_of_wilsons_lower_end(count: int) -> None:
    z = 1.959963984540054
    assert wilson_interval(count, count) == pytest.approx((count / (count + z * z), 1.0), abs=1e-12)
