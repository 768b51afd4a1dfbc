"""A picture as HTML."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

from rl_control.report.html.plot import (
    Curve,
    Instant,
    Mark,
    Plot,
    instant_words,
    plot_html,
    time_words,
)
from rl_control.report.html.series import HIGH, WIDE, Scale

TIMES = np.linspace(0.0, 10.0, 11)
SPAN = (0.0, 10.0)


def drawn(plot: Plot, instants=()) -> ElementTree.Element:
    return ElementTree.fromstring(plot_html(plot, SPAN, instants))


def of_class(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Elements of a class, but for entries of the legend."""
    found = [one for one in root.iter() if name in (one.get("class") or "").split()]
    return [one for one in found if one.tag != "li"]


def test_when_a_picture_is_drawn_expect_well_formed_html_with_its_words():
    plot = Plot(
        'a < "b"', "N m & more", [Curve("<x>", TIMES, TIMES, "--j0")], Scale(0.0, 10.0),
        [Mark(5.0, "half")], note="a note",
    )  # fmt: skip
    root = drawn(plot)
    text = "".join(root.itertext())
    for word in ('a < "b"', "[N m & more]", "<x>", "half", "a note", "2.5", "10"):
        assert word in text
    (line,) = of_class(root, "line")
    assert line.get("style") == "stroke:var(--j0)"
    assert line.get("d").startswith(f"M0 {HIGH}l")
    (mark,) = of_class(root, "mark")
    assert mark.get("d") == f"M0 {HIGH // 2}h{WIDE}"
    (svg,) = root.iter("svg")
    assert svg.get("viewBox") == f"0 0 {WIDE} {HIGH}"
    assert [float(part) for part in svg.get("data-scale").split()] == [0.0, 10.0, 0.0]


def test_when_areas_are_stacked_expect_each_on_top_of_the_one_before():
    ones = np.ones(11)
    curves = [Curve(name, TIMES, k * ones, kind="area") for name, k in (("a", 1.0), ("b", 2.0))]
    first, second = of_class(drawn(Plot("t", "", curves, Scale(0.0, 4.0))), "area")
    assert first.get("d").startswith(f"M0 {3 * HIGH // 4}l")
    assert second.get("d").startswith(f"M0 {HIGH // 4}l")
    # Down at the right end, to where the one below is.
    steps = re.findall(r"-?\d+", second.get("d"))[2:]
    assert steps[20:22] == ["0", str(HIGH // 2)]


@pytest.mark.parametrize(("kind", "shape"), [("dots", "h0"), ("ticks", "h0"), ("bars", "l")])
def test_when_a_curve_is_of_another_kind_expect_it_drawn_so(kind, shape):
    root = drawn(Plot("t", "", [Curve("a", TIMES, TIMES, kind=kind)], Scale(0.0, 10.0)))
    (found,) = of_class(root, kind)
    assert shape in found.get("d")


def test_when_a_curve_is_silent_expect_it_in_no_legend():
    curves = [Curve("shown", TIMES, TIMES), Curve("silent", TIMES, TIMES, in_legend=False)]
    root = drawn(Plot("t", "", curves, Scale(0.0, 10.0)))
    assert len(list(root.iter("li"))) == 1
    assert len(of_class(root, "silent")) == 1


def test_when_there_are_lanes_expect_their_names_inside_the_picture():
    plot = Plot("t", "", [], Scale(0.5, 1.5), tick_texts=[(1.0, "goals")], lanes=True)
    (lanes,) = of_class(drawn(plot), "lanes")
    assert "".join(lanes.itertext()) == "goals"
    assert "".join(of_class(drawn(plot), "y")[0].itertext()) == ""


def test_when_instants_are_given_expect_lines_shades_and_words():
    instants = [Instant(2.0, "go"), Instant(5.0, until=7.5)]
    root = drawn(Plot("t", "", [], Scale(0.0, 1.0)), instants)
    (line,) = of_class(root, "instant")
    assert line.get("d") == f"M{WIDE // 5} 0v{HIGH}"
    (shade,) = of_class(root, "shade")
    assert (shade.get("x"), shade.get("width")) == (str(WIDE // 2), str(WIDE // 4))
    words = ElementTree.fromstring(instant_words(instants, SPAN))
    (word,) = words.iter("span")
    assert (word.text, word.get("data-t"), word.get("style")) == ("go", "2.000000", "left:20.000%")


def test_when_time_is_marked_expect_round_seconds():
    words = ElementTree.fromstring(time_words((0.0, 8.0)))
    assert [word.text for word in words.iter("span")] == [str(k) for k in range(9)]
