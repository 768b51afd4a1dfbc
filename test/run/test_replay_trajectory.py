"""The verb `rl_control replay trajectory`."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.cli import main
from rl_control.data.paths.files import read_path, write_path
from rl_control.data.paths.joint_path import JointPath
from rl_control.data.runs.log import read_log
from rl_control.errors import ConfigError, DataError
from rl_control.report import bag_plot
from rl_control.report.plots import tip_error
from rl_control.report.run_sheet import sheet_of
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run import replay_trajectory
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_compare import compared
from rl_control.run.explain_story import story_of
from rl_control.run.explain_terms import drivers_at
from rl_control.run.replay_path_run import LEAD
from rl_control.run.report_facts import figures_of, judged, still_of
from rl_control.run.report_robot import source_of
from rl_control.run.rig import make_rig
from rl_control.run.view_log import log_source


def replay(*words):
    parser = argparse.ArgumentParser()
    replay_trajectory.add_arguments(parser)
    return replay_trajectory.run(parser.parse_args([str(word) for word in words]))


def swing(robot, rate=0.5, width=0.3):
    times = np.linspace(0.0, 2.0, 41)
    fade = np.clip(times / 0.6, 0.0, 1.0) * np.clip((2.0 - times) / 0.6, 0.0, 1.0)
    fade = fade**2 * (3.0 - 2.0 * fade)
    lean = width * (fade * np.sin(2.0 * np.pi * rate * times))[:, None]
    return JointPath(robot.names, times, robot.home + lean)


@pytest.fixture
def recorded(tmp_path):
    """`recorded(name)`: the file of a path for a robot."""

    def make(name="planar2", **kind):
        file = tmp_path / f"{name}.csv"
        write_path(file, swing(load_robot(name), **kind))
        return file

    return make


@pytest.mark.parametrize("robot", ["planar2", pytest.param("iiwa7", marks=pytest.mark.slow)])
def test_when_a_path_is_replayed_expect_the_tip_within_two_millimetres(
    recorded, robot, tmp_path, capsys
) -> None:
    out = tmp_path / "result.json"
    runs = tmp_path / "runs"
    flags = ("--robot", robot, "--json", out, "--runs", runs)
    assert replay(recorded(robot, rate=1.0), *flags) == 0
    result = json.loads(out.read_text())
    assert result["stopped"] == ""
    assert result["slowed"] == 1.0
    assert result["tip_rms_m"] < 2e-3
    assert result["tip_end_m"] < 1e-3
    assert all(joint["greatest_error"] < 0.01 for joint in result["joints"])
    shown = capsys.readouterr().out
    assert "as recorded" in shown and "mm rms" in shown
    # What was recorded can be replayed in turn, and is the same motion.
    (run,) = runs.iterdir()
    again = read_path(run, load_robot(robot).names)
    wanted = swing(load_robot(robot), rate=1.0)
    for name, column in zip(again.names, again.positions.T, strict=True):
        since = again.times - LEAD
        expected = np.interp(since, wanted.times, wanted.ordered([name]).positions[:, 0])
        assert np.abs(column - expected).max() < 0.02


@pytest.fixture(scope="module")
def gone(tmp_path_factory):
    """The folder of a run along a path that ends where it began."""
    folder = tmp_path_factory.mktemp("gone")
    write_path(folder / "path.csv", swing(load_robot("planar2"), rate=1.0))
    flags = ("--robot", "planar2", "--runs", folder / "runs")
    assert replay(folder / "path.csv", *flags, "--json", folder / "result.json") == 0
    (run,) = (folder / "runs").iterdir()
    return run


def test_when_a_path_was_gone_expect_it_repeated_to_the_bit(gone) -> None:
    log = read_log(gone)
    (goal,) = log.goals
    assert goal.path is not None
    assert goal.path.end - goal.path.start == pytest.approx(2.0, abs=0.01)
    result = compared(counterfactual(log), log)
    assert result.compared > 500
    assert (result.same, result.missing) == (result.compared, 0)


def test_when_a_path_was_gone_expect_its_error_told_against_where_it_was_wanted(gone) -> None:
    log = read_log(gone)
    source = source_of(gone)
    sheet = sheet_of(log, source.robot.limits, source.tip_positions)
    (goal,) = sheet.goals  # although it ends where the arm stood
    way = (sheet.times >= LEAD) & (sheet.times <= goal.arrives)
    assert goal.arrives == pytest.approx(LEAD + 2.0, abs=0.01)
    # The tip goes far from the path's end, and stays near the path.
    assert np.linalg.norm(sheet.tips[way] - goal.position, axis=1).max() > 0.1
    # What the verb measured, and the controller told, is the same.
    result = json.loads((gone.parent.parent / "result.json").read_text())
    rms = np.sqrt(np.mean(sheet.error[way] ** 2))
    assert rms == pytest.approx(result["tip_rms_m"], rel=0.2)
    told = 1e-3 * log.decisions.numbers("tip_error_mm")
    np.testing.assert_allclose(told, sheet.error[: len(told)], atol=1e-6)
    (judgement,) = judged(sheet, still_of(log))
    assert judgement.settled >= goal.arrives
    figures = figures_of(sheet, [judgement], [])
    (figure,) = [one for one in figures if "from the path" in one.text]
    assert float(figure.value) == pytest.approx(1e3 * rms, rel=0.2)


def test_when_a_path_was_gone_expect_the_bag_plotted_against_it(
    gone, tmp_path, monkeypatch
) -> None:
    pictures = []
    monkeypatch.setattr(bag_plot, "plot_bag", lambda picture, path: pictures.append(picture))
    assert main(["bag", "plot", str(gone), "--output", str(tmp_path / "bag.png")]) == 0
    (picture,) = pictures
    error = tip_error(picture.times, picture.tips, picture.targets)
    assert 1e-5 < np.nanmax(error) < 5e-3


def test_when_a_path_was_gone_expect_its_target_shown_where_it_was_by_then(gone) -> None:
    log = read_log(gone)
    source = log_source(log, None, None, None)
    source.playback.playing = False
    source.playback.time = LEAD + 0.9
    seen = source.look()
    tip = ArmModel(source.robot).tip(seen.joints.position).position
    assert np.linalg.norm(tip - seen.goal.position) < 5e-3
    assert np.linalg.norm(log.goals[0].position - seen.goal.position) > 0.05


def test_when_a_path_was_gone_expect_it_explained(gone, capsys) -> None:
    assert main(["explain", str(gone)]) == 0
    shown = capsys.readouterr().out
    assert "a path of 2.00 s" in shown
    drivers = drivers_at(story_of(read_log(gone)), 160)  # on the way
    assert {"tip_position", "posture", "effort"} <= set(drivers.pulls)
    assert not {"tip_orientation", "velocity"} & set(drivers.pulls)
    assert all(np.abs(drivers.pulls[term]).max() > 1e-3 for term in ("tip_position", "posture"))


def test_when_no_record_is_wanted_expect_no_folder(recorded, tmp_path) -> None:
    flags = ("--robot", "planar2", "--runs", tmp_path / "runs", "--no-record")
    assert replay(recorded(), *flags) == 0
    assert not (tmp_path / "runs").exists()


def test_when_only_a_check_is_asked_for_expect_the_path_as_it_would_be_gone(
    recorded, tmp_path, capsys
) -> None:
    save = tmp_path / "ready.yaml"
    command = (recorded(), "--robot", "planar2", "--speed", 50, "--check-only", "--save", save)
    assert replay(*command) == 0
    robot = load_robot("planar2")
    found = read_path(save, robot.names)
    assert found.names == robot.names
    assert found.duration > 2.0 / 50.0
    assert found.velocities is not None
    assert "slowed down" in capsys.readouterr().out


def test_when_the_path_leaves_the_limits_expect_nothing_to_move(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(replay_trajectory, "_in_simulation", None)
    robot = load_robot("planar2")
    far = robot.home.copy()
    far[1] = robot.limits.upper[1] + 0.1
    path = JointPath(robot.names, np.array([0.0, 9.0]), np.array([robot.home, far]))
    write_path(tmp_path / "far.csv", path)
    with pytest.raises(DataError, match=rf"s, {robot.names[1]}: position"):
        replay(tmp_path / "far.csv", "--robot", "planar2")


def test_when_the_path_goes_through_the_floor_expect_a_refusal(tmp_path) -> None:
    robot = load_robot("iiwa7")
    down = robot.home.copy()
    down[1], down[3] = 1.9, -0.3
    times = np.array([0.0, 4.0])
    write_path(tmp_path / "down.csv", JointPath(robot.names, times, np.array([robot.home, down])))
    with pytest.raises(DataError, match="touches itself or the floor"):
        replay(tmp_path / "down.csv")
    ignoring = (tmp_path / "down.csv", "--ignore-collision", "--check-only")
    assert replay(*ignoring) == 0


@pytest.mark.parametrize(
    "flags, key",
    [
        (("--speed", 0), "--speed"),
        (("--speed", "nan"), "--speed"),
        (("--share", 1.5), "--share"),
        (("--real-arm",), "--real-arm"),
    ],
)
def test_when_a_flag_makes_no_sense_expect_it_named(recorded, flags, key) -> None:
    with pytest.raises(ConfigError, match=key):
        replay(recorded(), "--robot", "planar2", *flags)


def test_when_a_run_was_recorded_expect_its_bag_replayed(write_recorded_run, capsys) -> None:
    folder, robot = write_recorded_run
    assert replay(folder, "--robot", robot.name, "--check-only") == 0
    assert "2.00 s recorded" in capsys.readouterr().out


@pytest.fixture(scope="module")
def reached(tmp_path_factory):
    """A run of two targets, each reached from home."""
    folder = tmp_path_factory.mktemp("reached")
    rig = make_rig("planar2").recorded(folder, 1_700_000_000_000_000_000)
    for target in ((0.508, 0.14, 0.691), (0.576, 0.14, 1.313)):
        rig.reach(rig.goal(target))
    rig.close()
    return folder


def test_when_a_run_has_several_episodes_expect_one_of_them(reached, tmp_path, capsys) -> None:
    states = read_log(reached).states
    jump = int(np.abs(np.diff(states.positions, axis=0)).max(axis=1).argmax())
    for flags, first, last in (
        ((), 0, jump),
        (("--episode", "1"), 0, jump),
        (("--episode", "2"), jump + 1, -1),
    ):
        file = tmp_path / "path.csv"
        common = ("--robot", "planar2", "--check-only", "--save", file)
        assert replay(reached, *common, *flags) == 0
        assert f"episode {1 if first == 0 else 2} of 2" in capsys.readouterr().out
        path = read_path(file, load_robot("planar2").names)
        np.testing.assert_allclose(path.positions[0], states.positions[first], atol=5e-3)
        np.testing.assert_allclose(path.positions[-1], states.positions[last], atol=5e-3)


def test_when_there_is_no_such_episode_or_a_jump_is_chosen_expect_refusal(reached) -> None:
    common = ("--robot", "planar2", "--check-only")
    with pytest.raises(ConfigError, match=r"--episode: found 3, of 2. Choose 1 to 2"):
        replay(reached, *common, "--episode", "3")
    with pytest.raises(DataError, match="set back to its start"):
        replay(reached, *common, "--start", "0.1")


def test_when_a_file_is_one_episode_expect_no_other(recorded) -> None:
    common = ("--robot", "planar2", "--check-only")
    assert replay(recorded(), *common, "--episode", "1") == 0
    with pytest.raises(ConfigError, match="Leave it out"):
        replay(recorded(), *common, "--episode", "2")


@pytest.fixture
def write_recorded_run(tmp_path):
    """A run's folder with a bag of joint states in it."""
    from rl_control.data.bags.types import serialize
    from rl_control.data.bags.writer import BagWriter

    robot = load_robot("planar2")
    path = swing(robot)
    rosbags = pytest.importorskip("rosbags.typesys")
    types = rosbags.get_typestore(rosbags.Stores.ROS2_JAZZY).types
    kind = "sensor_msgs/msg/JointState"
    (tmp_path / "run").mkdir()
    with BagWriter(tmp_path / "run" / "bag") as bag:
        bag.topic("/joint_states", kind)
        for k in range(401):
            t = 0.005 * k
            q = [np.interp(t, path.times, path.positions[:, i]) for i in range(robot.n)]
            stamp = types["builtin_interfaces/msg/Time"](sec=3, nanosec=0)
            nanoseconds = 3_000_000_000 + 5_000_000 * k
            stamp.sec, stamp.nanosec = divmod(nanoseconds, 1_000_000_000)
            message = types[kind](
                header=types["std_msgs/msg/Header"](stamp=stamp, frame_id=""),
                name=list(robot.names),
                position=np.array(q),
                velocity=np.zeros(robot.n),
                effort=np.zeros(robot.n),
            )
            bag.write("/joint_states", serialize(kind, message), nanoseconds)
    return tmp_path / "run", robot
