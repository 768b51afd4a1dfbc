"""The parts of a report's page, and the page."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from base64 import b64decode

import numpy as np

from rl_control.report.html.page import (
    Cell,
    Figure,
    Film,
    details_html,
    facts_html,
    figures_html,
    film_html,
    header_html,
    page,
    picture_html,
    plots_html,
    section_html,
    table_html,
    warnings_html,
)
from rl_control.report.html.plot import Curve, Instant, Plot
from rl_control.report.html.series import Scale

COLORS = (["#111111", "#222222"], ["#eeeeee", "#dddddd"])


def whole() -> str:
    plot = Plot("t", "s", [Curve("a", np.arange(3.0), np.arange(3.0))], Scale(0.0, 2.0))
    film = film_html(Film((0.0, 2.0), (b"one", b"two"), "image/webp"))
    body = header_html("title", ["line"], "a command") + plots_html(
        [plot], (0.0, 2.0), [Instant(1.0, "go")], film
    )
    return page("title", body, (0.0, 2.0), COLORS)


def test_when_a_page_is_made_expect_nothing_outside_it_asked_for():
    text = whole()
    assert not re.search(r"https?:|//[a-z]|@import|url\(", text)
    links = re.findall(r'(?:src|href)="([^"]*)', text)
    assert links and all(link.startswith("data:") for link in links)
    assert text.count("<script") == text.count("</script>") == 2


def test_when_a_page_is_made_expect_the_joints_colours_for_light_and_dark():
    text = whole()
    light, dark = re.search(r":root\{(.*?)\}.*?:root\.dark\{(.*?)\}", text).groups()
    assert "--j0:#111111" in light and "--j1:#dddddd" in dark
    # Paper is white: dark colours are for screens only.
    found = [part for part in re.split("@media", text) if "--page:#0d1117" in part]
    assert len(found) == 2 and all(part.startswith(" screen") for part in found)


def test_when_a_film_is_shown_expect_its_pictures_and_their_times():
    text = film_html(Film((0.0, 0.5), (b"one", b"two"), "image/webp"))
    data = json.loads(re.search(r'id="frames">(.*?)</script>', text)[1])
    assert data["times"] == [0.0, 0.5]
    assert [b64decode(image.partition(",")[2]) for image in data["images"]] == [b"one", b"two"]
    assert film_html(Film((), (), "image/webp")) == ""


def test_when_text_has_marks_of_html_expect_it_shown_as_it_is():
    for made in (
        header_html("<b>", ["<b>"], "<b>"),
        figures_html([Figure("<b>", "<b>", "<b>")]),
        warnings_html(["<b>"]),
        table_html(["<b>"], [["<b>"]]),
        section_html("<b>", "in"),
        details_html("<b>", "in"),
        facts_html({"<b>": "<b>"}, code=True),
    ):
        root = ElementTree.fromstring(f"<div>{made}</div>")
        assert "<b>" in "".join(root.itertext())


def test_when_a_table_has_numbers_and_views_expect_them_aligned_and_to_be_clicked():
    rows = [[Cell("1", number=True), Cell("no", "bad")], [Cell("2", number=True), Cell("yes")]]
    root = ElementTree.fromstring(table_html(("a", "b"), rows, [(0.5, 1.0), None]))
    assert [head.get("class") for head in root.iter("th")] == ["n", None]
    assert [cell.get("class") for cell in root.iter("td")] == ["n", "bad", "n", None]
    assert [row.get("data-view") for row in root.iter("tr")] == [None, "0.500000 1.000000", None]


def test_when_there_is_nothing_expect_nothing():
    assert section_html("title", "", "") == ""
    assert details_html("title", "") == figures_html([]) == warnings_html([]) == ""
    assert facts_html({}) == ""


def test_when_a_picture_is_shown_expect_its_bytes():
    link = re.search(r'src="data:image/png;base64,([^"]*)"', picture_html(b"png", "image/png", "t"))
    assert b64decode(link[1]) == b"png"
