"""Motion from files, run folders and bags: joined by name, what is left out counted."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.data.store import save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.robot.description import load_robot
from rl_control.run.load_motion import TRANSITIONS, BagConfig, SourceReport, load_motion

DT = 0.005
STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
EPOCH = 1_700_000_000.0  # [s], of times of receipt


@pytest.fixture(scope="module")
def robot():
    return load_robot("planar2")


def q_at(time):
    return 0.5 + 0.3 * np.sin(np.multiply.outer(time, [2.0, 3.0]))


def v_at(time):
    return 0.3 * np.array([2.0, 3.0]) * np.cos(np.multiply.outer(time, [2.0, 3.0]))


def motion(names=("shoulder", "elbow"), dt=DT, steps=100, rollouts=1, source="sim"):
    """Sines of two joints, in the order of `names`."""
    times = dt * np.arange(steps)
    order = [("shoulder", "elbow").index(name) for name in names]
    states, later = (
        np.hstack([q_at(at)[:, order], v_at(at)[:, order]]) for at in (times, times + dt)
    )
    return TransitionDataset(
        names, dt, np.tile(states, (rollouts, 1)),
        np.tile(np.array([1.0, 2.0])[order], (rollouts * steps, 1)),
        np.tile(later, (rollouts, 1)), np.tile(times, rollouts),
        np.repeat(np.arange(rollouts), steps), (source,) * rollouts,
    )  # fmt: skip


class Bag:
    """Collects messages and writes them as a recorder would."""

    def __init__(self):
        self.rows = []

    def state(self, time, q, v=None, names=("shoulder", "elbow"), at=EPOCH, topic=STATES):
        self.rows.append((topic, at + time, (time, names, q, v_at(time) if v is None else v)))

    def command(self, time, effort, at=EPOCH):
        self.rows.append((COMMANDS, at + time, effort))

    def run(self, seconds=1.0, start=0.0, at=EPOCH, **which):
        """A state every period, a command for each."""
        for time in start + DT * np.arange(round(seconds / DT) + 1):
            self.state(time, q_at(time), at=at, **which)
            self.command(time, [1.0, 2.0], at=at)
        return self

    def write(self, path):
        rosbag2 = pytest.importorskip("rosbags.rosbag2")
        from rosbags.typesys import Stores, get_typestore

        types = get_typestore(Stores.ROS2_JAZZY)
        plugin = rosbag2.StoragePlugin.MCAP
        with rosbag2.Writer(path, version=9, storage_plugin=plugin) as writer:
            opened = {}
            for topic, received, content in self.rows:
                message = (_command if topic == COMMANDS else _state)(types.types, content)
                kind = message.__msgtype__
                if topic not in opened:
                    opened[topic] = writer.add_connection(topic, kind, typestore=types)
                raw = types.serialize_cdr(message, kind)
                writer.write(opened[topic], round(received * 1e9), raw)
        return path


def _state(types, content):
    stamp, names, position, velocity = content
    at = types["builtin_interfaces/msg/Time"](*divmod(round(stamp * 1e9), 10**9))
    return types["sensor_msgs/msg/JointState"](
        types["std_msgs/msg/Header"](at, ""), list(names), np.array(position, dtype=float),
        np.array(velocity, dtype=float), np.empty(0),
    )  # fmt: skip


def _command(types, effort):
    layout = types["std_msgs/msg/MultiArrayLayout"]([], 0)
    return types["std_msgs/msg/Float64MultiArray"](layout, np.array(effort, dtype=float))


def test_when_a_file_and_a_run_folder_are_named_expect_one_set_by_joint_name(tmp_path, robot):
    save_transitions(tmp_path / "one.safetensors", motion(source="first", rollouts=2))
    folder = tmp_path / "collect"
    folder.mkdir()
    save_transitions(folder / TRANSITIONS, motion(("elbow", "shoulder"), source="second"))
    found, reports = load_motion([tmp_path / "one.safetensors", str(folder)], robot)
    wanted = motion(rollouts=3)
    assert found.names == robot.names
    assert found.sources == ("first", "first", "second")
    for name in ("states", "controls", "next_states", "times", "rollouts"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name)), name
    assert reports == [
        SourceReport(str(tmp_path / "one.safetensors"), pytest.approx(1.0)),
        SourceReport(str(folder), pytest.approx(0.5)),
    ]
    assert reports[0].left_out == "nothing"


def test_when_a_bag_is_named_expect_the_motion_in_it(tmp_path, robot):
    path = Bag().run().write(tmp_path / "bag")
    found, (report,) = load_motion([path], robot, dt=0.01)
    assert found.dt == 0.01
    assert np.allclose(found.states, np.hstack([q_at(found.times), v_at(found.times)]), atol=1e-6)
    assert np.allclose(found.next_states[:, :2], q_at(found.times + 0.01), atol=1e-6)
    assert np.allclose(found.controls, [1.0, 2.0])
    assert (report.source, report.rejected) == (str(path), {})
    assert report.seconds == found.seconds == pytest.approx(1.0, abs=0.011)
    (file,) = path.glob("*.mcap")
    assert np.array_equal(load_motion([file], robot, dt=0.01)[0].states, found.states)


def test_when_samples_cannot_be_true_expect_them_named_and_counted(tmp_path, robot):
    bag = Bag()
    for k in range(300):
        time = DT * k
        if not 100 <= k < 130:
            q = q_at(time)
            if k in (20, 40, 60):
                q = [np.nan, 0.0] if k == 20 else [99.0, 0.0]
            bag.state(time, q)
        bag.command(time, [1.0] if k == 50 else [1.0, np.nan] if k == 70 else [1.0, 2.0])
    bag.state(1.5, [0.5, 0.5], names=("finger", "elbow"))
    path = bag.write(tmp_path / "bag")
    found, (report,) = load_motion([path], robot)
    assert report.rejected == {
        "not_finite": 1, "out_of_limits": 2, "command_malformed": 1, "command_not_finite": 1,
        "lacks_joint": 1, "state_gap": 31,
    }  # fmt: skip
    assert "2 out_of_limits, 31 state_gap" in report.left_out
    assert np.abs(found.states[:, :2] - q_at(found.times)).max() < 1e-4
    # The 300 states leave 299 intervals, and what is left out is counted among them.
    assert found.size == 299 - 31


def test_when_the_clock_of_a_bag_begins_anew_expect_two_rollouts(tmp_path, robot):
    bag = Bag().run(seconds=1.0, start=50.0).run(seconds=0.5, at=EPOCH + 100.0)
    found, (report,) = load_motion([bag.write(tmp_path / "bag")], robot)
    sizes = np.bincount(found.rollouts)
    assert len(sizes) == len(found.sources) == 2
    assert sizes == pytest.approx([200, 100], abs=2)
    assert report.seconds == pytest.approx(1.5, abs=0.02)


def test_when_a_bag_is_joined_to_a_file_expect_the_files_time_step(tmp_path, robot):
    path = Bag().run().write(tmp_path / "bag")
    save_transitions(tmp_path / "one.safetensors", motion(dt=0.01))
    found, _ = load_motion([path, tmp_path / "one.safetensors"], robot)
    assert found.dt == 0.01
    assert found.sources == (str(path), "sim")


def test_when_topics_are_named_expect_them_read(tmp_path, robot):
    bag = Bag()
    for time in DT * np.arange(100):
        bag.state(time, q_at(time), topic="/arm/states")
        bag.command(time, [2.0, 7.0, 1.0])
    config = BagConfig("/arm/states", command_joints=("elbow", "finger", "shoulder"))
    path = bag.write(tmp_path / "bag")
    assert np.allclose(load_motion([path], robot, bags=config)[0].controls, [1.0, 2.0])
    with pytest.raises(DataError, match=r"no topic /joint_states .*: /arm/states"):
        load_motion([path], robot)


def test_when_motion_is_of_another_robot_expect_joints_found_and_wanted(tmp_path, robot):
    save_transitions(tmp_path / "one.safetensors", motion())
    panda = load_robot("panda")
    with pytest.raises(DataError, match=r"one\.safetensors: motion of joints shoulder, elbow; it"):
        load_motion([tmp_path / "one.safetensors"], panda)
    path = Bag().run(0.2).write(tmp_path / "bag")
    with pytest.raises(DataError, match=r"names shoulder, elbow, wanted are panda_joint1"):
        load_motion([path], panda)


def test_when_time_steps_differ_expect_the_source_named(tmp_path, robot):
    paths = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    for path, dt in zip(paths, (0.01, 0.004), strict=True):
        save_transitions(path, motion(dt=dt))
    with pytest.raises(DataError, match=r"two\.safetensors: its steps are of 0\.004 s.* 0\.01 s"):
        load_motion(paths, robot)


def test_when_a_file_is_cut_or_missing_expect_refusal(tmp_path, robot):
    path = tmp_path / "one.safetensors"
    save_transitions(path, motion())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(DataError, match=r"one\.safetensors: .*cut"):
        load_motion([path], robot)
    with pytest.raises(DataError, match=r"none: there is no such file or folder"):
        load_motion([tmp_path / "none"], robot)
    with pytest.raises(DataError, match=r"neither a run .* nor a ROS bag"):
        load_motion([tmp_path], robot)
    with pytest.raises(DataError, match="no source is named"):
        load_motion([], robot)


def test_when_a_bag_is_cut_or_empty_expect_refusal(tmp_path, robot):
    path = Bag().run(0.2).write(tmp_path / "bag")
    (file,) = path.glob("*.mcap")
    file.write_bytes(file.read_bytes()[:400])
    with pytest.raises(DataError, match="cut or damaged"):
        load_motion([path], robot)
    with pytest.raises(DataError, match="the bag is empty"):
        load_motion([Bag().write(tmp_path / "empty")], robot)


def test_when_nothing_of_a_source_can_be_used_expect_why(tmp_path, robot):
    bag = Bag()
    for time in DT * np.arange(21):
        bag.state(time, q_at(time))
    bag.command(0.5, [1.0, 2.0])
    with pytest.raises(DataError, match=r"bag: no motion .*left out: 20 no_command_yet"):
        load_motion([bag.write(tmp_path / "bag")], robot)
    save_transitions(tmp_path / "none.safetensors", TransitionDataset.empty(robot.names, DT))
    with pytest.raises(DataError, match=r"none\.safetensors: no motion in it can be used"):
        load_motion([tmp_path / "none.safetensors"], robot)


def test_when_a_source_is_named_twice_expect_refusal_since_it_would_judge_itself(tmp_path, robot):
    save_transitions(tmp_path / TRANSITIONS, motion())
    with pytest.raises(DataError, match="the same as"):
        load_motion([tmp_path, tmp_path / TRANSITIONS], robot)
