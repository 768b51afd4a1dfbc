"""`rl_control learn --ros`: the same loop on an arm in another process."""

import json
import subprocess
import sys

import pytest

from rl_control.data.bags.info import bag_info
from rl_control.data.runs.log import read_log
from rl_control.run.learn_run import resume


def learn(ros, folder, *words):
    command = [
        sys.executable, "-m", "rl_control", "learn", "--ros", "--robot", "planar2",
        "--rollouts", "1", "--rollout_seconds", "4", "--episodes", "0", "--targets", "1",
        "--runs", str(folder / "runs"), "--json", str(folder / "result.json"), *words,
    ]  # fmt: skip
    return subprocess.run(
        command, env=ros.environment, capture_output=True, text=True, timeout=100, check=False
    )


def test_when_the_arm_is_behind_topics_expect_it_to_learn_its_payload_and_reach(ros, tmp_path):
    ros.start(
        "arm_sim", robot="planar2", lock_step=True, publish_clock=True,
        **{"plant.payload": 1.0, "plant.friction": "[0.5]"},
    )  # fmt: skip
    done = learn(ros, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "version 1 taken" in done.stdout
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["motion_s"] == pytest.approx(4.0, abs=0.1)
    assert result["within"]["5 mm"] == 1
    (folder,) = (tmp_path / "runs").iterdir()
    assert resume(folder).current == 1
    assert bag_info(folder).whole
    assert len(read_log(folder).commands.stamps) > 4.0 / 0.005


def test_when_there_is_no_arm_expect_one_message_and_exit_2(ros, tmp_path):
    done = learn(ros, tmp_path)
    assert done.returncode == 2
    assert "joint_states" in done.stderr
    assert "Traceback" not in done.stderr
