"""ROS parameters: declared with everything known, and checked by our own rules."""

from dataclasses import dataclass

import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter

from rl_control.config import setting
from rl_control.errors import ConfigError
from rl_control.ros.live_parameters import change_of
from rl_control.ros.params import check_files, declare, live_keys


@dataclass(frozen=True)
class Inner:
    gain: float = setting(1.0, doc="How strong", unit="N m", low=0.0, high=5.0, live=True)
    gains: tuple[float, ...] = setting((), doc="One a joint")


@dataclass(frozen=True)
class Outer:
    robot: str = setting("arm7", doc="Which arm")
    steps: int = setting(3, doc="How many", low=1, high=9)
    vector: tuple[float, ...] = setting((1.0, 2.0), doc="Two numbers", length=2)
    inner: Inner = setting(default_factory=Inner, doc="More")


LIVE = live_keys(Outer, ["inner"])


@pytest.fixture
def make_node():
    context = rclpy.Context()
    rclpy.init(context=context)
    nodes = []

    def make(**given):
        node = Node(
            "tested",
            context=context,
            parameter_overrides=[
                Parameter(k.replace("__", "."), value=v) for k, v in given.items()
            ],
            automatically_declare_parameters_from_overrides=True,
        )
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        node.destroy_node()
    rclpy.shutdown(context=context)


def test_when_nothing_is_given_expect_defaults_declared_with_range_unit_and_protection(make_node):
    node = make_node()
    assert declare(node, Outer, LIVE) == Outer()
    gain, steps = node.describe_parameter("inner.gain"), node.describe_parameter("steps")
    assert gain.description == "How strong [N m]"
    assert not gain.read_only
    assert gain.floating_point_range[0].to_value == 5.0
    assert steps.read_only
    assert (steps.integer_range[0].from_value, steps.integer_range[0].to_value) == (1, 9)


def test_when_list_is_empty_expect_its_type_kept(make_node):
    node = make_node()
    declare(node, Outer, LIVE)
    parameter = node.get_parameter("inner.gains")
    assert parameter.type_ == Parameter.Type.DOUBLE_ARRAY
    assert list(parameter.value) == []
    assert node.describe_parameter("inner.gains").read_only


def test_when_values_are_given_expect_them_and_ints_taken_for_doubles(make_node):
    config = declare(make_node(robot="panda", inner__gain=2, inner__gains=[1, 2, 3]), Outer)
    assert config == Outer(robot="panda", inner=Inner(gain=2.0, gains=(1.0, 2.0, 3.0)))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"robott": "x"}, "robott: unknown setting. Did you mean 'robot'"),
        ({"inner__gian": 1.0}, "Did you mean 'inner.gain'"),
        ({"vector": [1.0, 2.0, 3.0]}, "found 3 values, expected 2"),
        ({"steps": 1.5}, "expected an integer"),
        ({"steps": 100}, "out of range"),
        ({"inner__gain": float("nan")}, "finite"),
        ({"robot": 7}, "expected a text"),
    ],
)
def test_when_parameter_is_wrong_expect_refusal_naming_the_node(make_node, given, words):
    with pytest.raises(ConfigError, match=words) as caught:
        declare(make_node(**given), Outer)
    assert "node 'tested'" in str(caught.value)


def test_when_ros_own_parameter_is_given_expect_it_left_alone(make_node):
    node = make_node(use_sim_time=True)
    declare(node, Outer, LIVE)
    assert node.get_parameter("use_sim_time").value is True


def test_when_live_setting_is_not_passed_on_expect_it_protected(make_node):
    node = make_node()
    declare(node, Outer)
    assert node.describe_parameter("inner.gain").read_only


def test_when_the_robot_gives_values_expect_them_shown_unless_others_are_given(make_node):
    own = Outer(steps=5, inner=Inner(gain=4.0))
    node = make_node(steps=3)
    config = declare(node, Outer, LIVE, lambda given: own)
    assert (config.steps, config.inner.gain) == (3, 4.0)  # 3 is the default, but it was given
    assert (node.get_parameter("steps").value, node.get_parameter("inner.gain").value) == (3, 4.0)


def test_when_groups_and_single_settings_are_passed_on_expect_their_live_keys():
    assert live_keys(Outer, ["inner"]) == live_keys(Outer, ["inner.gain"]) == {"inner.gain"}
    assert live_keys(Outer, ["inn", "robot"]) == frozenset()


def requested(**values):
    return [Parameter(name.replace("__", "."), value=value) for name, value in values.items()]


