"""`rl_control replay trajectory --ros` on a simulated arm, and on what might be a real one."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
from harness import Process
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray

from rl_control.data.bags.info import bag_info
from rl_control.data.bags.recover import recover
from rl_control.data.paths.files import write_path
from rl_control.data.paths.joint_path import JointPath
from rl_control.data.runs.log import read_log
from rl_control.robot.description import load_robot
from rl_control.ros import convert, qos
from rl_control.ros.convert import time_message
from rl_control.run.run_files import read_run

ROBOT = load_robot("planar2")


@pytest.fixture
def recorded(tmp_path):
    times = np.linspace(0.0, 2.0, 21)
    lean = 0.4 * np.sin(np.pi * times[:, None] / 2.0) ** 2
    file = tmp_path / "path.yaml"
    write_path(file, JointPath(ROBOT.names, times, ROBOT.home + 0.1 + lean))
    return file


def begin(ros, file, *flags):
    """Start the verb as a process."""
    command = ["-m", "rl_control", "replay", "trajectory", str(file), "--robot", "planar2", "--ros"]
    flags = [*flags, "--runs", str(ros.folder / "runs")]
    process = Process([*command, *flags], ros.folder / "replay.log", ros.environment)
    ros.processes.append(process)
    return process


@pytest.mark.slow  # its bounds are of wall time
def test_when_a_simulation_answers_expect_the_path_gone_and_judged(ros, recorded, tmp_path) -> None:
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot="planar2")
    ros.until(lambda: len(states) > 10, 30)
    out = tmp_path / "result.json"
    replay = begin(ros, recorded, "--json", str(out))
    assert ros.until_ended(replay, 60) == 0, replay.output
    assert "moving to the path's start" in replay.output
    result = json.loads(out.read_text())
    assert result["tip_rms_m"] < 5e-3  # in real time on a busy machine
    assert result["stopped"] == ""
    q = np.array([state.position for state in states])
    assert abs(q[:, 0].max() - ROBOT.home[0] - 0.5) < 0.02
    # Left safe: it stays where the path ends.
    ros.spin(0.5)
    np.testing.assert_allclose(states[-1].position, ROBOT.home + 0.1, atol=0.02)
    # The recording has it, from before the arm moved.
    (folder,) = (ros.folder / "runs").iterdir()
    assert f"recorded {folder / 'bag'}" in replay.output
    assert read_run(folder)["result"]["stopped"] == ""
    assert not bag_info(folder).problems
    log = read_log(folder)
    recorded_q = log.states.positions
    np.testing.assert_allclose(recorded_q[0], ROBOT.home, atol=0.02)
    assert abs(recorded_q[:, 0].max() - q[:, 0].max()) < 1e-6
    answered = np.isin(log.commands.stamps, log.states.stamps)
    assert np.count_nonzero(answered) > 300
    assert log.description


@pytest.mark.slow
def test_when_no_record_is_wanted_expect_no_folder(ros, recorded) -> None:
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot="planar2")
    ros.until(lambda: len(states) > 10, 30)
    replay = begin(ros, recorded, "--speed", "3", "--no-record")
    assert ros.until_ended(replay, 60) == 0, replay.output
    assert not (ros.folder / "runs").exists()


def test_when_interrupted_on_the_way_expect_the_arm_braked_and_left_safe(ros, recorded) -> None:
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot="planar2")
    ros.until(lambda: len(states) > 10, 30)
    replay = begin(ros, recorded, "--speed", "0.2")
    ros.until(lambda: "going the path" in replay.output, 60)
    ros.until(lambda: np.abs(states[-1].velocity).max() > 0.05, 20)
    os.killpg(replay.popen.pid, signal.SIGINT)  # as a terminal does
    assert ros.until_ended(replay, 20) == 130
    assert "Traceback" not in replay.output
    (folder,) = (ros.folder / "runs").iterdir()
    assert bag_info(folder).whole
    assert np.abs(read_log(folder).states.velocities[-1]).max() < 0.1  # braked, in the bag, too
    ros.spin(0.3)
    there = np.array(states[-1].position)
    assert np.abs(states[-1].velocity).max() < 0.02
    assert there[0] < ROBOT.home[0] + 0.45  # it did not go on
    ros.spin(0.3)
    np.testing.assert_allclose(states[-1].position, there, atol=0.01)


@pytest.mark.slow
def test_when_who_started_it_is_killed_expect_the_arm_braked(ros, recorded) -> None:
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot="planar2")
    ros.until(lambda: len(states) > 10, 30)
    replay = begin(ros, recorded, "--speed", "0.1")
    ros.until(lambda: "going the path" in replay.output, 60)
    ros.until(lambda: np.abs(states[-1].velocity).max() > 0.02, 20)
    replay.signal(signal.SIGKILL)  # the parent alone
    ros.until(lambda: np.abs(states[-1].velocity).max() < 0.005, 10)
    there = np.array(states[-1].position)
    assert there[0] < ROBOT.home[0] + 0.45
    ros.spin(1.0)
    np.testing.assert_allclose(states[-1].position, there, atol=0.01)


@pytest.mark.slow
def test_when_the_process_that_moves_the_arm_is_killed_expect_a_whole_bag(ros, recorded) -> None:
    states = ros.listen(JointState, "joint_states")
    ros.start("arm_sim", robot="planar2")
    ros.until(lambda: len(states) > 10, 30)
    replay = begin(ros, recorded, "--speed", "0.1")
    ros.until(lambda: "going the path" in replay.output, 60)
    ros.until(lambda: np.abs(states[-1].velocity).max() > 0.02, 20)
    (mover,) = children(replay.popen.pid)
    (recorder,) = children(mover)
    os.kill(mover, signal.SIGKILL)
    ros.until(lambda: not Path(f"/proc/{recorder}").exists(), 20)
    (folder,) = (ros.folder / "runs").iterdir()
    assert not recover(folder / "bag").files  # it was ended as it should be
    assert len(read_log(folder).commands.stamps) > 10


def children(pid: int) -> list[int]:
    return [int(x) for x in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class RealArm:
    """An arm's driver: joint states and a subscription to commands; no service of a simulator."""

    def __init__(self, ros) -> None:
        self.commands = ros.listen(Float64MultiArray, "effort_controller/commands", qos.commands())
        self._states = ros.talk(JointState, "joint_states", qos.states())
        self._count = 0
        ros.node.create_timer(0.005, self._publish)

    def _publish(self) -> None:
        self._count += 1
        from rl_control.types import JointState as State

        still = np.zeros(2)
        state = State(ROBOT.names, ROBOT.home, still, still, 0.005 * self._count)
        stamp = time_message(state.stamp)
        self._states.publish(convert.joint_state_message(state, stamp))


def test_when_no_simulation_answers_expect_a_refusal_and_not_one_command(ros, recorded) -> None:
    arm = RealArm(ros)
    replay = begin(ros, recorded)
    assert ros.until_ended(replay, 60) == 2
    assert "add --real-arm" in replay.output
    assert "Nothing has moved" in replay.output
    assert arm.commands == []
