"""A run read back from its bag: equal to what was written, whatever the layout of its messages."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.data.bags.cdr_rows import NO_STAMP, stamp_label
from rl_control.data.runs.log import read_log
from rl_control.data.runs.settings import settings_text
from rl_control.errors import DataError
from rl_control.safety.settings import SafetyConfig

NAMES = ("a", "b", "c")
PERIOD = 5_000_000  # [ns]
START = 999_990_000_000  # so that the seconds get one digit more on the way
NODE = "/mpc_controller"


def states(k):
    return np.sin(k + np.arange(3.0)), np.cos(k + np.arange(3.0)), np.arange(3.0) * k


def run(make, steps=20, names=NAMES):
    for k in range(steps):
        stamp = START + k * PERIOD
        index = [NAMES.index(name) for name in names]
        q, v, u = (part[index] for part in states(k))
        yield "/joint_states", stamp, make.joints(stamp, names, q, v, u)
        yield "/effort_controller/commands", stamp + 1, make.command(u + 1.0, stamp_label(stamp))


def test_when_a_run_is_read_expect_states_and_commands_as_written(write_run, make):
    found = read_log(write_run(run(make)))
    expected = [states(k) for k in range(20)]
    stamps = START + PERIOD * np.arange(20)
    np.testing.assert_array_equal(found.states.stamps, stamps)
    np.testing.assert_array_equal(found.states.positions, [q for q, _, _ in expected])
    np.testing.assert_array_equal(found.states.velocities, [v for _, v, _ in expected])
    np.testing.assert_array_equal(found.states.efforts, [u for _, _, u in expected])
    np.testing.assert_array_equal(found.commands.stamps, stamps)
    np.testing.assert_array_equal(found.commands.values, [u + 1.0 for _, _, u in expected])
    assert (found.names, found.controller, found.goals, found.settings) == (NAMES, "", (), ())


def test_when_joints_come_in_another_order_among_others_expect_them_by_name(write_run, make):
    mixed = [*run(make, 5), *run(make, 5, ("c", "a", "b"))]
    others = [("/joint_states", START, make.joints(START, ("x", "y"), np.ones(2), np.ones(2)))]
    found = read_log(write_run([*others, *mixed]), names=NAMES)
    np.testing.assert_array_equal(
        found.states.positions, [states(k)[0] for k in range(5) for _ in range(2)]
    )


def test_when_a_state_has_no_velocity_expect_nan_and_the_rest(write_run, make):
    bare = [("/joint_states", START, make.joints(START, NAMES, np.ones(3), np.zeros(0)))]
    found = read_log(write_run(bare))
    assert np.isnan(found.states.velocities).all()
    np.testing.assert_array_equal(found.states.positions, np.ones((1, 3)))


def test_when_a_command_names_no_state_expect_no_stamp(write_run, make):
    plain = [("/effort_controller/commands", START, make.command(np.ones(3), None))]
    found = read_log(write_run([*run(make, 3), *plain]))
    assert found.commands.stamps[-1] == NO_STAMP or found.commands.stamps[0] == NO_STAMP
    assert (found.commands.stamps != NO_STAMP).sum() == 3


def test_when_commands_list_joints_in_another_order_expect_the_arms(write_run, make):
    config = "command_joints: [c, a, b]\n"
    told = [(f"{NODE}/settings", START - 1, make.text(config))]
    found = read_log(write_run([*told, *run(make, 3)]))
    np.testing.assert_array_equal(
        found.commands.values, [(states(k)[2] + 1.0)[[1, 2, 0]] for k in range(3)]
    )


def test_when_a_controller_tells_of_itself_expect_goals_settings_and_decisions(write_run, make):
    q = np.array([0.1, 0.2, 0.3])
    turn = np.array([0.0, 0.0, np.sqrt(0.5), np.sqrt(0.5)])
    told = [
        (f"{NODE}/settings", START - 1, make.text(settings_text(SafetyConfig()))),
        (f"{NODE}/goal", START, make.pose(0, [0.4, 0.1, 0.5], turn)),
        (f"{NODE}/goal_joints", START + 1, make.joints(0, NAMES, q)),
        (f"{NODE}/goal", START + 9, make.pose(START, [0.5, 0.1, 0.5], np.zeros(4))),
        (f"{NODE}/goal_joints", START + 10, make.joints(START, NAMES, 2 * q)),
        (
            f"{NODE}/settings",
            START + 11,
            make.text(settings_text(SafetyConfig(effort_rate=9.0), START)),
        ),
        (
            f"{NODE}/decisions",
            START + 12,
            make.diagnostics(
                "mpc_controller", {"state": stamp_label(START), "cost": "1.5", "reason": ""}
            ),
        ),
        (f"{NODE}/plan", START + 13, make.plan(START, NAMES, np.ones((4, 3)), 0.02)),
        ("/diagnostics", START + 14, make.diagnostics("mpc_controller", {"late": "3"})),
        ("/rosout", START + 15, make.log("mpc_controller", 40, "target refused")),
        ("/robot_description", START + 16, make.text("<robot/>")),
    ]
    found = read_log(write_run([*told, *run(make, 3)]))
    first, second = found.goals
    assert (first.stamp, second.stamp) == (NO_STAMP, START)
    np.testing.assert_array_equal(first.quaternion, turn)
    assert second.quaternion is None
    np.testing.assert_array_equal(second.posture, 2 * q)
    began, changed = found.settings
    assert (began.start, changed.start, changed.stamp) == (True, False, START)
    assert (began.values["effort_rate"], changed.values["effort_rate"]) == (50.0, 9.0)
    (decision,) = found.decisions
    assert decision.text("state") == stamp_label(START)
    assert (decision.number("cost"), decision.text("reason")) == (1.5, "")
    assert found.decisions.column("cost") == ["1.5"]
    assert found.decisions.column("absent") == [""]
    (plan,) = found.plans
    np.testing.assert_allclose(plan.times, 0.02 * np.arange(4))
    assert plan.positions.shape == (4, 3)
    assert [report.values for report in found.reports] == [{"late": "3"}]
    assert [(note.level, note.text) for note in found.notes] == [(40, "target refused")]
    assert (found.description, found.controller) == ("<robot/>", NODE)


def test_when_a_controller_is_not_there_expect_the_ones_that_are(write_run, make):
    told = [(f"/left{NODE}/settings", START, make.text("a: 1\n"))]
    path = write_run([*told, *run(make, 2)])
    assert read_log(path, "mpc_controller").controller == f"/left{NODE}"
    with pytest.raises(DataError, match="controllers in it: /left/mpc_controller"):
        read_log(path, "policy_controller")


def test_when_the_bag_is_of_another_robot_expect_its_joints_in_the_error(write_run, make):
    with pytest.raises(DataError, match="the last one names a, b, c, wanted are d"):
        read_log(write_run(run(make, 2)), names=("d",))


def test_when_there_are_no_joint_states_expect_an_error(write_run, make):
    with pytest.raises(DataError, match="no joint states"):
        read_log(write_run([("/robot_description", START, make.text("<robot/>"))]))


def test_when_a_message_is_cut_expect_an_error_that_names_the_bag(write_run, make):
    def cut(types):
        return make.text("a: 1")(types)[0], make.text("a: 1")(types)[1][:6]

    path = write_run([(f"{NODE}/settings", START, cut), *run(make, 2)])
    with pytest.raises(DataError, match=f"{path}: a message in it cannot be read"):
        read_log(path)