def test_when_live_parameters_are_requested_expect_the_whole_config():
    change = change_of(Outer(), requested(inner__gain=3), LIVE)
    assert change.config == Outer(inner=Inner(gain=3.0))
    assert change.keys == ("inner.gain",)
    (parameter,) = change.parameters
    assert (parameter.type_, parameter.value) == (Parameter.Type.DOUBLE, 3.0)  # an int was given


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"inner__gain": 9.0}, r"inner\.gain: found 9\.0, out of range.*from 0\.0 to 5\.0 N m"),
        ({"inner__gain": "much"}, "expected a number"),
        ({"inner__gain": [1.0]}, "expected a number"),
        ({"inner__gian": 1.0}, "Did you mean 'inner.gain'"),
        (
            {"robot": "panda"},
            "robot: is read-only: it cannot change while the node runs. Start the node anew",
        ),
        ({"vector": [1.0]}, "found 1 values, expected 2"),
        ({"inner__gain": 2.0, "steps": 99}, "steps: found 99, out of range"),
    ],
)
def test_when_a_request_is_wrong_expect_one_reason(given, words):
    with pytest.raises(ConfigError, match=words):
        change_of(Outer(), requested(**given), LIVE)


def test_when_a_protected_setting_keeps_its_value_expect_it_to_pass_without_rclpy_hearing_of_it():
    change = change_of(Outer(), requested(robot="arm7", inner__gain=2.0), LIVE)
    assert [p.name for p in change.parameters] == ["inner.gain"]


def test_when_ros_own_parameter_is_requested_expect_it_passed_on():
    change = change_of(Outer(), requested(use_sim_time=True), LIVE)
    assert ([p.name for p in change.parameters], change.keys) == (["use_sim_time"], ())


def test_when_file_has_a_typo_expect_file_line_and_nearest_name(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("tested:\n  ros__parameters:\n    robt: panda\n")
    with pytest.raises(ConfigError, match=r"p.yaml:3: robt: .*Did you mean 'robot'"):
        check_files(["--ros-args", "--params-file", str(path)], Outer, "tested")


def test_when_file_has_an_empty_list_expect_file_line_and_what_to_do(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("tested:\n  ros__parameters:\n    inner:\n      gains: []\n")
    with pytest.raises(ConfigError, match=r"p.yaml:4: inner.gains: .*Leave the line out"):
        check_files(["--params-file", str(path)], Outer, "tested")


def test_when_file_is_not_yaml_expect_file_and_line(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("tested:\n  ros__parameters: [\n")
    with pytest.raises(ConfigError, match=r"p.yaml:\d: YAML"):
        check_files(["--params-file", str(path)], Outer, "tested")


def test_when_no_section_of_a_file_is_for_the_node_expect_refusal(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("testde:\n  ros__parameters:\n    robot: panda\n")
    with pytest.raises(ConfigError, match="Did you mean 'tested' by 'testde'"):
        check_files(["--params-file", str(path)], Outer, "tested")


@pytest.mark.parametrize("section", ["tested", "/**", "/**/tested", "/left/tested"])
def test_when_a_section_is_for_the_node_expect_no_refusal(tmp_path, section):
    path = tmp_path / "p.yaml"
    path.write_text(f"other:\n  ros__parameters: {{a: 1}}\n{section}:\n  ros__parameters: {{}}\n")
    check_files(["--params-file", str(path)], Outer, "tested")


@pytest.mark.parametrize("sections", [["arm_sim"], ["/**/mpc_controller"], ["arm_sim", "driver"]])
def test_when_a_file_is_for_another_known_node_expect_it_to_pass(tmp_path, sections):
    path = tmp_path / "p.yaml"
    path.write_text("".join(f"{name}:\n  ros__parameters: {{a: 1}}\n" for name in sections))
    check_files(["--params-file", str(path)], Outer, "tested")


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        (["driver"], "no section for node 'tested'. Name the section"),
        (["mpc_contoller"], "Did you mean 'mpc_controller' by 'mpc_contoller'"),
        (["arm_sim", "mpc_contoller"], "Did you mean 'mpc_controller' by 'mpc_contoller'"),
        (["arm_sim", "/left/testde"], "Did you mean 'tested' by 'testde'"),
    ],
)
def test_when_a_section_is_for_nobody_or_misspelt_expect_refusal(tmp_path, sections, words):
    path = tmp_path / "p.yaml"
    path.write_text("".join(f"{name}:\n  ros__parameters: {{a: 1}}\n" for name in sections))
    with pytest.raises(ConfigError, match=words):
        check_files(["--params-file", str(path)], Outer, "tested")


def test_when_a_renamed_node_finds_its_old_name_expect_refusal(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("arm_sim:\n  ros__parameters: {a: 1}\nmpc_controller:\n  ros__parameters: {}\n")
    arguments = ["-r", "__node:=left", "--params-file", str(path)]
    with pytest.raises(ConfigError, match="Did you mean 'left' by 'mpc_controller'"):
        check_files(arguments, Outer, "mpc_controller")


def test_when_node_is_renamed_expect_its_new_name_to_count(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("left:\n  ros__parameters: {robt: x}\n")
    with pytest.raises(ConfigError, match="Did you mean 'robot'"):
        check_files(["-r", "__node:=left", "--params-file", str(path)], Outer, "tested")
