"""`rl_control param` against a running node, in this process."""

import pytest
import yaml

from rl_control.config.reader import parse_scalar
from rl_control.ros.param import main

NODE = "mpc_controller"


@pytest.fixture
def asked(ros, monkeypatch, capsys):
    """Ask and return (exit code, output, complaint); the node has been started."""
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE"):
        monkeypatch.setenv(name, ros.environment[name])
    ros.start("pd", robot="planar2")

    def ask(*words):
        code = main([*words, "--wait", "20"])
        told = capsys.readouterr()
        return code, told.out, told.err

    return ask


def test_when_values_are_set_expect_them_in_force_and_told(asked):
    assert asked("set", NODE, "plan_rate=5", "task.weights.posture=[1,", "2]")[:2] == (
        0,
        "plan_rate: 10.0 -> 5.0\ntask.weights.posture: [10.0] -> [1.0, 2.0]\n",
    )
    assert asked("get", NODE, "plan_rate")[1] == "5.0\n"
    assert asked("get", NODE, "plan_rate", "robot")[1] == 'plan_rate: 5.0\nrobot: "planar2"\n'
    code, out, error = asked("set", NODE, "plan_rate=7", "velocity_scale=1.5")
    assert (code, out) == (1, "")
    assert "velocity_scale: found 1.5, out of range" in error
    assert asked("get", NODE, "plan_rate")[1] == "5.0\n"  # nothing was set


def test_when_parameters_are_listed_expect_what_may_change_marked_and_meanings(asked):
    lines = asked("list", NODE)[1].splitlines()
    marks = {line.split()[0]: line.split()[1] == "*" for line in lines}
    assert marks["safety.effort_rate"] and marks["velocity_scale"]
    assert not (marks["robot"] or marks["rate"])
    text = asked("describe", NODE, "safety.effort_rate")[1]
    assert "as a multiple of the effort limit [1/s]" in text
    assert "at least 0.1, at most 10000; may change live; now 50.0" in text


def test_when_a_name_is_wrong_expect_the_nearest_and_exit_2(asked):
    code, _, error = asked("get", NODE, "plan_rat")
    assert code == 2
    assert "did you mean 'plan_rate'" in error
    code = main(["get", "mpc_contoller", "rate", "--wait", "3"])
    assert code == 2


@pytest.mark.slow
def test_when_a_dump_is_loaded_or_started_with_expect_the_same_state(asked, ros, tmp_path):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    asked("set", NODE, "task.weights.posture=[3.25, 4]", "velocity_scale=0.3", "diagnostics_rate=7")
    assert asked("dump", NODE, "--out", str(first))[0] == 0
    assert "posture: [3.25, 4.0]  # Distance from the goal's joint vector" in first.read_text()
    code, out, _ = asked("load", NODE, str(first))
    assert (code, out.splitlines()[-1].split(",")[0]) == (0, "0 set")
    text = first.read_text().replace("velocity_scale: 0.3", "velocity_scale: 0.4")
    second.write_text(text.replace("  rate: 200.0", "  rate: 100.0"))
    code, out, _ = asked("load", NODE, str(second))
    assert code == 1
    assert "velocity_scale: 0.3 -> 0.4" in out
    assert "needs a restart: rate: 200.0 -> 100.0" in out
    for process in ros.processes:
        process.end()
    ros.until(lambda: ros.node.count_publishers("effort_controller/commands") == 0, 30)
    log = tmp_path / "again.yaml"
    start(ros, first)
    code, _, error = asked("dump", NODE, "--out", str(log))
    assert code == 0, error + ros.processes[-1].output
    assert log.read_text() == first.read_text()


def test_when_two_nodes_are_dumped_expect_a_section_for_each_once(asked, ros, tmp_path):
    ros.start("arm_sim", robot="planar2")
    file = tmp_path / "both.yaml"
    code, _, error = asked("dump", "arm_sim", NODE, "arm_sim", "--out", str(file))
    assert code == 0, error
    sections = yaml.safe_load(file.read_text())
    assert list(sections) == ["/**/arm_sim", f"/**/{NODE}"]
    assert [s["ros__parameters"]["robot"] for s in sections.values()] == ["planar2"] * 2
    assert "payload" in sections["/**/arm_sim"]["ros__parameters"]["plant"]


def start(ros, file):
    """Start the node with a parameter file and nothing else."""
    from harness import PD_CONTROLLER, Process

    command = [PD_CONTROLLER, "--ros-args", "--params-file", str(file)]
    ros.processes.append(Process(command, ros.folder / "again.log", ros.environment))


def test_when_a_file_is_not_for_the_node_or_wrong_expect_nothing_set(asked, tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("/**/other:\n  ros__parameters: {plan_rate: 5.0}\n")
    code, _, error = asked("load", NODE, str(path))
    assert (code, "found nothing for node /mpc_controller" in error) == (2, True)
    path.write_text("/**:\n  ros__parameters: {plan_rate: 5.0, plan_rte: 1.0}\n")
    code, _, error = asked("load", NODE, str(path))
    assert (code, "did you mean 'plan_rate'" in error) == (2, True)
    assert parse_scalar(asked("get", NODE, "plan_rate")[1].strip()) == 10.0
