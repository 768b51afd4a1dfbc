"""Curves of a report."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_control.report.html.series import (
    HIGH,
    WIDE,
    Scale,
    area_path,
    dots_path,
    line_path,
    thinned,
    with_gaps,
)

SPAN = (0.0, 10.0)


def points_of(path: str) -> list[np.ndarray]:
    """Read a path back as a browser does: absolute points of every part."""
    parts = []
    for move, steps in re.findall(r"M([-\d ]+)l([-\d ]+)z?", path):
        numbers = [int(number) for number in re.findall(r"-?\d+", steps)]
        start = np.array([int(number) for number in re.findall(r"-?\d+", move)])
        rows = np.array(numbers).reshape(-1, 2)
        parts.append(np.concatenate([start[None], start + np.cumsum(rows, axis=0)]))
    return parts


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000), bins=st.integers(1, 40), gap=st.booleans())
def test_when_a_curve_is_thinned_expect_every_extreme_kept(seed: int, bins: int, gap: bool) -> None:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.uniform(0.0, 10.0, 500))
    values = rng.standard_normal(500)
    if gap:
        values[200:230] = np.nan
    kept = thinned(times, values, bins)
    assert (np.diff(kept) > 0).all()
    which = np.minimum((bins * (times - times[0]) / (times[-1] - times[0])).astype(int), bins - 1)
    for number in np.unique(which):
        inside = values[which == number]
        if np.isfinite(inside).any():
            shown = values[kept[which[kept] == number]]
            assert np.nanmin(shown) == np.nanmin(inside)
            assert np.nanmax(shown) == np.nanmax(inside)
    assert np.isnan(values[kept]).any() == gap
    assert len(kept) <= 2 * bins + 1


def test_when_a_curve_is_short_expect_all_of_it() -> None:
    assert thinned(np.arange(12.0), np.zeros(12), 6).tolist() == list(range(12))


def test_when_time_stands_still_expect_the_extremes() -> None:
    values = np.array([0.0, 3.0, -1.0, 2.0, 1.0])
    assert thinned(np.zeros(5), values, 2).tolist() == [1, 2]


def test_when_states_are_missing_expect_the_line_broken_there() -> None:
    times = np.array([0.0, 1.0, 2.0, 30.0, 31.0])
    values = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    at, broken = with_gaps(times, values)
    assert at.tolist() == [0.0, 1.0, 2.0, 16.0, 30.0, 31.0]
    assert np.isnan(broken[3]).all()
    assert broken[[0, 1, 2, 4, 5], 0].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]


def test_when_a_line_is_written_expect_the_points_on_the_grid() -> None:
    times, values = np.array([0.0, 2.5, 5.0, 7.5, 10.0]), np.array([0.0, 1.0, np.nan, -1.0, 0.5])
    first, second = points_of(line_path(times, values, SPAN, Scale(-1.0, 1.0)))
    assert first.tolist() == [[0, HIGH // 2], [WIDE // 4, 0]]
    assert second.tolist() == [[3 * WIDE // 4, HIGH], [WIDE, HIGH // 4]]


def test_when_one_point_stands_alone_expect_it_drawn() -> None:
    values = np.array([np.nan, 0.0, np.nan])
    path = line_path(np.array([0.0, 5.0, 10.0]), values, SPAN, Scale(-1.0, 1.0))
    assert path == f"M{WIDE // 2} {HIGH // 2}l0 0"


def test_when_values_leave_the_picture_expect_them_at_its_edge() -> None:
    scale = Scale(0.0, 1.0)
    (points,) = points_of(line_path(np.array([0.0, 10.0]), np.array([-5.0, 5.0]), SPAN, scale))
    assert points[:, 1].tolist() == [HIGH, 0]


def test_when_a_scale_is_logarithmic_expect_decades_of_one_height() -> None:
    shares = Scale(0.1, 100.0, log=True).shares(np.array([0.0, 0.1, 1.0, 10.0, 100.0, 1e9]))
    assert shares == pytest.approx([0.0, 0.0, 1 / 3, 2 / 3, 1.0, 1.0])


def test_when_an_area_is_written_expect_it_closed_along_the_lower_curve() -> None:
    times = np.array([0.0, 10.0])
    path = area_path(times, np.array([0.0, 0.0]), np.array([1.0, 2.0]), SPAN, Scale(0.0, 2.0))
    (points,) = points_of(path)
    assert path.endswith("z")
    assert points.tolist() == [[0, HIGH // 2], [WIDE, 0], [WIDE, HIGH], [0, HIGH]]


def test_when_dots_are_written_expect_one_a_finite_value() -> None:
    path = dots_path(np.array([0.0, 5.0, 10.0]), np.array([0.0, np.nan, 1.0]), SPAN, Scale(0, 1))
    assert path == f"M0 {HIGH}h0M{WIDE} 0h0"


def test_when_values_are_near_the_end_of_all_floats_expect_heights_all_the_same():
    scale = Scale(-np.inf, np.inf)
    heights = scale.shares(np.array([-1e308, 0.0, 1e308]))
    np.testing.assert_allclose(heights, [0.0, 0.5, 1.0])
