"""The demo: what it makes of the client's records, and the whole of it over ROS 2."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.data.bag import read_bag
from rl_control.errors import ConfigError, MissingDependencyError, UnknownNameError
from rl_control.robot.description import load_robot
from rl_control.run import demo
from rl_control.run.demo_record import read_record, summarize

ROBOT = load_robot("planar2")


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add_arguments(parser)
    return parser.parse_args(words)


def written(path, reports=None):
    """Write what a client would: two targets of which the first is reached."""
    stamps = 100.0 + 0.01 * np.arange(401)
    tips = np.zeros((401, 3))
    tips[:200, 0] = 0.5
    states = np.zeros((401, 4))
    states[50, 2] = 0.5 * ROBOT.limits.velocity[0]
    efforts = np.zeros((401, 2))
    efforts[300, 1] = -0.25 * ROBOT.limits.effort[1]
    targets = [
        {"target": [0.5, 0.0, 0.001], "sent": 100.0, "settle_time_s": 0.7},
        {"target": [0.0, 0.3, 0.4], "sent": 102.0, "settle_time_s": None},
    ]
    default = {
        "mpc_controller": [
            [99.0, {"solves": "10", "solve_ms": "9.0", "goal": "none"}],
            [101.0, {"solves": "100", "solve_ms": "0.2", "goal": "moving"}],
            [103.0, {"solves": "500", "solve_ms": "0.4", "goal": "reached"}],
        ],
        "arm_sim": [
            [101.0, {"states": "300", "missed": "7", "state_to_command_ms.p99": "1.5"}],
            [103.0, {"states": "700", "missed": "8", "state_to_command_ms.p99": "2.5"}],
        ],
    }
    np.savez_compressed(
        path,
        stamps=stamps,
        states=states,
        efforts=efforts,
        tips=tips,
        targets=json.dumps(targets),
        reports=json.dumps(default if reports is None else reports),
    )


def test_when_a_record_is_read_expect_each_target_judged_on_its_own_part(tmp_path):
    written(tmp_path / "run.npz")
    recorded = read_record(tmp_path / "run.npz", ROBOT)
    first, second = recorded.results
    assert first.reached
    assert first.settle_time_s == 0.7
    assert first.final_error_m == pytest.approx(0.001)
    assert first.peak_velocity_ratio == pytest.approx(0.5)
    assert first.peak_torque_ratio == 0.0
    assert not second.reached
    assert second.final_error_m == pytest.approx(0.5)
    assert second.peak_torque_ratio == pytest.approx(0.25)
    assert recorded.run.targets[0].settled == pytest.approx(0.7)
    assert recorded.run.targets[1].start == pytest.approx(2.0)


def test_when_a_record_is_summed_up_expect_rates_from_the_counters_growth(tmp_path):
    written(tmp_path / "run.npz")
    report = summarize(read_record(tmp_path / "run.npz", ROBOT), ROBOT, seed=3)
    assert report["replan_hz"] == pytest.approx(200.0)
    assert report["solve_ms"]["p50"] == pytest.approx(0.3)
    assert report["missed_commands"] == 1
    assert report["states"] == 400
    assert report["state_to_command_ms"]["p99"] == 2.5
    assert report["success_rate"] == 0.5


def test_when_no_diagnostics_came_expect_gaps_and_not_a_crash(tmp_path):
    written(tmp_path / "run.npz", {"mpc_controller": [], "arm_sim": []})
    report = summarize(read_record(tmp_path / "run.npz", ROBOT), ROBOT, seed=3)
    assert report["replan_hz"] is None
    assert report["solve_ms"] == {"p50": None, "p99": None}
    assert report["missed_commands"] is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("[demo] target 1 of 5", "target 1 of 5"),
        ("[arm_sim] [INFO] [1.0] [arm_sim]: active", ""),
        ("[arm_sim] [ERROR] [1.0] [arm_sim]: bad", "[arm_sim] [ERROR] [1.0] [arm_sim]: bad"),
        ("[mpc_controller] rl_control: compiling x", "[mpc_controller] rl_control: compiling x"),
        (
            "arm_sim ended with exit code 2: ending all.",
            "arm_sim ended with exit code 2: ending all.",
        ),
    ],
)
def test_when_nodes_talk_expect_only_what_matters_shown(line, shown):
    assert demo.worth_showing(line) == shown


def test_when_ros_is_missing_expect_the_remedy_named(monkeypatch):
    monkeypatch.setattr(demo.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[ros\]"):
        demo.run(parse())


def test_when_the_input_is_bad_expect_no_process_started(monkeypatch, tmp_path):
    pytest.importorskip("rclpy")
    monkeypatch.setattr(demo, "start", lambda *a: pytest.fail("started"))
    with pytest.raises(ConfigError, match="--targets"):
        demo.run(parse("--targets", "0"))
    with pytest.raises(UnknownNameError, match="panda"):
        demo.run(parse("--robot", "pandda", "--runs", str(tmp_path)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("words", "record"), [((), "true"), (("--no-record",), "false")])
def test_when_the_demo_starts_expect_its_bag_in_the_folder_of_the_run(
    monkeypatch, tmp_path, words, record
):
    pytest.importorskip("rclpy")
    asked = {}

    def start(nodes, targets, folder, out):
        asked.update(nodes, folder=folder)
        return 3

    monkeypatch.setattr(demo, "start", start)
    assert demo.run(parse("--robot", "planar2", "--runs", str(tmp_path), *words)) == 3
    assert asked["record"] == record
    assert asked["record_folder"] == str(asked["folder"] / "bag")
    told = json.loads((asked["folder"] / "run.json").read_text())
    assert (told["verb"], told["robot"], told["result"]) == ("demo", "planar2", None)


@pytest.mark.slow
def test_when_the_demo_runs_expect_targets_reached_over_ros_and_files_left(tmp_path):
    pytest.importorskip("rclpy")
    pytest.importorskip("matplotlib")
    result = tmp_path / "result.json"
    words = ("--robot", "planar2", "--targets", "2", "--seed", "1")
    assert demo.run(parse(*words, "--runs", str(tmp_path), "--json", str(result))) == 0
    report = json.loads(result.read_text())
    assert report["success_rate"] == 1.0
    assert report["peak_torque_ratio"] <= 1.0
    folder = next(path for path in tmp_path.iterdir() if path.is_dir())
    assert {path.name for path in folder.iterdir()} == {
        *("run.png", "run.gif", "run.npz"),
        *("result.json", "nodes.log"),
        *("bag", "run.json"),
    }
    assert json.loads((folder / "run.json").read_text())["result"]["success_rate"] == 1.0
    states = read_bag(folder / "bag", ROBOT.names)
    assert states.rejected.keys() <= {"no_velocity"}
    assert np.abs(np.diff(states.positions, axis=0)).max() > 0.0
