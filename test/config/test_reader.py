from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rl_control.config import load, to_yaml
from rl_control.config.reader import parse_scalar
from rl_control.errors import ConfigError


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "settings.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


ROS_FILE = """\
/**:
  ros__parameters:
    use_sim_time: true
    robot: panda
    loop.horizon: 10
mpc_controller:
  ros__parameters:
    loop:
      horizon: 20
arm_sim:
  ros__parameters:
    anything: 1
"""


def test_when_no_file_is_given_expect_the_defaults(arm_config) -> None:
    assert load(arm_config) == arm_config()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "loop: {}\n"])
def test_when_the_file_says_nothing_expect_the_defaults(arm_config, write, text: str) -> None:
    assert load(arm_config, write(text)) == arm_config()


def test_when_the_mapping_is_plain_expect_its_values(arm_config, write) -> None:
    config = load(arm_config, write("robot: planar2\nloop:\n  period: 1e-2\n  weights: [1, 2]\n"))
    assert (config.robot, config.loop.period, config.loop.weights) == ("planar2", 0.01, (1.0, 2.0))


def test_when_a_plain_file_has_the_section_expect_only_that(arm_config, write) -> None:
    path = write("arm: {robot: panda}\nother: {x: 1}\n")
    assert load(arm_config, path, section="arm").robot == "panda"


@pytest.mark.parametrize("section", ["mpc_controller", "/mpc_controller", "/left/mpc_controller"])
def test_when_the_file_is_for_ros_expect_wildcard_then_node(
    arm_config, write, section: str
) -> None:
    config = load(arm_config, write(ROS_FILE), section=section)
    assert (config.robot, config.loop.horizon) == ("panda", 20)


def test_when_another_node_is_asked_expect_only_the_wildcard(arm_config, write) -> None:
    assert load(arm_config, write(ROS_FILE), section="viewer").loop.horizon == 10


def test_when_the_node_stands_in_a_namespace_expect_only_that_one(arm_config, write) -> None:
    path = write(
        "left:\n  mpc:\n    ros__parameters: {robot: panda}\n"
        "/right/mpc:\n  ros__parameters: {robot: arm7}\n"
    )
    assert load(arm_config, path, section="/left/mpc").robot == "panda"
    assert load(arm_config, path, section="/right/mpc").robot == "arm7"


def test_when_several_nodes_and_no_section_expect_their_names(arm_config, write) -> None:
    with pytest.raises(ConfigError, match="holds several nodes"):
        load(arm_config, write(ROS_FILE))


def test_when_overrides_are_given_expect_them_to_win(arm_config, write) -> None:
    config = load(arm_config, write("loop: {horizon: 7}"), {"loop.horizon": 9})
    assert config.loop.horizon == 9


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("robot: [a\n", 2, "YAML"),
        ("robot: a\n  loop: 3\n", 2, "YAML"),
        ("loop:\n\tperiod: 1\n", 2, "YAML"),
        ("robot: a\x00\n", 1, "YAML"),
        ("--- a\n--- b\n", 2, "YAML"),
        ("robot: a\nloop:\n  horizn: 3\n", 3, "loop.horizn: unknown setting. Did you mean"),
        ("loop:\n  horizon: 3.5\n", 2, "loop.horizon: found 3.5, expected an integer"),
        ("loop:\n  period: .nan\n", 2, "loop.period: found nan"),
        ("loop:\n  period: -.inf\n", 2, "loop.period: found -inf"),
        ("loop:\n  weights: [1.0, 2.0, 3.0]\n", 2, "found 3 values, expected 2"),
        ("robot: a\nloop: 5\n", 2, "loop: is a group"),
        ("robot: a\nrobot: b\n", 2, "robot: given twice"),
        ("loop: {horizon: 1}\nloop.horizon: 2\n", 2, "loop.horizon: given twice"),
        ("robot:\n", 1, "robot: found nothing"),
        ("robot: yes\n", 1, "robot: found true, expected a text"),
        ("robot: 007\nloop.horizon: 010\n", 2, "found '010', expected an integer"),
        ("- a\n- b\n", 1, "found no mapping"),
        ("robot: &x a\njoints: [*x]\n", 2, "alias"),
        ("robot: &x [*x]\n", 1, "alias"),
        ("robot: !!python/name:os.system x\n", 1, "tag"),
        ("loop: !!int many\n", 1, "tag"),
        ("joints: [{a: 1}]\n", 1, "mapping inside a list"),
        ("? [a]\n: b\n", 1, "is not a text"),
        ("/**:\n  ros__parameters:\n    robott: a\n", 3, "Did you mean 'robot'"),
    ],
)
def test_when_the_file_is_wrong_expect_file_line_and_reason(
    arm_config, write, text: str, line: int, message: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        load(arm_config, path)
    assert caught.value.source == f"{path}:{line}"
    assert message in str(caught.value)


def test_when_the_file_is_missing_expect_its_name(arm_config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: file: No such file"):
        load(arm_config, tmp_path / "nowhere.yaml")


def test_when_the_file_is_binary_expect_a_message(arm_config, tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not a UTF-8 text"):
        load(arm_config, path)


def test_when_the_file_is_nested_too_deeply_expect_a_message(arm_config, write) -> None:
    with pytest.raises(ConfigError):
        load(arm_config, write("robot: " + "[" * 5000))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3), ("1", 1), ("-2", -2), ("0x10", 16), (".5", 0.5), ("5.", 5.0),
        ("true", True), ("off", False), ("1:30", "1:30"), ("1_000", "1_000"), ("", None),
        ("2024-01-01", "2024-01-01"), ("1" * 30, float("1" * 30)), ("e5", "e5"),
    ],
)  # fmt: skip
def test_when_a_scalar_is_read_expect_what_ros_reads(text: str, value: object) -> None:
    found = parse_scalar(text)
    assert found == value
    assert type(found) is type(value)


FINITE = st.floats(allow_nan=False, allow_infinity=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    robot=st.text(),
    joints=st.lists(st.text(), max_size=4).map(tuple),
    interface=st.sampled_from(["effort", "position"]),
    period=st.floats(1e-3, 1.0),
    horizon=st.integers(1, 2**63 - 1),
    gui=st.booleans(),
    weights=st.tuples(FINITE.map(abs), FINITE.map(abs)),
    node=st.sampled_from(["/**", "mpc", "/left/mpc"]),
)
def test_when_written_and_read_expect_the_same_config(
    arm_config, loop_config, write, robot, joints, interface, period, horizon, gui, weights, node
) -> None:
    loop = loop_config(period, horizon, gui, weights)
    config = arm_config(robot, interface, joints, loop)
    text = to_yaml(config, node)
    assert load(arm_config, write(text)) == config
    # A plain YAML reader finds the same numbers, as numbers.
    plain = yaml.safe_load(text)[node]["ros__parameters"]
    assert (plain["robot"], tuple(plain["loop"]["weights"])) == (robot, weights)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(text=st.text(alphabet="abroti:-[]{},&*!?|>'\"#% \n\t0.1ex~", max_size=60))
def test_when_any_text_is_read_expect_a_config_or_a_config_error(
    arm_config, write, text: str
) -> None:
    try:
        config = load(arm_config, write(text))
    except ConfigError:
        return
    assert isinstance(config, arm_config)
