import pytest

from rl_control.errors import ConfigError
from rl_control.robot.settings import RobotSettings, load_settings, read_settings, settings_path

PLAIN = """joints: [a, b]
home: [0.1, -1]
velocity_scale: 0.5
effort_scale: 0.8
weights: {tip_position: 50, velocity: 0.1}
"""
ROS = "/**:\n  ros__parameters:\n" + "".join(f"    {line}\n" for line in PLAIN.splitlines())


@pytest.fixture
def write(tmp_path):
    def to_file(text, name="arm.robot.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def refusal(path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    return str(caught.value)


@pytest.mark.parametrize("text", [PLAIN, ROS])
def test_when_file_is_good_expect_its_values(write, text):
    path = write(text)
    assert read_settings(path) == RobotSettings(
        home={"a": 0.1, "b": -1.0},
        velocity_scale=0.5,
        effort_scale=0.8,
        weights={"tip_position": 50.0, "velocity": 0.1},
        source=str(path),
    )


@pytest.mark.parametrize("text", ["", "velocity_scale: 1.0\n", "weights: {}\n"])
def test_when_file_says_little_expect_the_defaults(write, text):
    settings = read_settings(write(text))
    assert (settings.home, settings.velocity_scale, settings.weights) == ({}, 1.0, {})


def test_when_robot_has_no_file_expect_the_defaults(tmp_path):
    assert load_settings(tmp_path / "arm.urdf") == RobotSettings()


@pytest.mark.parametrize("name", ["arm.urdf", "arm.urdf.xacro", "arm.xacro"])
def test_when_file_lies_beside_the_description_expect_it_found(write, tmp_path, name):
    path = write(PLAIN)
    assert settings_path(tmp_path / name) == path
    assert load_settings(tmp_path / name).effort_scale == 0.8


def test_when_robot_is_named_expect_its_file_in_config():
    assert settings_path("arm7").parts[-3:] == ("config", "robots", "arm7.yaml")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("velocity_scal: 0.5\n", "Did you mean 'velocity_scale'?"),
        ("velocity_scale: 1.5\n", "velocity_scale"),
        ("effort_scale: 0\n", "effort_scale"),
        ("effort_scale: .nan\n", "effort_scale"),
        ("effort_scale: strong\n", "effort_scale"),
        ("joints: [a]\nhome: [0.1, 0.2]\n", "home: found 2 values for 1 joints"),
        ("home: [0.1]\n", "home: found 1 values for 0 joints"),
        ("joints: [a]\nhome: [.nan]\n", "home"),
        ("weights: {tip: -1}\n", "weights.tip"),
        ("weights: {tip: .inf}\n", "weights.tip"),
        ("weights: {tip: much}\n", "weights.tip"),
        ("weights: {9tip: 1}\n", "weights.9tip"),
        ("weights: [1, 2]\n", "weights"),
        ("home: [0.1\n", "YAML"),
        ("- 1\n", "found no mapping"),
    ],
)
def test_when_file_is_bad_expect_file_and_key_named(write, text, what):
    message = refusal(write(text))
    assert "arm.robot.yaml" in message
    assert what in message


def test_when_value_is_bad_expect_its_line(write):
    assert "arm.robot.yaml:2" in refusal(write("velocity_scale: 0.5\neffort_scale: 7\n"))
