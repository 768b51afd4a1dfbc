"""Trail, bars, charts and shares: the small parts of a view."""

import numpy as np
import pytest

from rl_control.types import JointLimits, JointState
from rl_control.view.bars import banner, joint_bars, lines, short_names
from rl_control.view.charts import SECONDS, History
from rl_control.view.scene import shares
from rl_control.view.snapshot import STOPPED
from rl_control.view.trail import POINTS, SPACING, Trail, fading, pieces

LIMITS = JointLimits(("a", "b"), [-1.0, -np.inf], [1.0, np.inf], [1.0, 1.0], [10.0, 0.0])


def test_when_the_tip_stands_expect_no_trail_sent_again():
    trail = Trail()
    trail.add(np.zeros(3))
    assert trail.take() is not None
    trail.add(np.full(3, 0.1 * SPACING))
    assert trail.take() is None


def test_when_the_tip_goes_far_expect_the_newest_places_in_order():
    trail = Trail()
    for k in range(3 * POINTS):
        trail.add(np.array([1.5 * SPACING * k, 0.0, 0.0]))
    drawn = trail.take()
    assert drawn.shape == (POINTS - 1, 2, 3)
    np.testing.assert_allclose(np.diff(drawn[:, 0, 0]), 1.5 * SPACING)
    assert drawn[-1, 1, 0] == pytest.approx(1.5 * SPACING * (3 * POINTS - 1))


def test_when_the_tip_leaps_expect_the_trail_to_begin_anew():
    trail = Trail()
    for x in (0.0, 0.01, 5.0):
        trail.add(np.array([x, 0.0, 0.0]))
    assert trail.take()[:, :, 0].min() == 5.0


def test_when_a_path_is_cut_into_pieces_expect_neighbours():
    path = np.arange(12.0).reshape(4, 3)
    cut = pieces(path)
    np.testing.assert_array_equal(cut[:, 0], path[:-1])
    np.testing.assert_array_equal(cut[:, 1], path[1:])
    colors = fading((255, 0, 0), (0, 0, 255), 3)
    np.testing.assert_array_equal(colors[0, 0], [0, 0, 255])
    np.testing.assert_array_equal(colors[-1, 1], [255, 0, 0])


@pytest.mark.parametrize(
    "q, effort, expected",
    [
        ([0.0, 9.0], [0.0, 5.0], [0.0, 0.0]),  # free, and a joint without limits
        ([0.8, 0.0], [0.0, 0.0], [0.0, 0.0]),  # a tenth of the range from the limit
        ([0.9, 0.0], [0.0, 0.0], [0.5, 0.0]),
        ([-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]),
        ([1.2, 0.0], [0.0, 0.0], [1.0, 0.0]),
        ([0.0, 0.0], [-8.5, 0.0], [0.5, 0.0]),
        ([0.0, 0.0], [10.0, 0.0], [1.0, 0.0]),
    ],
)
def test_when_joints_near_their_limits_expect_by_how_much(q, effort, expected):
    found = shares(np.array(q), np.array(effort), LIMITS)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_when_names_begin_alike_expect_that_left_out():
    assert short_names(["lbr_iiwa_joint_1", "lbr_iiwa_joint_2"]) == ["joint_1", "joint_2"]
    assert short_names(["joint1", "joint2"]) == ["joint1", "joint2"]
    assert short_names(["left_a", "left_b"]) == ["a", "b"]
    assert short_names(["a_b", "a_b"]) == ["b", "b"]
    assert short_names(["only_one"]) == ["only_one"]


def test_when_texts_hold_markup_expect_it_shown_and_not_obeyed():
    bad = "<script>alert(1)</script>"
    state = JointState((bad, "b"), np.zeros(2), np.zeros(2), np.zeros(2), 0.0)
    for html in (banner(STOPPED, bad), lines({bad: bad}), joint_bars(state, LIMITS, np.zeros(2))):
        assert "<script>" not in html
        assert "&lt;script&gt;" in html


def test_when_a_joint_is_near_its_limit_expect_its_bar_red_and_no_other():
    state = JointState(("a", "b"), np.array([0.95, 0.0]), np.zeros(2), np.zeros(2), 0.0)
    html = joint_bars(state, LIMITS, np.array([0.7, 0.0]))
    assert html.count("#e03131") == 2  # its place and its effort
    assert "calc(97.5% - 3px)" in html


def test_when_numbers_come_quickly_expect_the_history_to_thin_and_forget_them():
    history = History(1)
    for k in range(6000):
        history.add(0.005 * k, np.array([float(k)]))
    times, values = history.columns()
    assert times[-1] == 0.0
    assert -SECONDS <= times[0] < -0.9 * SECONDS
    assert 120 <= len(times) <= 151
    np.testing.assert_allclose(np.diff(values) / np.diff(times), 200.0)


def test_when_time_goes_back_expect_the_history_to_begin_anew():
    history = History(1)
    for t in (10.0, 11.0, 12.0, 1.0, 2.0):
        history.add(t, np.array([t]))
    np.testing.assert_array_equal(history.columns()[1], [1.0, 2.0])


def test_when_there_is_no_stretch_of_time_yet_expect_an_empty_chart():
    history = History(2)
    history.add(1.0, np.zeros(2))
    times, *series = history.columns()
    assert len(times) == 2
    assert np.isnan(series).all()
