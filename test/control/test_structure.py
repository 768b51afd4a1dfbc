"""The layout of a stage in memory."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.problem import pad_rows
from rl_control.control.structure import Stage, dense_stage

ARM = Stage(
    (3, 3),
    3,
    {("A", 1, 0): "dense", ("A", 0, 0): "identity", ("xx", 0, 0): "diagonal", ("uu",): "dense"},
    {(0, 0): 1.0, (0, 1): 0.1, (1, 1): 1.0},
)


@pytest.mark.parametrize("stage", [ARM, dense_stage(1, 1), dense_stage(14, 7), dense_stage(5, 9)])
def test_when_laid_out_expect_parts_that_do_not_overlap(stage):
    spans = [
        (stage.lx, stage.padded_nx),
        (stage.lu, stage.padded_nu),
        (stage.next_state, stage.padded_nx),
        (stage.value, 1),
    ]
    for key, block in stage.blocks.items():
        rows, columns = stage.shape(key)
        stored = {"dense": rows, "diagonal": 1}.get(block.kind, 0)
        spans.append((block.offset, stored * stage.pad(columns)))
    used = np.zeros(stage.size, dtype=int)
    for offset, size in spans:
        assert offset + size <= stage.size
        used[offset : offset + size] += 1
    assert used.max() == 1


def test_when_a_block_is_not_named_expect_zero():
    assert ARM.block("A", 0, 1).kind == "zero"
    assert ARM.block("A", 0, 0).kind == "identity"


def test_when_rows_are_padded_expect_each_state_at_its_position():
    x = np.arange(1.0, 13.0).reshape(2, 6)
    rows = pad_rows(ARM, x)
    assert rows.shape == (2, ARM.padded_nx)
    np.testing.assert_array_equal(rows[:, list(ARM.positions)], x)
    assert np.delete(rows, list(ARM.positions), axis=1).sum() == 0.0


def test_when_asked_for_lines_expect_the_states_of_a_block():
    assert [list(ARM.lines(i)) for i in (0, 1)] == [[0, 1, 2], [3, 4, 5]]
    assert ARM.shape(("B", 1)) == (3, 3)
    assert dense_stage(14, 7).shape(("ux", 0)) == (7, 14)
