"""Bars and charts of characters against what they stand for."""

import math

from hypothesis import given
from hypothesis import strategies as st

from rl_control.report.dashboard.bars import ASCII, UNICODE, chart, logarithms, place_bar, share_bar

GLYPHS = st.sampled_from([UNICODE, ASCII])
ANY = st.floats(allow_nan=True, allow_infinity=True)


@given(place=ANY, goal=ANY, width=st.integers(3, 80), glyphs=GLYPHS)
def test_when_any_number_is_placed_expect_a_bar_of_the_width_with_both_ends(
    place, goal, width, glyphs
):
    bar = place_bar(place, goal, width, glyphs)
    assert len(bar) == width
    assert bar[0] + bar[-1] == glyphs.ends
    marks = bar.count(glyphs.place) + bar.count(glyphs.goal) + 2 * bar.count(glyphs.both)
    assert marks == (not math.isnan(place)) + (not math.isnan(goal))


@given(place=st.floats(0.0, 1.0), width=st.integers(3, 80))
def test_when_a_place_is_inside_expect_its_mark_within_a_cell_of_it(place, width):
    inner = width - 2
    at = place_bar(place, math.nan, width).index(UNICODE.place) - 1
    assert abs(at - place * (inner - 1)) <= 0.5


def test_when_a_place_is_beyond_an_end_expect_its_mark_at_that_end():
    assert place_bar(-3.0, math.nan, 6)[1] == UNICODE.place
    assert place_bar(math.inf, math.nan, 6)[-2] == UNICODE.place


@given(share=st.floats(0.0, 1.0), width=st.integers(1, 40), glyphs=GLYPHS)
def test_when_a_share_is_drawn_expect_as_much_of_the_bar_filled(share, width, glyphs):
    bar = share_bar(share, width, glyphs)
    parts = len(glyphs.grow) - 1
    filled = sum(glyphs.grow.index(cell) for cell in bar)
    assert len(bar) == width
    assert abs(filled - share * width * parts) <= 0.5


@given(
    values=st.lists(ANY, max_size=50),
    width=st.integers(1, 30),
    height=st.integers(1, 6),
    glyphs=GLYPHS,
)
def test_when_anything_is_charted_expect_a_block_of_the_size_asked_for(
    values, width, height, glyphs
):
    rows = chart(values, width, height, glyphs=glyphs)
    assert [len(row) for row in rows] == [width] * height
    columns = list(zip(*rows, strict=True))
    for value, column in zip(reversed(values), reversed(columns), strict=False):
        drawn = any(cell != " " for cell in column)
        assert drawn == math.isfinite(value)


@given(values=st.lists(st.floats(0.0, 1e6), min_size=2, max_size=30), height=st.integers(1, 5))
def test_when_values_are_charted_expect_higher_columns_for_greater_ones(values, height):
    rows = chart(values, len(values), height)
    parts = len(UNICODE.rise) - 1
    levels = [sum(map(UNICODE.rise.index, column)) for column in zip(*rows, strict=True)]
    by_value = sorted(zip(values, levels, strict=True))
    assert [level for _, level in by_value] == sorted(levels)
    if max(values) > 1e-6:
        assert max(levels) == height * parts


def test_when_values_span_decades_expect_their_logarithms_above_the_floor():
    logs = logarithms([1e-9, 1.0, 100.0, math.nan], 0.01)
    assert logs[:3] == [-2.0, 0.0, 2.0]
    assert math.isnan(logs[3])
