"""`rl_control top` beside real nodes."""

import json
import os
import signal
import subprocess
import sys

import pytest
from harness import ROOT

TOP = [sys.executable, "-m", "rl_control", "top"]


def top(ros, *arguments):
    return subprocess.run(
        [*TOP, *arguments],
        cwd=ROOT,
        env=ros.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_when_an_arm_is_controlled_expect_all_of_it_in_one_snapshot(ros):
    ros.start("arm_sim")
    ros.start("mpc_controller")
    ros.until(lambda: ros.figure("mpc_controller", "plans") > 50, 90.0)
    before = ros.figure("mpc_controller", "states")
    done = top(ros, "--once", "--json", "--wait", "20")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["robot"] == "iiwa7"
    assert len(shown["joints"]) == 7
    assert all(joint["lower"] < joint["position"] < joint["upper"] for joint in shown["joints"])
    assert shown["controller"]["lifecycle"] == "active"
    assert shown["controller"]["plans_hz"] > 0.0
    assert shown["controller"]["solve_p50_ms"] > 0.0
    assert shown["waiting"] == [] and shown["notes"] == []
    assert [node["name"] for node in shown["others"]] == ["arm_sim"]
    ros.until(lambda: ros.figure("mpc_controller", "states") > before)


@pytest.mark.slow
def test_when_another_controller_runs_in_a_namespace_expect_it_named(ros):
    ros.start("arm_sim", "--ros-args", "-r", "__ns:=/left")
    states = ros.listen(_joint_state(), "/left/joint_states")
    ros.until(lambda: states, 60.0)
    done = top(ros, "--once", "--wait", "4")
    assert done.returncode == 1
    assert "none on /joint_states" in done.stdout
    assert "--namespace /left" in done.stdout.replace("\n", "")
    done = top(ros, "--once", "--wait", "4", "--json", "--namespace", "/left")
    assert done.returncode == 0
    shown = json.loads(done.stdout)
    assert len(shown["joints"]) == 7
    assert shown["controller"]["lifecycle"] == "not running"


def test_when_nothing_runs_expect_it_said_with_the_domain_and_exit_1(ros):
    done = top(ros, "--once", "--wait", "0.5", "--namespace", "nobody_here")
    assert done.returncode == 1
    assert "states    none on /nobody_here/joint_states" in done.stdout
    assert f"ROS domain {ros.environment['ROS_DOMAIN_ID']}" in done.stdout
    assert "waiting" in done.stdout


def test_when_read_in_a_pipe_expect_plain_lines_until_it_is_stopped(ros):
    process = subprocess.Popen(
        TOP, cwd=ROOT, env=ros.environment, stdout=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        lines = [process.stdout.readline() for _ in range(2)]
        os.killpg(process.pid, signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) == 0
    finally:
        process.stdout.close()
        process.kill()
        process.wait()
    assert all("no states on /joint_states" in line for line in lines)
    assert "\x1b" not in "".join([*lines, rest])


@pytest.mark.parametrize("name", ["--namespace", "--controller"])
def test_when_a_name_is_none_expect_an_error_that_says_so(ros, name):
    done = top(ros, "--once", name, "left arm!")
    assert done.returncode == 2
    assert name in done.stderr and "left arm!" in done.stderr


def _joint_state():
    from sensor_msgs.msg import JointState

    return JointState
