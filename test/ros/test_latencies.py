"""Percentiles of counted latencies, against those of the sorted ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.ros.latencies import Latencies


def counted(values, kept=1000):
    latencies = Latencies(kept)
    for value in values:
        latencies.add(value)
    return latencies.summary_ms()


def sorted_out(values):
    found = 1e3 * np.array(values)
    ranks = {"p50": 50, "p99": 99, "max": 100}
    kind = "inverted_cdf"
    return {name: np.percentile(found, rank, method=kind) for name, rank in ranks.items()}


@given(st.lists(st.floats(1e-5, 10.0), min_size=1, max_size=300))
def test_when_latencies_were_added_expect_their_percentiles_to_half_a_percent(values):
    assert counted(values) == pytest.approx(sorted_out(values), rel=0.0051)


def test_when_more_come_than_are_kept_expect_the_newest_to_count():
    values = np.random.default_rng(0).exponential(1e-3, 500) + 1e-5
    assert counted(values, kept=60) == pytest.approx(sorted_out(values[-60:]), rel=0.0051)


def test_when_there_are_none_expect_no_figures():
    assert counted([]) == {}


@pytest.mark.parametrize("value", [0.0, -1e-9, 1e9])
def test_when_one_is_out_of_range_expect_it_in_the_class_at_the_end(value):
    found = counted([value])["max"]
    assert found == pytest.approx(1e-3, rel=0.01) if value < 1.0 else found > 4e5
