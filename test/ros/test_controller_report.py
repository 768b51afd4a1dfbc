"""One line on how a controller does."""

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from rl_control.ros import diagnostics
from rl_control.ros.controller_report import condition_of


@pytest.mark.parametrize(
    ("violation", "trouble", "state", "level", "summary"),
    [
        ("too fast", "a is missing", None, diagnostics.ERROR, "motion stopped: too fast"),
        (None, "a is missing", object(), diagnostics.ERROR, "a is missing"),
        (None, "", None, diagnostics.WARN, "no joint states on /states"),
        (None, "", object(), diagnostics.OK, "controlling"),
    ],
)
def test_when_several_things_are_wrong_expect_the_gravest(
    violation, trouble, state, level, summary
):
    loop = SimpleNamespace(safety=SimpleNamespace(violation=violation), state=state)
    found = condition_of(loop, trouble, "/states")
    assert (found.level, found.summary) == (level, summary)
