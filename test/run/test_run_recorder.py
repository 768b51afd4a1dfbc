"""What a run in one process leaves behind: a bag from which it can be repeated to the bit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.data.bags.writer import BagWriter
from rl_control.data.runs.log import RunLog, read_log
from rl_control.errors import DataError
from rl_control.plants.fake import FakePlant
from rl_control.robot.description import load_robot
from rl_control.run.goal_told import goal_as_told, goal_of
from rl_control.run.reach_settings import RigConfig
from rl_control.run.recorded import RecordedPlant
from rl_control.run.rig import Rig, make_rig
from rl_control.run.run_recorder import RunRecorder
from rl_control.run.timed_plant import PAUSE, seconds_of
from rl_control.types import Command, Goal, JointState, Trajectory

TARGETS = ([0.508, 0.14, 0.691], [0.5, 0.14, 1.3])
START = 1_700_000_000_000_000_000
OWN = ("plan", "tip_path", "goal", "goal_joints", "decisions", "settings")
NAMES = {
    *("/joint_states", "/effort_controller/commands", "/robot_description"),
    *(f"/mpc_controller/{name}" for name in OWN),
}


@dataclass(frozen=True)
class Recorded:
    rig: Rig
    log: RunLog
    goals: list[Goal]
    runs: list[Trajectory]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Recorded:
    folder = tmp_path_factory.mktemp("run")
    rig = make_rig("planar2").recorded(folder, START)
    goals = [rig.goal(target) for target in TARGETS]
    runs = [rig.reach(goal)[0] for goal in goals]
    rig.close()
    assert rig.recorder is not None and rig.recorder.failure is None
    return Recorded(rig, read_log(folder), goals, runs)


def test_when_a_run_is_recorded_expect_the_topics_of_the_nodes(recorded):
    log = recorded.log
    assert log.controller == "/mpc_controller"
    topics = log.topics
    assert {topics.states, topics.commands, topics.description, *topics.own} == NAMES
    assert log.description == recorded.rig.robot.urdf
    assert len(log.plans) == len(log.paths) > 5
    assert log.plans[0].positions.shape == (recorded.rig.mpc.config.horizon + 1, 2)
    tips = recorded.rig.model.tip_positions(log.plans[0].positions)
    np.testing.assert_array_equal(log.paths[0].points, tips)


def test_when_a_run_is_recorded_expect_states_and_commands_as_they_were(recorded):
    states = np.concatenate([run.states for run in recorded.runs])
    controls = np.concatenate([run.controls for run in recorded.runs])
    stamps = np.concatenate([run.extra["stamp"] for run in recorded.runs])
    log = recorded.log
    found = np.hstack([log.states.positions, log.states.velocities])
    np.testing.assert_array_equal(found, states)
    np.testing.assert_array_equal(log.commands.values, controls)
    np.testing.assert_array_equal([seconds_of(int(s)) for s in log.states.stamps], stamps)
    # Every state but the last of an episode is answered.
    ends = np.cumsum([len(run.states) for run in recorded.runs]) - 1
    np.testing.assert_array_equal(log.commands.stamps, np.delete(log.states.stamps, ends))


def test_when_the_arm_starts_anew_expect_time_to_go_on_and_the_settings_told_again(recorded):
    log = recorded.log
    first = len(recorded.runs[0].states)
    steps = np.diff(log.states.stamps)
    assert steps[first - 1] == PAUSE
    assert (np.delete(steps, first - 1) == 5_000_000).all()
    assert [one.start for one in log.settings] == [True, True]
    assert log.settings[0].values["robot"] == "planar2"
    received = log.states.received
    assert received[0] == START
    for one, state in zip(log.settings, (0, first), strict=True):
        assert one.received < received[state]
        assert state == 0 or received[state - 1] < one.received


def test_when_goals_are_recorded_expect_the_next_state_to_be_planned_for_them(recorded):
    log = recorded.log
    firsts = [0, len(recorded.runs[0].states)]
    for goal, told, first in zip(recorded.goals, log.goals, firsts, strict=True):
        np.testing.assert_array_equal(told.position, goal.position)
        np.testing.assert_array_equal(told.posture, goal.posture)
        assert told.stamp < log.states.stamps[first]
        assert first == 0 or told.stamp == log.states.stamps[first - 1]


def test_when_decisions_are_recorded_expect_one_a_command_with_what_was_asked(recorded):
    decisions, log = recorded.log.decisions, recorded.log
    assert len(decisions) == len(log.commands.stamps)
    sent = np.stack([decisions.numbers(f"sent.{name}") for name in log.names], axis=1)
    np.testing.assert_allclose(sent, log.commands.values, rtol=1e-6, atol=1e-12)
    asked = np.stack([decisions.numbers(f"asked.{name}") for name in log.names], axis=1)
    reasons = np.array(decisions.column("reason"))
    passed = reasons == ""
    np.testing.assert_allclose(asked[passed], sent[passed], rtol=1e-6, atol=1e-12)
    assert decisions.column("state") == decisions.column("plan")
    costs = decisions[3].group("cost_by_term")
    assert sum(costs.values()) == pytest.approx(decisions[3].number("cost"), rel=1e-5)
    tips = np.concatenate([run.tips[:-1] for run in recorded.runs])
    targets = np.repeat(TARGETS, [len(run.controls) for run in recorded.runs], axis=0)
    error = 1e3 * np.linalg.norm(tips - targets, axis=1)
    np.testing.assert_allclose(decisions.numbers("tip_error_mm"), error, rtol=1e-5, atol=1e-6)


def test_when_a_run_is_repeated_from_its_bag_expect_the_same_commands_to_the_bit(recorded):
    log = recorded.log
    again = make_rig("planar2")
    starts = {int(np.searchsorted(log.states.received, one.received)) for one in log.settings}
    goals = list(log.goals)
    answers = {int(stamp): k for k, stamp in enumerate(log.commands.stamps)}
    compared = 0
    for k, stamp in enumerate(log.states.stamps.tolist()):
        now = seconds_of(stamp)
        if k in starts:
            again.mpc.reset()
            again.safety.reset()
        while goals and goals[0].stamp < stamp:
            told = goals.pop(0)
            again.mpc.set_goal(Goal(told.position, told.posture))
        if stamp not in answers:
            continue
        joints = JointState(
            log.names, log.states.positions[k], log.states.velocities[k], np.zeros(2), now
        )
        again.mpc.plan(joints, now)
        command = again.safety.apply(again.mpc.command(joints, now), joints, now)
        np.testing.assert_array_equal(command.effort, log.commands.values[answers[stamp]])
        compared += 1
    again.close()
    assert compared == len(answers) > 100


def test_when_nothing_is_recorded_expect_the_same_motion(recorded):
    rig = make_rig("planar2")
    for goal, run in zip(recorded.goals, recorded.runs, strict=True):
        np.testing.assert_array_equal(rig.reach(goal)[0].states, run.states)
    rig.close()


def test_when_a_goal_has_a_rotation_expect_it_read_back_to_the_bit(tmp_path):
    robot = load_robot("planar2")
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((3, 3)))[0]
    goal, quaternion = goal_as_told(Goal(np.ones(3), np.ones(2), turn * np.linalg.det(turn)))
    with RunRecorder(tmp_path, robot, RigConfig(), START) as recorder:
        recorder.next_episode((goal, quaternion))
        RecordedPlant(FakePlant(robot.names), recorder).reset()
    (told,) = read_log(tmp_path).goals
    again = goal_of(told.position, told.quaternion, told.posture)
    np.testing.assert_array_equal(again.rotation, goal.rotation)


def test_when_stamps_begin_anew_expect_the_episodes_behind_one_another(tmp_path):
    robot = load_robot("planar2")
    with RunRecorder(tmp_path, robot, RigConfig(), START, node="excitation") as recorder:
        for _ in range(2):
            plant = RecordedPlant(FakePlant(robot.names), recorder)
            plant.reset()
            for reason in ("", "effort_rate", "", ""):
                plant.step(Command(robot.names, np.ones(2), 0.0, reason=reason))
    log = read_log(tmp_path)
    assert log.controller == "/excitation"
    assert (np.diff(log.states.stamps) > 0).all()
    assert np.diff(log.states.stamps)[4] == PAUSE
    assert len(log.commands.stamps) == 8
    assert log.decisions.column("reason") == ["", "effort_rate", "", ""] * 2
    assert not log.decisions[0].group("cost_by_term")
    assert sum(one.start for one in log.settings) == 2


def test_when_a_run_is_resumed_expect_a_bag_of_its_own(tmp_path):
    robot = load_robot("planar2")
    for name in ("bag", "bag-2", "bag-3"):
        with RunRecorder(tmp_path, robot, RigConfig(), START) as recorder:
            assert recorder.folder == tmp_path / name


def test_when_the_disk_fails_expect_the_run_to_go_on_and_to_be_told(tmp_path, monkeypatch):
    robot = load_robot("planar2")
    recorder = RunRecorder(tmp_path, robot, RigConfig(), START)
    plant = RecordedPlant(FakePlant(robot.names), recorder)
    plant.reset()

    def full(self, *args, **kwargs):
        raise DataError(self.folder, "the disk is full", "Make room.")

    monkeypatch.setattr(BagWriter, "write", full)
    before = plant.observe().joints.stamp
    plant.step(Command(robot.names, np.ones(2), 0.0))
    assert plant.step(Command(robot.names, np.ones(2), 0.0)).joints.stamp > before
    recorder.close()
    assert "the disk is full" in str(recorder.failure)
