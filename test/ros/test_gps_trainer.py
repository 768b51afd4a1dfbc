"""Training over topics from start to finish: `rl_control train --ros`, and the node gps_trainer."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool

from rl_control.cli import main
from rl_control.data.bags.info import bag_info
from rl_control.data.runs.log import read_log
from rl_control.data.store import load_transitions
from rl_control.run.train_run import resume

NODE = "gps_trainer"
TINY = {
    "train.trials": "1",
    "mdgps.samples": "2",
    "mdgps.policy.epochs": "2",
    "mdgps.policy.hidden": "8",
    "mdgps.imagined": "2",
}
EPISODE = ("duration=0.6", "dt=0.05", "target=0.35,0.14,1.25")
FLAGS = [word for name, value in TINY.items() for word in (f"--{name}", value)]
WORDS = ["reach", "--robot", "planar2", "--seed", "3", "--iterations", "1", *FLAGS]
WORDS += ["--episode", *EPISODE]
MADE = 2 + 2 * 1 + 2 * 1  # samples; trials where trained and elsewhere; the same at the end


def train(ros, *words):
    command = [sys.executable, "-m", "rl_control", "train", *WORDS, "--ros", *map(str, words)]
    return subprocess.Popen(
        command,
        env=ros.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def output(process, timeout=100):
    try:
        return process.communicate(timeout=timeout)[0]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def simulated(ros):
    return ros.start("arm_sim", robot="planar2", lock_step=True, publish_clock=True)


def test_when_trained_over_topics_expect_what_the_same_training_gives_in_this_process(
    ros, tmp_path, capsys
):
    simulated(ros)
    folder = tmp_path / "topics"
    process = train(ros, "--out", folder)
    here = tmp_path / "here"
    assert main(["train", *WORDS, "--workers", "0", "--out", str(here)]) == 0
    text = output(process)
    assert process.returncode == 0, text
    (row,), (other,) = resume(folder).rows, resume(here).rows
    for name in ("cost", "seconds", "success", "trial_cost"):
        assert row[name] == pytest.approx(other[name], rel=0.05), name
    episodes = folder / "episodes"
    abouts = [json.loads(path.read_text()) for path in sorted(episodes.glob("*.json"))]
    assert [about["ended"] for about in abouts] == ["whole"] * MADE
    for number, about in enumerate(abouts, 1):
        data = load_transitions(episodes / f"{number:04d}.safetensors")
        np.testing.assert_allclose(data.states[0, :2], about["start"], atol=5e-3)
        assert data.seconds == pytest.approx(0.6)
    # The bag beside them has every state and every answer to it.
    assert f"recorded {folder / 'bag'}" in text
    assert bag_info(folder).whole
    log = read_log(folder)
    assert len(log.states.stamps) > MADE * 0.6 / 0.005
    assert np.isin(log.commands.stamps, log.states.stamps).mean() > 0.99
    assert main(["train", *WORDS, "--out", str(folder), "--resume"]) == 2
    assert "Add --ros" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True], ids=["interrupted", "killed"])
def test_when_stopped_in_an_episode_expect_the_arm_at_rest_and_the_episode_kept(
    ros, tmp_path, killed
):
    simulated(ros)
    states = ros.listen(JointState, "joint_states")
    folder = tmp_path / "run"
    process = train(ros, "--out", folder, "--episode", "duration=100", "dt=0.05")
    try:
        ros.until(lambda: fast(states), 60)
        if killed:
            process.kill()  # the one that speaks ROS 2 has lost its parent
        else:
            os.killpg(process.pid, signal.SIGINT)
    finally:
        text = output(process, 20)
    assert process.returncode == (-signal.SIGKILL if killed else 130), text
    assert "0 iterations are kept" in text and "Traceback" not in text
    assert len(read_log(folder).commands.stamps) > 10
    assert ended(folder, 1) == "stopped on request"
    ros.until(lambda: max(map(abs, states[-1].velocity)) < 0.01, 5)


def test_when_the_node_is_stopped_in_an_episode_expect_the_arm_at_rest_and_exit_0(ros, tmp_path):
    simulated(ros)
    states = ros.listen(JointState, "joint_states")
    folder = tmp_path / "run"
    settings = "['episode.duration=100', 'episode.dt=0.05']"
    node = ros.start(NODE, robot="planar2", folder=folder, settings=settings)
    ros.until(lambda: fast(states), 60)
    assert ros.summary(NODE) == "moving"
    node.signal(signal.SIGTERM)
    assert ros.until_ended(node, 5) == 0, node.output
    assert ended(folder, 1) == "stopped on request"
    ros.until(lambda: max(map(abs, states[-1].velocity)) < 0.01, 5)


@pytest.mark.slow
def test_when_there_is_no_arm_expect_one_message_and_no_folder(ros, tmp_path):
    process = train(ros, "--out", tmp_path / "run")
    text = output(process)
    assert process.returncode == 2
    assert "joint_states" in text and "Traceback" not in text
    assert not (tmp_path / "run").exists()


def test_when_launched_and_paused_expect_the_arm_held_until_resumed_and_an_iteration_made(
    ros, tmp_path
):
    folder = tmp_path / "run"
    settings = [f"{name}={value}" for name, value in TINY.items()]
    settings += [f"episode.{pair}" for pair in EPISODE]
    launch = ros.start(
        *("launch", "launch/train_gps.launch.yaml", "robot:=planar2", f"folder:={folder}"),
        *("iterations:=1", "use_sim_time:=true", "lock_step:=true", f"settings:={settings}"),
    )
    states = ros.listen(JointState, "joint_states")
    pausing = ros.node.create_client(SetBool, f"/{NODE}/pause")
    ros.until(lambda: states and max(map(abs, states[-1].velocity)) > 0.02, 60)
    ask(ros, pausing, True)
    ros.until(lambda: ros.summary(NODE) == "paused", 5)
    ros.spin(1.0)
    held = [state.position for state in states[-20:]]
    assert np.ptp(held, axis=0).max() < 1e-4
    assert states[-1].header.stamp != states[-20].header.stamp
    assert ros.figure(NODE, "paused") == 1
    ask(ros, pausing, False)
    ros.until(lambda: ros.summary(NODE) == "finished", 60)
    assert (folder / "result.json").is_file()
    assert ros.figure(NODE, "iteration") == 1
    assert ros.figure(NODE, "motion_s") == pytest.approx(1.2)
    assert resume(folder).iterations == 1
    assert launch.wait() == 0, launch.output  # arm_sim has ended, too


def test_when_a_setting_is_wrong_expect_one_message_and_exit_2(ros, tmp_path):
    node = ros.start(NODE, robot="planar2", folder=tmp_path / "run", settings="['mdgps.no=1']")
    assert ros.until_ended(node, 60) == 2
    assert "unknown setting of rl_control train 'mdgps.no'" in node.output
    assert "Traceback" not in node.output


def fast(states) -> bool:
    """Whether the arm moves faster than to a start."""
    return any(abs(state.velocity[0]) > 0.5 for state in states[-200:])


def ended(folder, number) -> str:
    return json.loads((folder / "episodes" / f"{number:04d}.json").read_text())["ended"]


def ask(ros, client, paused) -> None:
    assert client.wait_for_service(5)
    future = client.call_async(SetBool.Request(data=paused))
    ros.until(future.done, 5)
    assert future.result().success
