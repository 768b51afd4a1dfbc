"""The dashboard's drawing: what it says, at any size, of any data."""

import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console
from rich.style import Style

from rl_control.report.dashboard.bars import ASCII, UNICODE
from rl_control.report.dashboard.data import (
    ERROR,
    ControllerShown,
    JointShown,
    LogShown,
    NodeShown,
    Snapshot,
)
from rl_control.report.dashboard.draw import WIDE, dashboard
from rl_control.report.dashboard.line import plain_line

ANY = st.floats(allow_nan=True, allow_infinity=True)
TEXT = st.text(max_size=40)
JOINTS = st.builds(JointShown, TEXT, ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY)
NODES = st.builds(NodeShown, TEXT, st.integers(0, 3), TEXT, st.dictionaries(TEXT, TEXT), ANY)
SNAPSHOTS = st.builds(
    Snapshot,
    time=st.just("12:00:00"),
    domain=st.integers(0, 232),
    state_topic=TEXT,
    controller=st.builds(
        ControllerShown,
        name=TEXT,
        node=st.none() | NODES,
        safety=TEXT,
        tip_error_mm=ANY,
        tip_errors=st.lists(ANY, max_size=9).map(tuple),
        solve_ms=st.lists(ANY, max_size=9).map(tuple),
        plans_hz=ANY,
        model=st.dictionaries(TEXT, TEXT, max_size=2),
    ),
    robot=TEXT,
    state_hz=ANY,
    state_age_s=ANY,
    joints=st.lists(JOINTS, max_size=12).map(tuple),
    others=st.lists(NODES, max_size=3).map(tuple),
    log=st.lists(
        st.builds(LogShown, st.just("11:59:59"), st.sampled_from(["WARN", "ERROR"]), TEXT, TEXT),
        max_size=9,
    ).map(tuple),
    waiting=st.lists(TEXT, max_size=2).map(tuple),
)


def drawn(shown, width=80, height=24, glyphs=UNICODE):
    """Return [(text, style)] of all segments, and the lines."""
    console = Console(width=width, height=height, color_system="standard", force_terminal=True)
    lines = console.render_lines(dashboard(shown, width, height, glyphs), pad=False)
    segments = [(segment.text, segment.style) for row in lines for segment in row]
    return segments, ["".join(segment.text for segment in row) for row in lines]


def styles_of(shown, needle, **size):
    found = [style for text, style in drawn(shown, **size)[0] if needle in text]
    assert found, f"{needle!r} is not shown"
    return found


def joint(name="joint_1", position=0.0, **others):
    known = {"velocity": 0.1, "effort": 10.0, "lower": -2.0, "upper": 2.0}
    limits = {"velocity_limit": 1.0, "effort_limit": 100.0}
    return JointShown(name, position, **{**known, **limits, **others})


def snapshot(joints=(), controller=None, **others):
    node = NodeShown("mpc_controller", summary="controlling", age_s=0.1)
    controller = controller or ControllerShown("mpc_controller", "active", node, "moving")
    known = {"state_hz": 200.0, "state_age_s": 0.004, "robot": "iiwa7"}
    return Snapshot(
        "12:00:00", 7, "/joint_states", controller, joints=tuple(joints), **{**known, **others}
    )


RED = Style.parse("bold red")


@settings(deadline=None, max_examples=60)
@given(
    shown=SNAPSHOTS,
    width=st.integers(1, 200),
    height=st.integers(1, 60),
    glyphs=st.sampled_from([UNICODE, ASCII]),
)
def test_when_anything_is_drawn_at_any_size_expect_it_to_fit_and_to_be_harmless(
    shown, width, height, glyphs
):
    _, lines = drawn(shown, width, height, glyphs)
    assert len(lines) <= height
    assert all(cell_len(text) <= width for text in lines)
    assert all(text.isprintable() for text in lines)


@settings(deadline=None, max_examples=60)
@given(shown=SNAPSHOTS)
def test_when_anything_is_said_in_a_pipe_expect_one_harmless_line(shown):
    assert plain_line(shown).isprintable()


@pytest.mark.parametrize("size", [{}, {"width": WIDE + 20, "height": 40}])
def test_when_all_is_known_expect_every_joint_and_figure_shown(size):
    node = NodeShown("mpc_controller", summary="controlling", age_s=0.1)
    controller = ControllerShown(
        "mpc_controller", "active", node, "reached", (0.4, -0.1, 0.6), "", 0.25, (9.0, 0.25),
        (0.2, 0.3), 0.21, 0.81, 199.7, 3, 2, 1, 0, "converged", {"version": "12"},
    )  # fmt: skip
    shown = snapshot(
        [joint(f"arm_joint_{k}", 0.1 * k) for k in range(7)],
        controller,
        others=(NodeShown("bag_recorder", summary="recording", age_s=0.2),),
        log=(LogShown("11:59:00", "WARN", "arm_sim", "the floor is lava"),),
    )
    text = "\n".join(drawn(shown, **size)[1])
    said = (
        *(f"arm_joint_{k}" for k in range(7)), "0.600", "10 %", "iiwa7", "active", "controlling",
        "0.25 mm reached", "p50 0.21, p99 0.81 ms", "200 a second", "late 3, misses 1",
        "(0.400, -0.100, 0.600)", "version 12", "recording", "the floor is lava", "newest 4 ms",
    )  # fmt: skip
    assert [words for words in said if words not in text] == []


