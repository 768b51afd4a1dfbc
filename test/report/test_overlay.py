import numpy as np
import pytest

pytest.importorskip("PIL")

from rl_control.report.overlay import Stroke, captioned, drawn_on

GREY = np.full((40, 60, 3), 128, dtype=np.uint8)


def test_when_a_line_is_drawn_expect_it_between_its_points_and_nothing_elsewhere() -> None:
    line = Stroke(np.array([[0.25, 0.5], [0.75, 0.5]]), "#ff0000", 2)
    picture = drawn_on(GREY, [line])
    rows, columns = np.nonzero((picture != GREY).any(axis=2))
    assert (picture[rows, columns] == [255, 0, 0]).all()
    assert set(rows) <= {19, 20, 21}
    assert (columns.min(), columns.max()) == pytest.approx((15, 45), abs=1)
    assert (GREY == 128).all()


def test_when_lines_cross_expect_the_later_one_above() -> None:
    across = Stroke(np.array([[0.0, 0.5], [1.0, 0.5]]), "#ff0000", 3)
    down = Stroke(np.array([[0.5, 0.0], [0.5, 1.0]]), "#0000ff", 3)
    assert drawn_on(GREY, [across, down])[20, 30].tolist() == [0, 0, 255]
    assert drawn_on(GREY, [down, across])[20, 30].tolist() == [255, 0, 0]


def test_when_a_line_leaves_the_picture_or_is_a_point_expect_no_harm() -> None:
    beyond = Stroke(np.array([[-3.0, 0.5], [5.0, 0.5]]), "#ff0000", 1)
    point = Stroke(np.array([[0.5, 0.2]]), "#ff0000", 1)
    assert (drawn_on(GREY, [beyond, point])[20] == [255, 0, 0]).all()


def test_when_words_are_given_expect_them_in_their_colours_above_the_picture() -> None:
    frame = captioned(GREY, [("one", "#ff0000"), ("two", "#0000ff")])
    high = len(frame) - 40
    assert high > 0 and high % 2 == 0
    np.testing.assert_array_equal(frame[high:], GREY)
    strip = frame[:high].astype(int)
    red, blue = strip[..., 0] - strip[..., 2], strip[..., 2] - strip[..., 0]
    assert red.max() > 200 and blue.max() > 200
    assert np.nonzero(red > 200)[0].max() < np.nonzero(blue > 200)[0].min()


def test_when_words_differ_expect_another_strip_and_the_same_size() -> None:
    one, other = (captioned(GREY, [(text, "#000000")]) for text in ("1.0 mm", "2.0 mm"))
    assert one.shape == other.shape
    assert (one != other).any()
