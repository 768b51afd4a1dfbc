from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from matplotlib.figure import Figure

from rl_control.report.trial_plot import (
    TipPaths,
    TrialMap,
    draw_paths,
    draw_trials,
    path_points,
    planes_of,
)

RNG = np.random.default_rng(0)
LINE = np.linspace([0.4, 0.0, 0.2], [0.6, 0.1, 0.6], 30)


@pytest.mark.parametrize(
    ("spread", "planes"),
    [
        ((0.2, 0.2, 0.0), [(0, 1)]),
        ((0.5, 0.0, 0.3), [(0, 2)]),
        ((0.01, 0.3, 0.5), [(1, 2)]),
        ((0.5, 0.6, 0.4), [(0, 1), (1, 2)]),
        ((0.2, 0.6, 0.5), [(1, 2), (0, 1)]),
        ((0.5, 0.4, 0.6), [(0, 2), (1, 2)]),
    ],
)
def test_when_points_are_flat_expect_their_plane_and_else_two(spread, planes) -> None:
    corners = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]) * spread
    assert planes_of(np.vstack([corners, 0.5 * corners])) == planes


def test_when_all_points_are_one_expect_a_plane_still() -> None:
    assert len(planes_of(np.ones((4, 3)))) == 1


def test_when_a_policy_runs_away_expect_the_others_still_to_be_seen() -> None:
    axis = Figure().subplots()
    away = np.linspace(LINE[0], [40.0, -50.0, 9.0], 30)
    paths = [TipPaths(LINE, LINE[-1:], LINE), TipPaths(away, LINE[-1:], LINE)]
    draw_paths(axis, paths, (0, 2))
    (left, right), (bottom, top) = axis.get_xlim(), axis.get_ylim()
    assert 0.2 < left < 0.4 < 0.6 < right < 0.8
    assert 0.0 < bottom < 0.2 < 0.6 < top < 0.8


def test_when_there_is_no_controller_expect_all_of_the_policys_way() -> None:
    axis = Figure().subplots()
    draw_paths(axis, [TipPaths(2.0 * LINE, LINE[-1:])], (0, 2))
    assert axis.get_xlim()[1] > 1.2 and axis.get_ylim()[1] > 1.2
    np.testing.assert_array_equal(
        path_points([TipPaths(2.0 * LINE, LINE[-1:])]), np.vstack([2.0 * LINE, LINE[-1:]])
    )


@pytest.mark.parametrize(("places", "marker"), [(1, "+"), (20, "None")])
def test_when_a_target_stands_still_expect_a_cross_and_else_its_way(places, marker) -> None:
    axis = Figure().subplots()
    draw_paths(axis, [TipPaths(LINE, LINE[-places:])], (0, 1))
    wanted = axis.lines[-1]
    assert wanted.get_marker() == marker
    np.testing.assert_array_equal(wanted.get_xydata(), LINE[-places:, :2])


def test_when_trials_are_drawn_expect_dots_crosses_and_rings_where_they_are() -> None:
    axis = Figure().subplots()
    points = RNG.uniform(size=(6, 3))
    good = np.array([True, True, False, True, False, False])
    trials = TrialMap(points, np.arange(6.0), good)
    known = TrialMap(points[:2] + 1.0, np.zeros(2), np.array([True, False]))
    colours = draw_trials(axis, trials, known, (0, 2))
    dots, crosses, rings = axis.collections
    np.testing.assert_array_equal(dots.get_offsets(), points[good][:, [0, 2]])
    np.testing.assert_array_equal(crosses.get_offsets(), points[~good][:, [0, 2]])
    np.testing.assert_array_equal(rings.get_offsets(), points[:2, [0, 2]] + 1.0)
    np.testing.assert_array_equal(colours.get_array(), [0.0, 1e3, 3e3])
    good_ring, bad_ring = rings.get_edgecolors()
    assert good_ring[1] > good_ring[0] and bad_ring[0] > bad_ring[1]  # green, red
