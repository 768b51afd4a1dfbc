"""Joint paths as data and as files."""

from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rl_control.data.paths.bag import SPACING, read_bag_path, smoothed
from rl_control.data.paths.files import read_path, write_path
from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import (
    DataError,
    JointMismatchError,
    NonFiniteError,
    ShapeError,
)

NAMES = ("shoulder", "elbow")
NUMBERS = st.floats(-1e6, 1e6, allow_nan=False)


def path(times=(0.0, 0.5, 2.0), velocities=None):
    positions = np.arange(2.0 * len(times)).reshape(-1, 2) / 3.0
    return JointPath(NAMES, np.array(times), positions, velocities)


@st.composite
def paths(draw):
    count = draw(st.integers(2, 6))
    steps = draw(st.lists(st.integers(1, 10**10), min_size=count, max_size=count))
    positions = draw(arrays(float, (count, 2), elements=NUMBERS))
    velocities = draw(st.none() | arrays(float, (count, 2), elements=NUMBERS))
    return JointPath(NAMES, np.cumsum(steps) / 1e9, positions, velocities)


@pytest.mark.parametrize("ending", [".csv", ".yaml"])
@given(given_path=paths())
def test_when_a_path_is_written_and_read_expect_it_back_to_the_bit(
    ending, given_path, tmp_path_factory
) -> None:
    file = tmp_path_factory.mktemp("paths") / f"path{ending}"
    write_path(file, given_path)
    found = read_path(file, ())
    assert found.names == NAMES
    np.testing.assert_array_equal(found.times, given_path.times)
    np.testing.assert_array_equal(found.positions, given_path.positions)
    if given_path.velocities is None:
        assert found.velocities is None
    else:
        np.testing.assert_array_equal(found.velocities, given_path.velocities)


def test_when_yaml_is_written_expect_the_layout_of_a_joint_trajectory(tmp_path) -> None:
    write_path(tmp_path / "path.yaml", path(velocities=np.ones((3, 2))))
    message = yaml.safe_load((tmp_path / "path.yaml").read_text())
    assert list(message) == ["header", "joint_names", "points"]
    assert message["header"] == {"stamp": {"sec": 0, "nanosec": 0}, "frame_id": ""}
    assert list(message["points"][1]) == [
        "positions", "velocities", "accelerations", "effort", "time_from_start",
    ]  # fmt: skip
    assert message["points"][1]["time_from_start"] == {"sec": 0, "nanosec": 500_000_000}


def test_when_the_text_is_that_of_ros2_topic_echo_expect_it_read(tmp_path) -> None:
    text = """\
header:
  stamp:
    sec: 3
    nanosec: 5
  frame_id: ''
joint_names:
- elbow
- shoulder
points:
- positions:
  - 1.0e-05
  - 2
  velocities: []
  accelerations: []
  effort: []
  time_from_start:
    sec: 0
    nanosec: 0
- positions:
  - 0.1
  - 2.5
  velocities: []
  accelerations: []
  effort: []
  time_from_start:
    sec: 1
    nanosec: 250000000
---
"""
    (tmp_path / "echo.yaml").write_text(text)
    found = read_path(tmp_path / "echo.yaml", ()).ordered(NAMES)
    np.testing.assert_array_equal(found.times, [0.0, 1.25])
    np.testing.assert_array_equal(found.positions, [[2.0, 1e-5], [2.5, 0.1]])
    assert found.velocities is None


def test_when_columns_stand_in_another_order_expect_joints_matched_by_name(tmp_path) -> None:
    (tmp_path / "path.csv").write_text("# mine\n elbow, time ,shoulder\n1,0,2\n3,1,4\n")
    found = read_path(tmp_path / "path.csv", ()).ordered(NAMES)
    np.testing.assert_array_equal(found.positions, [[2.0, 1.0], [4.0, 3.0]])


