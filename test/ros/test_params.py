"""ROS parameters: declared with everything known, and checked by our own rules."""

from dataclasses import dataclass

import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter

from rl_control.config import setting
from rl_control.errors import ConfigError
from rl_control.ros.params import LiveParameters, check_files, declare


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
    assert declare(node, Outer, ["inner"]) == Outer()
    gain, steps = node.describe_parameter("inner.gain"), node.describe_parameter("steps")
    assert gain.description == "How strong [N m]"
    assert not gain.read_only
    assert gain.floating_point_range[0].to_value == 5.0
    assert steps.read_only
    assert (steps.integer_range[0].from_value, steps.integer_range[0].to_value) == (1, 9)


def test_when_list_is_empty_expect_its_type_kept(make_node):
    node = make_node()
    declare(node, Outer, ["inner"])
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
    declare(node, Outer, ["inner"])
    assert node.get_parameter("use_sim_time").value is True


def test_when_live_setting_is_not_passed_on_expect_it_protected(make_node):
    node = make_node()
    declare(node, Outer)
    assert node.describe_parameter("inner.gain").read_only


def test_when_live_parameter_is_set_expect_new_config_once(make_node):
    node = make_node()
    live = LiveParameters(node, declare(node, Outer, ["inner"]))
    assert live.take() is None
    assert node.set_parameters([Parameter("inner.gain", value=3.0)])[0].successful
    assert live.take() == Outer(inner=Inner(gain=3.0))
    assert live.take() is None


@pytest.mark.parametrize(("key", "value"), [("inner.gain", 9.0), ("robot", "panda"), ("steps", 2)])
def test_when_set_is_out_of_range_or_not_live_expect_refusal(make_node, key, value):
    node = make_node()
    live = LiveParameters(node, declare(node, Outer, ["inner"]))
    assert not node.set_parameters([Parameter(key, value=value)])[0].successful
    assert live.take() is None


def test_when_file_has_a_typo_expect_file_line_and_nearest_name(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("tested:\n  ros__parameters:\n    robt: panda\n")
    with pytest.raises(ConfigError, match=r"p.yaml:3: robt: .*Did you mean 'robot'"):
        check_files(["--ros-args", "--params-file", str(path)], Outer, "tested")


def test_when_file_is_not_yaml_expect_file_and_line(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("tested:\n  ros__parameters: [\n")
    with pytest.raises(ConfigError, match=r"p.yaml:\d: YAML"):
        check_files(["--params-file", str(path)], Outer, "tested")


def test_when_no_section_of_a_file_is_for_the_node_expect_refusal(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("testde:\n  ros__parameters:\n    robot: panda\n")
    with pytest.raises(ConfigError, match="Did you mean 'testde' to be it"):
        check_files(["--params-file", str(path)], Outer, "tested")


@pytest.mark.parametrize("section", ["tested", "/**", "/**/tested", "/left/tested"])
def test_when_a_section_is_for_the_node_expect_no_refusal(tmp_path, section):
    path = tmp_path / "p.yaml"
    path.write_text(f"other:\n  ros__parameters: {{a: 1}}\n{section}:\n  ros__parameters: {{}}\n")
    check_files(["--params-file", str(path)], Outer, "tested")


def test_when_node_is_renamed_expect_its_new_name_to_count(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_text("left:\n  ros__parameters: {robt: x}\n")
    with pytest.raises(ConfigError, match="Did you mean 'robot'"):
        check_files(["-r", "__node:=left", "--params-file", str(path)], Outer, "tested")
