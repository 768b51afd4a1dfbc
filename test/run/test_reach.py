"""The verb reach on the smallest arm, and what it refuses."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

import pytest

pytest.importorskip("pybullet")

from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.data.runs.log import read_log
from rl_control.errors import ConfigError, UnknownNameError, UnreachableTargetError
from rl_control.plants.bullet import BulletPlant
from rl_control.run import reach

KEYS = {
    "target",
    "reached",
    "final_error_m",
    "settle_time_s",
    "peak_torque_ratio",
    "peak_velocity_ratio",
    "position_limit_violation_rad",
}


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    reach.add_arguments(parser)
    return parser.parse_args(words)


def measured(tmp_path, *words: str) -> dict:
    path = tmp_path / "result.json"
    assert reach.run(parse("--robot", "planar2", "--json", str(path), *words)) == 0
    return json.loads(path.read_text())


def test_when_targets_are_given_expect_them_reached_within_the_limits(tmp_path, capsys):
    found = measured(
        tmp_path, "--target", "0.508", "0.14", "0.691", "--target", "0.5", "0.14", "1.3"
    )
    assert found["success_rate"] == 1.0
    assert found["seed"] is None
    assert found["planner"] == "ilqr"
    assert [set(one) for one in found["targets"]] == [KEYS, KEYS]
    for one in found["targets"]:
        assert one["final_error_m"] < 5e-3
        assert one["settle_time_s"] < 4.0
        assert one["peak_torque_ratio"] <= 1.0
        assert one["peak_velocity_ratio"] <= 1.0
        assert one["position_limit_violation_rad"] == 0.0
    assert "reached 2 of 2" in capsys.readouterr().out


def test_when_random_targets_are_asked_for_expect_the_same_ones_for_the_same_seed(tmp_path):
    first = measured(tmp_path, "--targets", "2", "--seed", "5")
    again = measured(tmp_path, "--targets", "2", "--seed", "5")
    assert first["seed"] == 5
    assert [one["target"] for one in first["targets"]] == [
        one["target"] for one in again["targets"]
    ]
    assert {"p50", "p99"} == set(first["solve_ms"])
    assert first["replan_hz"] == pytest.approx(200.0, rel=0.02)
    assert "rl_control" in first["versions"]


@pytest.mark.parametrize("planner", ["cem", "icem", "mppi"])
def test_when_another_planner_is_chosen_expect_it_to_reach_too(tmp_path, planner):
    found = measured(
        tmp_path, "--target", "0.508", "0.14", "0.691", "--planner", planner,
        "--sampling.samples", "60", "--sampling.horizon", "20",
    )  # fmt: skip
    assert found["planner"] == planner
    assert found["targets"][0]["final_error_m"] < 5e-3


def test_when_the_planner_is_unknown_expect_a_refusal():
    with pytest.raises(ConfigError, match="planner"):
        reach.run(parse("--robot", "planar2", "--planner", "ilqg"))


def test_when_a_target_is_out_of_reach_expect_a_refusal_and_no_motion(monkeypatch):
    def refuse(self, command):
        raise AssertionError("the arm moved")

    monkeypatch.setattr(BulletPlant, "step", refuse)
    with pytest.raises(UnreachableTargetError, match="cannot be reached"):
        reach.run(
            parse("--robot", "planar2", "--target", "0.5", "0.14", "1.3", "--target", "9", "0", "0")
        )


def test_when_the_robot_is_unknown_expect_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'iiwa7'"):
        reach.run(parse("--robot", "iiwa"))


def test_when_no_target_is_asked_for_expect_a_refusal():
    with pytest.raises(ConfigError, match="--targets"):
        reach.run(parse("--targets", "0"))


def test_when_the_json_file_cannot_be_written_expect_a_refusal_before_any_motion(tmp_path):
    with pytest.raises(ConfigError, match="--json"):
        reach.run(parse("--robot", "planar2", "--json", str(tmp_path / "no" / "a.json")))


def test_when_the_arm_moves_expect_a_folder_that_tells_of_it(tmp_path, capsys):
    found = measured(tmp_path, "--targets", "1")
    (folder,) = (tmp_path / "runs").iterdir()
    assert {path.name for path in folder.iterdir()} == {"bag", "run.json"}
    told = json.loads((folder / "run.json").read_text())
    assert told["result"] == found
    assert (told["verb"], told["robot"], told["seed"]) == ("reach", "planar2", 0)
    assert told["took_s"] > 0.0
    log = read_log(folder)
    assert len(log.commands.stamps) == len(log.states.stamps) - 1 > 50
    assert log.settings[0].values["mpc.time_budget"] == NO_BUDGET
    assert f"left runs/{folder.name}" in capsys.readouterr().out


def test_when_no_recording_is_wanted_expect_no_folder(tmp_path):
    measured(tmp_path, "--targets", "1", "--no-record")
    assert not (tmp_path / "runs").exists()


def test_when_the_run_is_broken_off_expect_what_was_until_then(tmp_path, monkeypatch):
    step, steps = BulletPlant.step, []

    def interrupted(self, command):
        steps.append(command)
        if len(steps) > 40:
            raise KeyboardInterrupt
        return step(self, command)

    monkeypatch.setattr(BulletPlant, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        reach.run(parse("--robot", "planar2", "--targets", "1"))
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((folder / "run.json").read_text())["result"] is None
    assert len(read_log(folder).commands.stamps) == 41


def test_when_a_film_is_wanted_expect_a_plot_and_a_video_besides(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert reach.run(parse("--robot", "planar2", "--targets", "1", "--film")) == 0
    (folder,) = (tmp_path / "runs").iterdir()
    assert {path.name for path in folder.iterdir()} == {"bag", "run.json", "run.png", "run.gif"}
    assert f"left runs/{folder.name}/run.png" in capsys.readouterr().out


def test_when_only_help_is_wanted_expect_no_heavy_library_imported():
    code = """
import argparse, importlib, sys
for verb in ("reach", "demo", "doctor", "robots"):
    importlib.import_module("rl_control.run." + verb).add_arguments(argparse.ArgumentParser())
print({"casadi", "pybullet", "rclpy", "matplotlib", "numba"} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
