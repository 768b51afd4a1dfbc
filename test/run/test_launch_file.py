"""Launch files in ROS 2's YAML format: what is read, and what is refused with its place."""

from pathlib import Path

import pytest

from rl_control.config import load
from rl_control.errors import ConfigError, UnknownNameError
from rl_control.paths import data_dir
from rl_control.ros.recorder_config import RecorderConfig
from rl_control.run.launch_file import find_launch_file, read_arguments, read_launch

FILE = """\
launch:
- arg: {name: robot, default: arm7, description: which arm}
- arg: {name: gui, default: 'false', choice: [{value: 'true'}, {value: 'false'}]}
- arg: {name: space, default: ''}
- node:
    pkg: rl_control
    exec: arm_sim
    name: sim
    namespace: $(var space)
    param:
    - from: $(find-pkg-share rl_control)/config/some.yaml
    - {name: robot, value: $(var robot)}
    - {name: limits, value: [1.0, 2.5]}
    - {name: label, value: $(env NOT_SET_ANYWHERE '')}
    remap:
    - {from: joint_states, to: /$(var robot)/joint_states}
- node:
    pkg: rl_control
    exec: mpc_controller
    if: $(var gui)
"""


def write(folder: Path, text: str, name: str = "a.launch.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_when_file_is_read_expect_parameters_and_remaps_in_order(tmp_path):
    (node,) = read_launch(write(tmp_path, FILE), {"robot": "panda"}).nodes
    share = data_dir("launch").parent
    assert node.label == "sim"
    assert node.command == (
        "rl_control.ros.arm_sim",
        *("--ros-args", "-r", "__node:=sim"),
        *("--params-file", f"{share}/config/some.yaml", "-p", "robot:=panda"),
        *("-p", "limits:=[1.0, 2.5]", "-p", "label:=''"),
        *("-r", "joint_states:=/panda/joint_states"),
    )


def test_when_condition_holds_expect_node_and_namespace(tmp_path):
    nodes = read_launch(write(tmp_path, FILE), {"gui": "true", "space": "left"}).nodes
    assert [node.label for node in nodes] == ["left/sim", "mpc_controller"]
    assert "__ns:=/left" in nodes[0].command


def test_when_file_includes_another_expect_its_nodes_with_own_arguments(tmp_path):
    write(tmp_path, FILE, "inner.launch.yaml")
    outer = f"""\
launch:
- include:
    file: {tmp_path}/inner.launch.yaml
    arg:
    - {{name: robot, value: planar2}}
"""
    (node,) = read_launch(write(tmp_path, outer)).nodes
    assert "robot:=planar2" in node.command


def test_when_unknown_argument_is_given_expect_nearest_name(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'robot'"):
        read_launch(write(tmp_path, FILE), {"robt": "panda"})


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("exec: arm_sim", "exec: arm_simm", "did you mean 'arm_sim'"),
        ("pkg: rl_control\n    exec: arm_sim", "pkg: demo\n    exec: arm_sim", "found 'demo'"),
        ("    param:", "    parm:", r"a.launch.yaml:6: parm: .* Did you mean 'param'"),
        ("$(var space)", "$(var spce)", "Did you mean 'space'"),
        ("$(var space)", "$(eval 1)", "unknown substitution"),
        ("- node:", "- group:", "unknown entity"),
        ("default: 'false'", "default: false", "in quotes"),
        ("if: $(var gui)", "if: perhaps", "Use true, false"),
        ("    name: sim\n", "    name: sim\n    on_exit: respawn\n", "Write shutdown"),
        ("launch:\n", "lunch:\n", "top-level key"),
        ("launch:\n", "launch: [\n", r"a.launch.yaml:\d+: YAML"),
        ("    - {name: robot, value", "    - {nam: robot, value", "unknown key of param"),
    ],
)
def test_when_file_is_wrong_expect_one_message_with_the_remedy(tmp_path, old, new, message):
    assert old in FILE
    with pytest.raises((ConfigError, UnknownNameError), match=message):
        read_launch(write(tmp_path, FILE.replace(old, new, 1)), {})


def test_when_choice_is_wrong_expect_choices(tmp_path):
    with pytest.raises(ConfigError, match="Choose: true, false"):
        read_launch(write(tmp_path, FILE), {"gui": "maybe"})


def test_when_file_includes_itself_expect_refusal(tmp_path):
    path = tmp_path / "a.launch.yaml"
    path.write_text(f"launch:\n- include: {{file: {path}}}\n")
    with pytest.raises(ConfigError, match="include each other"):
        read_launch(path)


def test_when_name_is_unknown_expect_available_files():
    with pytest.raises(UnknownNameError, match="did you mean 'arm_mpc'"):
        find_launch_file("arm_mcp")


@pytest.mark.parametrize("name", ["arm_mpc", "real_arm", "arm_learning", "train_gps"])
def test_when_shipped_file_is_read_expect_nodes_for_every_argument_value(name):
    path = find_launch_file(name)
    names = {argument.name for argument in read_arguments(path)}
    assert {"robot", "params_file", "rate", "gui", "namespace", "use_sim_time"} <= names
    assert read_launch(path, {"namespace": "left", "gui": "true", "use_sim_time": "true"}).nodes


@pytest.mark.parametrize("name", ["arm_mpc", "arm_policy", "real_arm", "arm_learning", "train_gps"])
def test_when_a_recording_is_asked_for_expect_a_recorder_beside_the_others(name):
    path = find_launch_file(name)
    given = {"policy": "p"} if name == "arm_policy" else {}
    without = read_launch(path, given).nodes
    given |= {"record": "true", "record_folder": "runs/x", "namespace": "left"}
    *others, recorder = read_launch(path, given).nodes
    assert [node.executable for node in others] == [node.executable for node in without]
    assert recorder.label == "left/bag_recorder"
    assert "folder:=runs/x" in recorder.command
    file = recorder.command[recorder.command.index("--params-file") + 1]
    load(RecorderConfig, Path(file), section="/left/bag_recorder")


def test_when_an_arm_is_learned_expect_its_secrets_told_to_the_simulator_alone():
    given = {"payload": "3.0", "damping": "[0.5, 0.2]", "friction": "[0.1]", "folder": "here"}
    sim, controller, learner = read_launch(find_launch_file("arm_learning"), given).nodes
    for rule in ("plant.payload:=3.0", "plant.damping:=[0.5, 0.2]", "plant.friction:=[0.1]"):
        assert rule in sim.command
        assert rule not in controller.command + learner.command
    assert "model:=here" in controller.command
    assert "folder:=here" in learner.command


def test_when_the_end_of_a_node_is_the_end_of_all_expect_it_marked(tmp_path):
    text = FILE.replace("    if: $(var gui)\n", "    on_exit: shutdown\n")
    assert [node.ends_all for node in read_launch(write(tmp_path, text)).nodes] == [False, True]


@pytest.mark.parametrize(
    ("sim", "autostart"), [("true", "true"), ("false", "false")], ids=["simulated", "real"]
)
def test_when_a_policy_is_trained_expect_a_real_arm_to_wait_for_a_human(sim, autostart):
    *simulators, trainer = read_launch(find_launch_file("train_gps"), {"sim": sim}).nodes
    assert len(simulators) == (sim == "true")
    assert f"autostart:={autostart}" in trainer.command
    assert trainer.ends_all