def test_when_a_joint_is_missing_expect_it_named() -> None:
    with pytest.raises(JointMismatchError, match="wrist"):
        path().ordered(("shoulder", "wrist"))


def test_when_there_are_other_joints_expect_them_dropped_and_told() -> None:
    found = path()
    assert found.others(("elbow",)) == ("shoulder",)
    assert found.ordered(("elbow",)).positions.shape == (3, 1)


@pytest.mark.parametrize("times", [(0.0, 1.0, 1.0), (0.0, 2.0, 1.0)])
def test_when_times_do_not_increase_expect_the_place(times) -> None:
    with pytest.raises(DataError, match="points 1 and 2"):
        path(times)


def test_when_there_is_one_point_expect_a_refusal() -> None:
    with pytest.raises(DataError, match=r"found 1 point"):
        path((0.0,))


def test_when_a_position_is_nan_expect_point_and_joint() -> None:
    positions = np.zeros((3, 2))
    positions[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match="point 2, joint elbow"):
        JointPath(NAMES, np.arange(3.0), positions)


def test_when_a_table_has_another_size_expect_a_refusal() -> None:
    with pytest.raises(ShapeError):
        JointPath(NAMES, np.arange(3.0), np.zeros((3, 3)))


def test_when_a_joint_appears_twice_expect_it_named() -> None:
    with pytest.raises(DataError, match="shoulder appears twice"):
        JointPath(("shoulder", "shoulder"), np.arange(2.0), np.zeros((2, 2)))


def test_when_a_joint_jumps_expect_joint_and_time() -> None:
    positions = np.zeros((4, 2))
    positions[2:, 1] = 1.0
    jumping = JointPath(NAMES, np.array([0.0, 0.5, 0.6, 1.0]), positions)
    with pytest.raises(DataError, match=r"elbow jumps from 0 to 1 between 0.5 s and 0.6 s"):
        jumping.check_jumps(np.array([4.0, 4.0]))
    jumping.check_jumps(np.array([5.1, 5.1]))


def test_when_a_part_is_chosen_expect_its_points_only() -> None:
    assert path().between(0.4, 3.0).times.tolist() == [0.5, 2.0]
    with pytest.raises(DataError, match="1 point"):
        path().between(0.0, 0.1)


@pytest.mark.parametrize(
    "text, problem",
    [
        ("", "empty"),
        ("a,b\n1,2\n", "columns a, b"),
        ("time,a\n0,1\n1\n", "point 1 has 1 values"),
        ("time,a\n0,one\n1,2\n", "not a number"),
        ("time,a,b,a.velocity\n0,1,2,3\n1,1,2,3\n", "b.velocity"),
        ("time,a\n0,1\n", "1 point"),
    ],
)
def test_when_a_csv_cannot_be_used_expect_what_is_wrong(tmp_path, text, problem) -> None:
    (tmp_path / "path.csv").write_text(text)
    with pytest.raises(DataError, match=problem):
        read_path(tmp_path / "path.csv", ())


@pytest.mark.parametrize(
    "text, problem",
    [
        ("[1, 2", "cannot be read"),
        ("a: 1\n", "no joint_names and points"),
        ("", "0 trajectories"),
        ("joint_names: [a]\npoints: [{positions: [1]}]\n", "time_from_start"),
        (
            "joint_names: [a]\npoints: [{positions: [], time_from_start: {sec: 0, nanosec: 0}}]\n",
            "0 positions, there are 1 joints",
        ),
    ],
)
def test_when_a_yaml_cannot_be_used_expect_what_is_wrong(tmp_path, text, problem) -> None:
    (tmp_path / "path.yaml").write_text(text)
    with pytest.raises(DataError, match=problem):
        read_path(tmp_path / "path.yaml", ())


