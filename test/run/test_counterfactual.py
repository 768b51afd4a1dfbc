"""A recorded controller, repeated and changed: equal to the bit, or different as it must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.control.planner_settings import chosen
from rl_control.data.bags.cdr_rows import NO_STAMP
from rl_control.data.runs.log import read_log
from rl_control.errors import ConfigError, DataError
from rl_control.robot.settings import load_settings
from rl_control.run.assemble import reach_mpc
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_compare import compared
from rl_control.run.counterfactual_settings import given_changes
from rl_control.run.goal_told import goal_of
from rl_control.run.rig import make_rig

TARGETS = ([0.508, 0.14, 0.691], [0.5, 0.14, 1.3])
START = 1_700_000_000_000_000_000


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rig = make_rig("planar2").recorded(folder, START)
    for target in TARGETS:
        rig.reach(rig.goal(target))
    rig.close()
    return read_log(folder)


def given(**values):
    return {key.replace("__", "."): value for key, value in values.items()}


def test_when_nothing_is_changed_expect_the_recorded_commands_to_the_bit(log):
    found = counterfactual(log)
    result = compared(found, log)
    assert result.compared == len(log.commands.stamps) > 150
    assert result.identical
    assert result.missing == 0
    assert result.lock_step
    # What the filter did is repeated with the rest.
    told = [reason for reason in log.decisions.column("reason") if reason]
    assert sum(result.reasons.values()) >= len(told) > 0
    assert set(told) <= set(result.reasons)
    known = np.isfinite(found.inputs.commands).all(axis=1)
    np.testing.assert_allclose(found.costs[known], log.decisions.numbers("cost"), rtol=1e-6)


@pytest.mark.slow
def test_when_ten_thousand_states_are_repeated_expect_every_command_to_the_bit(tmp_path):
    rig = make_rig("iiwa7").recorded(tmp_path, START)
    rng = np.random.default_rng(0)
    states = 0
    while states < 10_000:
        q = rig.robot.home + rng.uniform(-0.6, 0.6, rig.robot.n)
        states += len(rig.reach(rig.goal(rig.model.tip(q).position))[0].controls)
    rig.close()
    long = read_log(tmp_path)
    result = compared(counterfactual(long), long)
    assert result.same == result.compared == states


def test_when_a_weight_is_changed_expect_what_a_controller_with_it_commands(log):
    """The oracle drives a fresh planner through the recorded states of the first episode."""
    found = counterfactual(log, given(task__weights__posture=[40.0]))
    inputs = found.inputs
    rig = make_rig("planar2")
    try:
        settings = load_settings("planar2")
        scaled = rig.robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
        weights = replace(rig.task.weights, posture=(40.0,))
        task = replace(rig.task, weights=weights)
        mpc = reach_mpc(replace(rig.robot, limits=scaled), chosen(rig.config), task)
    finally:
        rig.close()
    first = log.goals[0]
    mpc.set_goal(goal_of(first.position, first.quaternion, first.posture))
    for k in range(60):
        state = inputs.state(k)
        mpc.plan(state, state.stamp)
        asked = mpc.command(state, state.stamp)
        np.testing.assert_array_equal(found.asked[k], asked.effort)
    result = compared(found, log)
    assert not result.identical
    assert (result.greatest > 0.1).any()
    worst = int(result.greatest.argmax())
    k = int(np.argmin(np.abs(inputs.times - inputs.times[0] - result.greatest_at[worst])))
    difference = np.abs(found.commands[k] - inputs.commands[k])[worst]
    assert difference == result.greatest[worst]


def test_when_efforts_are_limited_expect_commands_at_the_limit(log):
    found = counterfactual(log, given(effort_scale=0.3))
    result = compared(found, log)
    assert (np.abs(found.commands) <= 0.3 * result.limits * (1 + 1e-12)).all()
    assert (result.at_limit > result.recorded_at_limit).any()
    assert not result.identical


def test_when_settings_changed_during_the_run_expect_them_from_the_next_state_on(log):
    """One change in the log and the same change all along differ before it only."""
    states = log.states.stamps
    after = 30
    values = {**log.settings[0].values, "task.weights.posture": [40.0]}
    change = replace(
        log.settings[0],
        stamp=int(states[after]),
        received=int(log.states.received[after]) + 1,
        values=values,
    )
    changed = replace(log, settings=(log.settings[0], change, *log.settings[1:]))
    found = counterfactual(changed)
    same = (found.commands == found.inputs.commands).all(axis=1)
    assert same[: after + 1].all()
    assert not same[after + 1]


def test_when_a_state_is_missing_expect_it_counted_and_a_difference(log):
    keep = np.arange(len(log.states.stamps)) != 20
    states = replace(
        log.states,
        **{
            name: getattr(log.states, name)[keep]
            for name in ("stamps", "received", "positions", "velocities", "efforts")
        },
    )
    result = compared(counterfactual(replace(log, states=states)), log)
    assert result.missing == 1
    assert not result.identical
    assert result.first == pytest.approx(21 * 0.005, abs=1e-6)


def test_when_the_beginning_was_not_recorded_expect_it_told(log):
    states, cut = log.states, 25
    columns = ("stamps", "received", "positions", "velocities", "efforts")
    later = replace(states, **{name: getattr(states, name)[cut:] for name in columns})
    aimed = replace(log.goals[0], stamp=int(states.stamps[0]))
    late = replace(log, states=later, goals=(aimed, *log.goals[1:]))
    whole = compared(counterfactual(log), log)
    result = compared(counterfactual(replace(late, goals=late.goals[:1])), late)
    assert (whole.whole, result.whole) == (True, False)
    assert result.missing == 0
    assert not result.identical


def test_when_the_arm_was_only_held_expect_the_hold_repeated(tmp_path, log):
    """Braking at the end of a run is told by the decisions."""
    reasons = {len(log.decisions) - 1 - k: "stop_requested" for k in range(3)}
    found = counterfactual(replace(log, decisions=Overwritten(log.decisions, reasons)))
    assert {found.reasons.get(k) for k in np.flatnonzero(found.inputs.held)} == {"stop_requested"}
    assert found.inputs.held.sum() == 3
    assert np.isnan(found.asked[found.inputs.held]).all()


class Overwritten:
    """Decisions some of whose reasons are others."""

    def __init__(self, decisions, reasons) -> None:
        self._decisions, self._reasons = decisions, reasons
        self.received = decisions.received

    def __len__(self) -> int:
        return len(self._decisions)

    def stamps(self):
        return self._decisions.stamps()

    def column(self, key):
        values = self._decisions.column(key)
        if key == "reason":
            for k, reason in self._reasons.items():
                values[k] = reason
        return values


def test_when_the_robot_is_not_there_expect_the_one_described_in_the_bag(log):
    lost = replace(log.settings[0], values={**log.settings[0].values, "robot": "/nowhere/arm.urdf"})
    several = tuple(
        replace(s, values={**s.values, "robot": "/nowhere/arm.urdf"}) for s in log.settings
    )
    found = counterfactual(replace(log, settings=several))
    assert any("description" in note for note in found.notes)
    assert len(found.commands) == len(log.states.stamps) - 1
    with pytest.raises(DataError, match="Name the robot"):
        counterfactual(replace(log, settings=(lost,), description=""))


def test_when_the_controller_followed_models_expect_a_word_that_they_are_not_known(log):
    began = tuple(replace(s, values={**s.values, "follow_model": True}) for s in log.settings)
    (note,) = counterfactual(replace(log, settings=began)).notes
    assert "newer versions of its model" in note
    assert counterfactual(log).notes == ()


def test_when_the_robot_is_another_expect_both_joints_in_the_error(log):
    with pytest.raises(DataError, match="it is of joints shoulder, elbow"):
        counterfactual(log, robot="iiwa7")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": ()}, "no settings of a controller"),
        ({"commands": "none"}, "no commands in it"),
        ({"commands": "bare"}, "do not name the states they answer"),
        ({"velocities": "none"}, "have no velocities"),
    ],
)
def test_when_something_lacks_expect_what_and_what_to_do(log, change, message):
    broken = log
    if "settings" in change:
        broken = replace(log, settings=())
    if change.get("commands") == "none":
        empty = replace(
            log.commands,
            stamps=log.commands.stamps[:0],
            received=log.commands.received[:0],
            values=log.commands.values[:0],
        )
        broken = replace(log, commands=empty)
    if change.get("commands") == "bare":
        bare = replace(log.commands, stamps=np.full_like(log.commands.stamps, NO_STAMP))
        broken = replace(log, commands=bare)
    if "velocities" in change:
        states = replace(log.states, velocities=np.full_like(log.states.velocities, np.nan))
        broken = replace(log, states=states)
    with pytest.raises(DataError, match=message):
        counterfactual(broken)


def test_when_a_state_is_not_finite_expect_it_passed_over_as_a_controller_does(log):
    positions = log.states.positions.copy()
    positions[20, 0] = np.nan
    found = counterfactual(replace(log, states=replace(log.states, positions=positions)))
    assert len(found.inputs) == len(counterfactual(log).inputs) - 1
    assert np.isfinite(found.inputs.positions).all()


def test_when_no_state_is_finite_expect_it_said(log):
    positions = np.full_like(log.states.positions, np.nan)
    with pytest.raises(DataError, match="no finite numbers"):
        counterfactual(replace(log, states=replace(log.states, positions=positions)))


def test_when_a_key_is_unknown_expect_the_nearest_one(log):
    with pytest.raises(ConfigError, match=r"task\.weights\.posture"):
        counterfactual(log, given(task__weights__postur=[1.0]))


def test_when_a_value_is_out_of_range_expect_the_range(log):
    with pytest.raises(ConfigError, match="out of range"):
        counterfactual(log, given(mpc__horizon=1))


def test_when_the_command_line_changes_settings_expect_it_to_win_over_the_file(tmp_path):
    file = tmp_path / "tuned.yaml"
    file.write_text("/**:\n  ros__parameters:\n    mpc:\n      horizon: 30\n      iterations: 2\n")
    sets = ["mpc.horizon=40", "task.weights.posture=[1.0, 2.0]", "task.weights.velocity=20"]
    changes = given_changes([*sets, "safety.effort_rate=7"], str(file), None)
    assert changes["mpc.horizon"].value == 40
    assert changes["mpc.iterations"].value == 2
    assert changes["task.weights.posture"].value == (1.0, 2.0)
    assert changes["task.weights.velocity"].value == (20.0,)  # as `param set` takes it
    assert changes["safety.effort_rate"].value == 7.0
    with pytest.raises(ConfigError, match="NAME=VALUE"):
        given_changes(["mpc.horizon"], None, None)


def test_when_a_model_is_missing_expect_its_path(log, tmp_path):
    with pytest.raises(DataError, match=r"nothing\.safetensors"):
        counterfactual(log, given(model=str(tmp_path / "nothing.safetensors")))
