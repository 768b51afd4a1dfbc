"""Bags in, recordings out: joints by name, stamps on one clock, other robots refused."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.data.bag import read_bag
from rl_control.data.recording import clean, split_timelines
from rl_control.data.resample import resample
from rl_control.errors import DataError, JointMismatchError

NAMES = ("a", "b", "c")
STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
EPOCH = 1_700_000_000.0  # [s], of times of receipt
START = 12.5  # [s], of the stamps in headers
PERIOD = 0.004
LATENCY = 0.001


def q_at(time):
    return np.sin(time + np.arange(3.0))


def v_at(time):
    return np.cos(time + np.arange(3.0))


def effort_at(time):
    return np.array([1.0, 10.0, 100.0]) * (1.0 + round(time / PERIOD) // 2)


def run(
    messages,
    steps=200,
    listed=NAMES,
    velocity=True,
    labelled=False,
    start=START,
    at=EPOCH,
    rate=1.0,
):
    """A run: a state every 4 ms, an answer to every second one 2 ms later."""
    index = [NAMES.index(name) if name in NAMES else 0 for name in listed]
    for k in range(steps):
        time = k * PERIOD
        received = at + time / rate + LATENCY
        speeds = v_at(time)[index] if velocity else ()
        yield STATES, received, messages.state(start + time, listed, q_at(time)[index], speeds)
        if k % 2 == 0:
            nanoseconds = round((start + time) * 1e9)
            label = f"{nanoseconds // 10**9}.{nanoseconds % 10**9:09d}" if labelled else None
            yield COMMANDS, received + 0.002, messages.command(effort_at(time), label)


@pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])
@pytest.mark.parametrize("store", ["ROS2_HUMBLE", "ROS2_JAZZY"])
def test_when_a_bag_is_read_expect_states_and_efforts_by_stamp(write_bag, messages, storage, store):
    path = write_bag(run(messages), storage, store)
    found = read_bag(path, NAMES)
    times = PERIOD * np.arange(200)
    np.testing.assert_allclose(found.state_times, times, atol=1e-9)
    np.testing.assert_array_equal(found.positions, [q_at(k * PERIOD) for k in range(200)])
    np.testing.assert_array_equal(found.velocities, [v_at(k * PERIOD) for k in range(200)])
    # Sent 2 ms after the state, as far as times of receipt can tell.
    np.testing.assert_allclose(found.command_times, times[::2] + 0.002, atol=1e-6)
    np.testing.assert_array_equal(found.efforts, [effort_at(time) for time in times[::2]])
    assert (found.source, found.rejected, found.restarts) == (str(path), {}, ())
    (file,) = [file for file in path.iterdir() if file.suffix in (".mcap", ".db3")]
    np.testing.assert_array_equal(read_bag(file, NAMES).positions, found.positions)


def test_when_commands_name_the_state_they_answer_expect_its_stamp(write_bag, messages):
    found = read_bag(write_bag(run(messages, labelled=True)), NAMES)
    np.testing.assert_allclose(found.command_times, found.state_times[::2], atol=1e-9)


@pytest.mark.parametrize("label", ["", "joint effort", "12.5", "12.5000000000", "x12.500000000"])
def test_when_a_label_is_no_stamp_expect_the_time_of_receipt(write_bag, messages, label):
    rows = [
        *run(messages, steps=50),
        (COMMANDS, EPOCH + 0.3 + LATENCY, messages.command(np.ones(3), label)),
    ]
    found = read_bag(write_bag(rows), NAMES)
    assert found.command_times[-1] == pytest.approx(0.3, abs=1e-6)


def test_when_a_few_states_are_late_expect_commands_where_they_were(write_bag, messages):
    rows = [
        (topic, received + (0.3 if topic == STATES and k % 10 == 5 else 0.0), make)
        for k, (topic, received, make) in enumerate(run(messages))
    ]
    found = read_bag(write_bag(sorted(rows, key=lambda row: row[1])), NAMES)
    assert (np.diff(found.state_times) < 0.0).any()
    np.testing.assert_allclose(
        found.command_times, PERIOD * np.arange(0, 200, 2) + 0.002, atol=1e-6
    )
    kept, dropped = clean(found, None)
    assert dropped.keys() == {"backward_stamp"}
    assert len(kept.state_times) == 200 - dropped.total()


def test_when_joints_are_shuffled_among_others_expect_them_by_name(write_bag, messages):
    listed = ("finger", "c", "a", "wheel", "b")
    rows = [row for row in run(messages, listed=listed) if row[0] == STATES]
    rows += [(COMMANDS, EPOCH + 1.0, messages.command([3.0, 9.0, 1.0, 2.0]))]
    path = write_bag(rows)
    found = read_bag(path, NAMES, command_joints=("c", "x", "a", "b"))
    np.testing.assert_array_equal(found.positions[7], q_at(7 * PERIOD))
    np.testing.assert_array_equal(found.velocities[7], v_at(7 * PERIOD))
    assert found.efforts.tolist() == [[1.0, 2.0, 3.0]]
    turned = read_bag(path, ("b", "a"), command_joints=("c", "x", "a", "b"))
    np.testing.assert_array_equal(turned.positions[7], q_at(7 * PERIOD)[[1, 0]])
    assert turned.efforts.tolist() == [[2.0, 1.0]]
    with pytest.raises(JointMismatchError, match="missing joint"):
        read_bag(path, NAMES, command_joints=("a", "b"))


def test_when_messages_do_not_fit_expect_them_counted_and_left_out(write_bag, messages):
    q = np.zeros(3)
    bad = [
        (STATES, EPOCH + 2.0, messages.state(START + 2.0, NAMES[:2], q[:2], q[:2])),
        (STATES, EPOCH + 2.1, messages.state(START + 2.1, NAMES, q[:2], q)),
        (STATES, EPOCH + 2.2, messages.state(START + 2.2, NAMES, q)),
        (STATES, EPOCH + 2.3, messages.state(START + 2.3, NAMES, q, [0.0, np.nan, 0.0])),
        (COMMANDS, EPOCH + 2.4, messages.command(np.ones(4))),
    ]
    found = read_bag(write_bag([*run(messages), *bad]), NAMES)
    assert found.rejected == {
        "lacks_joint": 1, "malformed": 1, "no_velocity": 2, "command_malformed": 1
    }  # fmt: skip
    assert len(found.state_times) == 200
    assert len(found.command_times) == 100


@pytest.mark.parametrize("speeds", [(), (np.nan,) * 3])
def test_when_most_states_have_no_velocity_expect_none(write_bag, messages, speeds):
    rows = list(run(messages, steps=40))
    late = 1.0 + PERIOD * np.arange(60)
    bare = [
        (STATES, EPOCH + time, messages.state(START + time, NAMES, q_at(time), speeds))
        for time in late
    ]
    found = read_bag(write_bag([*rows, *bare]), NAMES)
    assert found.velocities is None
    assert found.rejected == {}
    assert len(found.state_times) == 100


def test_when_the_clock_begins_anew_expect_each_part_with_its_own_commands(write_bag, messages):
    second = run(messages, start=0.0, at=EPOCH + 60.0)
    found = read_bag(write_bag([*run(messages), *second]), NAMES)
    assert found.restarts == ((200, 100),)
    for part in split_timelines(found):
        cleaned, dropped = clean(part, None)
        assert not dropped
        shift = part.command_times - part.state_times[::2]
        np.testing.assert_allclose(shift, 0.002, atol=1e-6)
        assert resample(cleaned, 0.02).data.size > 30


def test_when_a_bag_is_resampled_expect_the_efforts_that_acted(write_bag, messages):
    found = read_bag(write_bag(run(messages, labelled=True)), NAMES)
    data = resample(clean(found, None)[0], 2 * PERIOD).data
    wanted = [effort_at(time) for time in data.times]
    np.testing.assert_allclose(data.controls, wanted, rtol=1e-6)
    np.testing.assert_allclose(
        data.next_states[:, 1], np.sin(data.times + data.dt + 1.0), atol=1e-9
    )


def test_when_receipt_drifts_from_the_stamps_expect_refusal_unless_labelled(write_bag, messages):
    with pytest.raises(DataError, match=r"drift by .* s against .*--use-sim-time"):
        read_bag(write_bag(run(messages, rate=0.5)), NAMES)
    found = read_bag(write_bag(run(messages, rate=0.5, labelled=True), name="labelled"), NAMES)
    np.testing.assert_allclose(found.command_times, found.state_times[::2], atol=1e-9)


def test_when_states_have_no_stamps_expect_refusal(write_bag, messages):
    rows = [(STATES, EPOCH + k, messages.state(0.0, NAMES, q_at(k))) for k in range(9)]
    rows += [(COMMANDS, EPOCH + 5.0, messages.command(np.ones(3)))]
    with pytest.raises(DataError, match=r"all joint states have the stamp 0\.000000000"):
        read_bag(write_bag(rows), NAMES)


def test_when_it_is_another_robots_bag_expect_names_found_and_wanted(write_bag, messages):
    path = write_bag(run(messages))
    with pytest.raises(DataError, match=r"names a, b, c, wanted are panda_1, panda_2"):
        read_bag(path, ("panda_1", "panda_2"))
    with pytest.raises(DataError, match="last one has 3 values, expected 2"):
        read_bag(path, ("a", "b"))


def test_when_a_topic_is_missing_expect_those_of_its_type(write_bag, messages):
    path = write_bag(run(messages))
    with pytest.raises(DataError, match=r"no topic /arm/joints .* of that type: /joint_states\."):
        read_bag(path, NAMES, state_topic="/arm/joints")
    with pytest.raises(DataError, match=r"no topic /c .*: /effort_controller/commands\."):
        read_bag(path, NAMES, command_topic="/c")
    # A topic of another type is none.
    with pytest.raises(DataError, match=r"no topic /joint_states of type std_msgs"):
        read_bag(path, NAMES, command_topic=STATES)