def test_when_there_is_no_such_file_or_ending_expect_a_refusal(tmp_path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_path(tmp_path / "none.csv", ())
    with pytest.raises(DataError, match=r"ending '.txt'"):
        write_path(tmp_path / "path.txt", path())


def swing(times):
    return np.column_stack([np.sin(2.0 * times), 0.5 * np.cos(3.0 * times)])


def test_when_samples_are_noisy_and_uneven_expect_the_motion_behind_them() -> None:
    rng = np.random.default_rng(1)
    times = np.cumsum(rng.uniform(0.003, 0.007, 400))
    noisy = swing(times) + rng.normal(scale=1e-3, size=(400, 2))
    found = smoothed(NAMES, times, noisy, "noisy")
    raw = np.abs(noisy - swing(times)).std()
    away = found.positions - swing(found.times)
    assert np.diff(found.times).max() <= SPACING + 1e-9 + 0.005
    assert np.abs(away).std() < 0.75 * raw
    assert np.abs(away).max() < 3e-3


def test_when_the_motion_is_clean_expect_it_unchanged() -> None:
    times = np.arange(400) * 0.005
    found = smoothed(NAMES, times, swing(times), "clean")
    assert found.times[0] == times[0] and found.times[-1] == times[-1]
    assert np.abs(found.positions - swing(found.times)).max() < 2e-6


def test_when_a_sample_jumps_expect_joint_and_time() -> None:
    times = np.arange(400) * 0.005
    samples = swing(times)
    samples[200:, 1] += 0.3
    with pytest.raises(DataError, match=r"elbow jumps (0.9|1.0)"):
        smoothed(NAMES, times, samples, "jumping")


def test_when_a_bag_has_other_joints_and_repeats_expect_the_arms_path(write_bag, messages) -> None:
    sent = []
    for k in range(200):
        t = 0.01 * k
        a, b = swing(np.array([t]))[0]
        sent.append(
            ("/joint_states", t, messages.state(5.0 + t, ("elbow", "x", "shoulder"), (b, 9.0, a)))
        )
        sent.append(("/joint_states", t, messages.state(5.0 + t, ("wheel",), (1.0,))))
        if k % 50 == 0:  # a lock-step simulator repeats itself
            sent.append(sent[-2])
    found = read_bag_path(write_bag(sent), NAMES)
    assert found.times[0] == 0.0
    assert abs(found.times[-1] - 1.99) < 1e-9
    assert np.abs(found.positions - swing(found.times)).max() < 1e-3
    part = read_path(write_bag(sent, name="again"), NAMES, start=0.5, end=1.0)
    assert abs(part.duration - 0.5) < 1e-9
    assert np.abs(part.positions - swing(0.5 + part.times)).max() < 1e-3


def test_when_a_bag_lacks_a_joint_expect_it_named(write_bag, messages) -> None:
    sent = [
        ("/joint_states", 0.1 * k, messages.state(0.1 * k, ("elbow",), (0.0,))) for k in range(9)
    ]
    with pytest.raises(JointMismatchError, match="missing joint\\(s\\) shoulder"):
        read_bag_path(write_bag(sent), NAMES)


@pytest.mark.parametrize(
    "stamps, problem",
    [((0.0, 0.1, 0.2, 0.1, 0.3), "go back by 0.1 s"), ((0.0, 0.1, 0.9, 1.0), "for 0.8 s")],
)
def test_when_stamps_go_back_or_cease_expect_where(write_bag, messages, stamps, problem) -> None:
    sent = [
        ("/joint_states", 0.1 * k, messages.state(5.0 + t, NAMES, (0.0, 0.0)))
        for k, t in enumerate(stamps)
    ]
    with pytest.raises(DataError, match=problem):
        read_bag_path(write_bag(sent), NAMES)


def test_when_a_bag_is_too_short_expect_a_refusal(write_bag, messages) -> None:
    sent = [
        ("/joint_states", 0.01 * k, messages.state(0.01 * k, NAMES, (0.0, 0.0))) for k in range(4)
    ]
    with pytest.raises(DataError, match="the motion takes"):
        read_bag_path(write_bag(sent), NAMES)
