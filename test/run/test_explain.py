"""What is told of a run is what happened in it: shaking, stops, limits, and who asked for what."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

pytest.importorskip("pybullet")

from rl_control.cli import main
from rl_control.data.runs.decisions import Decisions, read_decision
from rl_control.data.runs.events import LogNote
from rl_control.data.runs.log import read_log
from rl_control.errors import ConfigError, DataError
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.explain_events import Event, events_of, telling_time
from rl_control.run.explain_numbers import effort_text, short_effort, short_names
from rl_control.run.explain_state import sentences, state_at
from rl_control.run.explain_story import story_of
from rl_control.run.explain_tables import joint_table, term_table
from rl_control.run.explain_terms import drivers_at, goal_at, without
from rl_control.run.explain_words import WORDS
from rl_control.run.rig import make_rig
from rl_control.safety.reasons import Reason

START = 1_700_000_000_000_000_000
TARGET, NEAR = (0.508, 0.14, 0.691), (0.576, 0.14, 1.313)


def record(folder, latency=0.0, target=TARGET):
    """Reach a target with commands that act later than the controller knows."""
    rig = make_rig("planar2", arm=BulletConfig(command_latency=latency)).recorded(folder, START)
    rig.reach(rig.goal(target))
    rig.close()
    return folder


@pytest.fixture(scope="module")
def calm(tmp_path_factory):
    return record(tmp_path_factory.mktemp("calm"))


@pytest.fixture(scope="module")
def shaking(tmp_path_factory):
    return record(tmp_path_factory.mktemp("shaking"), 0.02, NEAR)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    return record(tmp_path_factory.mktemp("stopped"), 0.04)


def of_kind(story, kind):
    return [event for event in events_of(story) if event.kind == kind]


def told_nothing(log):
    return replace(log, decisions=Decisions([], np.zeros(0, dtype=np.int64), read_decision))


def test_when_a_run_is_calm_expect_neither_shaking_nor_a_stop(calm):
    story = story_of(read_log(calm))
    assert not of_kind(story, "shook") + of_kind(story, "stopped") + of_kind(story, "gap")
    (goal,) = of_kind(story, "goal")
    assert (goal.start, goal.text) == (0.0, "new target: tip at 0.508, 0.140, 0.691 m")


def test_when_a_delay_is_not_told_expect_the_shaking_at_its_frequency(shaking):
    story = story_of(read_log(shaking))
    (event,) = of_kind(story, "shook")
    inside = (story.times >= event.start) & (story.times <= event.end)
    speed = story.inputs.velocities[inside, 1]
    frequencies = np.fft.rfftfreq(len(speed), 0.005)
    power = np.abs(np.fft.rfft(speed - speed.mean())) * (frequencies > 3.0)
    told = re.search(r"the arm shook, (\d+) times a second", event.text)
    assert told
    assert int(told[1]) == pytest.approx(frequencies[power.argmax()], abs=1.5)
    assert "the commands swung with it" in event.text
    assert "mpc.actuation_delay" in event.text
    assert event.end - event.start > 2.0


def test_when_the_filter_stops_the_arm_expect_reason_numbers_and_remedy(stopped):
    log = read_log(stopped)
    story = story_of(log)
    (event,) = of_kind(story, "stopped")
    k = story.violations.index(next(v for v in story.violations if v))
    assert event.start == story.times[k]
    v, bound = story.inputs.velocities[k], 1.1 * story.allowed.velocity
    i = int(np.argmax(np.abs(v) / bound))
    assert abs(v[i]) > bound[i]
    assert f"velocity_limit at {log.names[i]}: {v[i]:.4g}, allowed {bound[i]:.4g}" in event.text
    assert "Lower velocity_scale" in event.text
    later = sentences(story, k + 10, drivers_at(story, k + 10))
    assert later[0].startswith(f"Motion has been stopped since {story.times[k]:.3f} s")


def test_when_no_decisions_were_recorded_expect_the_same_found_out_anew(stopped):
    log = read_log(stopped)
    told, found = story_of(log), story_of(told_nothing(log))
    assert told.told
    assert not found.told
    known = np.isfinite(told.asked).all(axis=1)
    moving = np.array([not violation for violation in told.violations])
    both = known & moving
    np.testing.assert_allclose(found.asked[both], told.asked[both], rtol=1e-6, atol=1e-9)
    last = len(told.reasons) - 1  # the state behind the last command was never answered
    assert list(found.reasons[:last]) == list(told.reasons[:last])
    assert list(found.violations[:last]) == list(told.violations[:last])
    kinds = {event.kind for event in events_of(found)}
    assert kinds >= {"stopped", "goal", "limit"}


def test_when_a_term_is_left_out_expect_what_a_planner_without_it_commands(calm):
    """The oracle is a planner made without the term."""
    from rl_control.control.planner_settings import chosen
    from rl_control.run.assemble import reach_mpc
    from rl_control.run.explain_terms import _ROUNDS

    story, k = story_of(read_log(calm)), 20
    drivers = drivers_at(story, k)
    assert set(drivers.pulls) == set(vars(story.config.task.weights))
    assert sum(drivers.shares.values()) == pytest.approx(drivers.plan.cost, rel=1e-9)
    robot = replace(story.arm.robot, limits=story.limits)
    task = without(story.config.task, "velocity_limits")
    mpc = reach_mpc(robot, chosen(story.config), task)
    mpc.set_goal(goal_at(story, k))
    state = story.inputs.state(k)
    for _ in range(_ROUNDS):
        plan = mpc.plan(state, state.stamp)
    expected = drivers.command - plan.controls[0]
    assert np.abs(expected).max() > 1e-2
    np.testing.assert_allclose(drivers.pulls["velocity_limits"], expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        drivers.gravity, make_gravity(story)(state.position), rtol=1e-9, atol=1e-12
    )


def make_gravity(story):
    from rl_control.robot.arm_model import ArmModel

    return ArmModel(story.arm.robot).gravity_torque


def test_when_the_arm_is_at_rest_expect_gravity_and_balance_instead_of_terms(calm):
    story = story_of(read_log(calm))
    k = len(story.times) - 2
    drivers = drivers_at(story, k)
    beyond = np.abs(drivers.command - drivers.gravity).max()
    lines = sentences(story, k, drivers)
    (held,) = [line for line in lines if "against gravity" in line]
    told = re.search(r"([\d.]+) N m", held)
    assert told
    assert float(told[1]) == pytest.approx(beyond, abs=0.005)
    assert not any(line.startswith("Without") for line in lines)
    assert any("cost terms are in balance" in line or "No cost term" in line for line in lines)


def test_when_something_tells_more_than_the_filter_expect_its_time(calm, shaking, stopped):
    story = story_of(read_log(stopped))
    (stop,) = of_kind(story, "stopped")
    assert telling_time(events_of(story)) == pytest.approx(stop.start - 0.005)
    events = events_of(story_of(read_log(shaking)))
    (shook,) = [event for event in events if event.kind == "shook"]
    time = telling_time(events)
    assert time is not None and shook.start < time < shook.end
    cut = [
        Event(0.0, 0.01, "filter", ""),
        Event(1.0, 1.3, "filter", ""),
        Event(0.5, 0.5, "goal", ""),
    ]
    assert telling_time(cut) == 1.0
    assert telling_time(cut[2:]) is None


@pytest.mark.parametrize(
    ("effort", "limit", "text", "short"),
    [
        (1.102e-4, 300.0, "0", "0"),
        (-1.1e-4, 0.5, "-0.0001", "-0.0001"),
        (4.8234, 300.0, "4.82", "+4.82"),
        (-105.89, 300.0, "-105.89", "-106"),
        (99.96, 300.0, "99.96", "+100"),
        (9.996, np.inf, "10.00", "+10.0"),
        (-0.001, 40.0, "0", "0"),
    ],
)
def test_when_an_effort_is_told_expect_digits_that_matter(effort, limit, text, short):
    assert effort_text(effort, limit) == text
    assert short_effort(effort, limit) == short


def test_when_joints_begin_alike_expect_their_rests():
    assert short_names(["arm_1", "arm_2", "arm_10"]) == ("arm_", ["1", "2", "10"])
    assert short_names(["shoulder", "elbow"]) == ("", ["shoulder", "elbow"])
    assert short_names(["joint", "joint_2"]) == ("", ["joint", "joint_2"])
    assert short_names(["only"]) == ("", ["only"])


@pytest.mark.parametrize("width", [80, 100])
def test_when_seven_joints_are_told_expect_tables_as_wide_as_a_terminal(calm, width):
    story = story_of(read_log(calm))
    drivers = drivers_at(story, 20)
    names = tuple(f"lbr_iiwa_joint_{k}" for k in range(1, 8))
    limits = story.arm.robot.limits
    seven = replace(limits, names=names, **{
        key: np.full(7, 300.0) for key in ("lower", "upper", "velocity", "effort")
    })  # fmt: skip
    rows = np.full((len(story.times), 7), -123.456)
    wide = replace(
        story,
        inputs=replace(story.inputs, names=names, positions=rows, velocities=rows, commands=rows),
        arm=replace(story.arm, robot=SimpleNamespace(limits=seven)),
        asked=rows,
    )
    pulls = {term: np.full(7, 123.456) for term in drivers.pulls}
    full = replace(drivers, gravity=rows[0], pulls=pulls)
    for made in (joint_table(wide, 20, full), term_table(wide, 20, full)):
        out = Console(width=width, file=io.StringIO())
        out.print(made)
        text = out.file.getvalue()
        assert "…" not in text
        assert text.count("-123") in (7 * len(pulls), 7 * 5)
        assert "lbr_iiwa_joint_" in text


def test_when_the_effort_is_to_change_too_fast_expect_both_numbers(calm):
    story = story_of(read_log(calm))
    k = next(k for k, reason in enumerate(story.reasons) if k and reason == "effort_rate")
    (line,) = [line for line in sentences(story, k, drivers_at(story, k)) if "to change by" in line]
    change = story.asked[k] - story.inputs.commands[k - 1]
    allowed = 50.0 * 0.005 * story.allowed.effort
    i = int(np.argmax(np.abs(change) / allowed))
    assert f"{story.log.names[i]} was to change by {change[i]:+.4g}" in line
    assert f"allowed are {allowed[i]:.4g} in 5 ms" in line


def test_when_the_effort_is_at_its_bound_expect_joint_and_bound(stopped):
    story = story_of(read_log(stopped))
    at = np.abs(np.nan_to_num(story.asked)) >= story.limits.effort * (1 - 1e-9)
    places = np.flatnonzero(at.any(axis=1) & [not v for v in story.violations])
    k = int(places[0])
    lines = sentences(story, k, drivers_at(story, k))
    joint = story.log.names[int(np.flatnonzero(at[k])[0])]
    assert any(line.startswith(f"{joint} was given all the effort") for line in lines)


def test_when_a_target_is_refused_expect_when_and_why(calm):
    log = read_log(calm)
    at = int(log.states.received[40])
    text = "target refused, the last one stays: target (9.000, 0.000, 0.000) m cannot be reached"
    story = story_of(replace(log, notes=(LogNote(at, "mpc_controller", 40, text),)))
    (event,) = of_kind(story, "refused")
    assert event.start == pytest.approx(40 * 0.005, abs=1e-6)
    assert event.text == text


def test_when_states_are_missing_expect_a_gap(calm):
    log = read_log(calm)
    keep = np.ones(len(log.states.stamps), dtype=bool)
    keep[30:50] = False
    columns = ("stamps", "received", "positions", "velocities", "efforts")
    thinned = {name: getattr(log.states, name)[keep] for name in columns}
    (event,) = of_kind(story_of(replace(log, states=replace(log.states, **thinned))), "gap")
    assert event.text == "no state for 105 ms, where one comes every 5 ms"


@pytest.mark.parametrize("text", ["-1", "1000", "nan", "soon", "inf"])
def test_when_the_time_is_not_in_the_run_expect_what_is(calm, text):
    with pytest.raises(ConfigError, match=r"Give seconds from 0 to \d"):
        state_at(story_of(read_log(calm)), text)


def test_when_a_time_is_given_either_way_expect_the_same_state(calm):
    log = read_log(calm)
    late = 1_700_000_000_000_000_000  # as a real arm's stamps are
    shifted = {
        "states": replace(log.states, stamps=log.states.stamps + late),
        "commands": replace(log.commands, stamps=log.commands.stamps + late),
        "goals": tuple(replace(g, stamp=g.stamp + late if g.stamp >= 0 else -1) for g in log.goals),
    }
    story = story_of(told_nothing(replace(log, **shifted)))
    stamp = story.inputs.stamps[17]
    assert state_at(story, f"{stamp // 10**9}.{stamp % 10**9:09d}") == 17
    assert state_at(story, f"{17 * 0.005 + 0.001}") == 17


def test_when_there_are_no_settings_or_commands_expect_what_to_record(calm):
    log = read_log(calm)
    with pytest.raises(DataError, match="no settings of a controller"):
        story_of(replace(log, settings=()))
    none = {key: getattr(log.commands, key)[:0] for key in ("stamps", "received", "values")}
    with pytest.raises(DataError, match="no commands in it"):
        story_of(replace(log, commands=replace(log.commands, **none)))


def test_when_a_reason_exists_expect_words_and_a_remedy_for_it():
    for reason in Reason:
        words = WORDS[reason.value]
        assert words.what
        assert words.remedy.endswith(".")


def test_when_called_expect_table_picture_and_figures(shaking, tmp_path, capsys):
    picture, figures = tmp_path / "why.png", tmp_path / "why.json"
    assert main(["explain", str(shaking), "--plot", str(picture), "--json", str(figures)]) == 0
    assert "the arm shook" in capsys.readouterr().out
    assert picture.read_bytes()[1:4] == b"PNG"
    assert {event["kind"] for event in json.loads(figures.read_text())} >= {"shook", "goal"}
    assert main(["explain", str(shaking), "--at", "0.5", "--plot", str(picture)]) == 0
    said = capsys.readouterr().out
    assert "at 0.500 s (state 100" in said
    assert "The arm shook" in said
    assert "velocity_limits" in said


def test_when_the_bag_is_of_another_robot_expect_its_joints(calm, capsys):
    assert main(["explain", str(calm), "--robot", "iiwa7"]) == 2
    assert "it is of joints shoulder, elbow" in capsys.readouterr().err
