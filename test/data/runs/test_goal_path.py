"""The path of a moving goal goes through a message to the bit, and others can read it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rosbags")

from rl_control.data.bags.types import deserialize
from rl_control.data.runs.goal_path import GoalPath, goal_path_bytes, read_goal_path


@given(
    after=st.sampled_from(["", "0.000000000", "1738324800.125000000"]),
    start=st.floats(-1e9, 1e10),
    step=st.floats(1e-4, 1.0),
    rows=st.integers(1, 5),
    columns=st.integers(1, 4),
    seed=st.integers(0, 9),
)
def test_when_a_path_is_told_expect_the_same_bits_read(after, start, step, rows, columns, seed):
    table = np.random.default_rng(seed).normal(size=(rows, 2 * columns))
    raw = goal_path_bytes(GoalPath(start, step, table), after)
    label, path = read_goal_path(raw)
    assert (label, path.start, path.step) == (after, start, step)
    np.testing.assert_array_equal(path.table, table)
    message = deserialize("std_msgs/msg/Float64MultiArray", raw)
    np.testing.assert_array_equal(message.data, table.reshape(-1))
    assert [dim.size for dim in message.layout.dim] == [rows, 2 * columns]
    assert message.layout.dim[0].label == after


def test_when_the_numbers_do_not_fill_the_table_expect_an_error():
    raw = goal_path_bytes(GoalPath(0.0, 0.1, np.zeros((2, 4))), "")
    place = raw.rindex((8).to_bytes(4, "little"))
    with pytest.raises(ValueError, match="expected 2 x 4"):
        read_goal_path(raw[:place] + (7).to_bytes(4, "little") + raw[place + 4 :])
