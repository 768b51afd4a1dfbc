"""Tables as text."""

from __future__ import annotations

import io

from rich.console import Console

from rl_control.report.table import MISSING, number, percent, table, verdict


def printed(renderable) -> str:
    out = io.StringIO()
    Console(file=out, width=100, color_system=None).print(renderable)
    return out.getvalue()


def test_when_rows_are_given_expect_title_headings_and_values():
    text = printed(table("Robots", ("name", "joints"), [("iiwa7", "7"), ("planar2", "2")]))
    for word in ("Robots", "name", "joints", "iiwa7", "planar2"):
        assert word in text


def test_when_a_number_is_missing_expect_a_dash():
    assert number(None) == MISSING
    assert percent(None) == MISSING


def test_when_numbers_are_given_expect_scale_and_unit():
    assert number(0.00123, 1, 1e3, " mm") == "1.2 mm"
    assert percent(0.456) == "46 %"


def test_when_a_verdict_is_bad_expect_its_word():
    assert verdict(False, "yes", "no").plain == "no"
    assert verdict(True).plain == "yes"