def test_when_motion_was_stopped_expect_the_reason_in_red():
    node = NodeShown("mpc_controller", ERROR, "motion stopped: velocity_limit", age_s=0.1)
    controller = ControllerShown("mpc_controller", "active", node, safety="velocity_limit at j4")
    assert styles_of(snapshot(controller=controller), "velocity_limit at j4") == [RED]


def test_when_states_stop_expect_their_age_in_red_and_joints_without_colour():
    shown = snapshot([joint(velocity=0.99)], state_age_s=3.2)
    assert styles_of(shown, "STOPPED: newest 3.2 s old") == [RED]
    assert RED not in styles_of(shown, "99 %")


def test_when_states_come_as_slowly_as_the_arm_sends_them_expect_them_not_stale():
    shown = snapshot([joint()], state_hz=2.0, state_age_s=0.9, stale_after_s=1.5)
    assert not shown.stale
    assert not any("STOPPED" in text for text, _ in drawn(shown)[0])


@pytest.mark.parametrize(
    ("velocity", "colour"), [(0.5, "green"), (-0.8, "yellow"), (0.97, "bold red")]
)
def test_when_a_speed_nears_its_limit_expect_its_colour_to_tell(velocity, colour):
    shown = snapshot([joint(velocity=velocity, effort=0.0)])
    assert styles_of(shown, f"{100 * abs(velocity):3.0f} %") == [Style.parse(colour)]


@pytest.mark.parametrize(
    ("position", "colour"),
    [(0.5, "green"), (-1.85, "yellow"), (1.999, "bold red"), (5.0, "bold red")],
)
def test_when_a_position_nears_its_limit_expect_its_colour_to_tell(position, colour):
    assert styles_of(snapshot([joint(position=position)]), f"{position:.3f}") == [
        Style.parse(colour)
    ]


def test_when_a_joint_has_no_limits_expect_its_number_and_no_bar():
    free = JointShown("wrist", 1.5, 0.1, 2.0)
    text = "\n".join(drawn(snapshot([free]))[1])
    assert "1.500" in text
    assert UNICODE.ends[0] not in text


def test_when_a_position_is_not_a_number_expect_it_said_in_red():
    assert styles_of(snapshot([joint(position=math.nan)]), "     nan") == [RED]


def test_when_there_are_more_joints_than_lines_expect_the_rest_counted():
    shown = snapshot([joint(f"j{k}") for k in range(40)])
    lines = drawn(shown, height=24)[1]
    joints = [text for text in lines if text.startswith("j") and not text.startswith("joint")]
    (rest,) = (text for text in lines if "joints more" in text)
    assert f"and {40 - len(joints)} joints more" in rest
    assert any("replans" in text for text in lines)


def test_when_nothing_was_heard_expect_what_is_waited_for_and_no_empty_charts():
    shown = Snapshot(
        "12:00:00", 7, "/joint_states", ControllerShown("mpc_controller"),
        waiting=("for joint states on /joint_states",),
    )  # fmt: skip
    text = "\n".join(drawn(shown)[1])
    assert "for joint states on /joint_states" in text
    assert "ROS domain 7" in text
    assert "tip error" not in text


def test_when_the_terminal_knows_ascii_only_expect_ascii_only():
    shown = snapshot([joint(velocity=0.4)], log=(LogShown("1", "WARN", "n", "x" * 200),))
    assert all(text.isascii() for text in drawn(shown, glyphs=ASCII)[1])


def test_when_the_controller_falls_silent_expect_its_last_summary_not_taken_for_the_present():
    node = NodeShown("mpc_controller", summary="controlling", age_s=9.0)
    shown = snapshot(controller=ControllerShown("mpc_controller", "active", node))
    assert styles_of(shown, "9.0 s old") == [RED]
    assert "controlling" not in "\n".join(drawn(shown)[1])


def test_when_something_was_late_just_now_expect_red_and_later_not():
    node = NodeShown("mpc_controller", summary="controlling", age_s=0.1)
    late = ControllerShown("mpc_controller", "active", node, late=4, lately=1)
    assert styles_of(snapshot(controller=late), "late 4") == [RED]
    calm = dataclasses.replace(late, lately=0)
    assert RED not in styles_of(snapshot(controller=calm), "late 4")


def test_when_said_in_a_pipe_expect_safety_and_staleness_in_the_line():
    node = NodeShown("mpc_controller", ERROR, age_s=0.1)
    controller = ControllerShown("mpc_controller", "active", node, safety="position_limit")
    said = plain_line(snapshot(controller=controller, state_age_s=2.0))
    assert "MOTION STOPPED: position_limit" in said
    assert "states STOPPED 2.0 s ago" in said
