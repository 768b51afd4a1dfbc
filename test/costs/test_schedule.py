"""Numbers along the horizon: scaling, ramps, terminal rows, refusals."""

import numpy as np
import pytest

from rl_control.costs import CostSum, Effort, Posture, Ramp, Schedule, TipOrientation, TipPosition
from rl_control.errors import ConfigError, NonFiniteError, ShapeError, UnknownNameError

STEPS, DT, N = 10, 0.02, 3
COST = CostSum([TipPosition(), Posture(N), Effort(N)])
VALUES = {
    "tip_position.weight": 50.0,
    "tip_position.target": [0.1, 0.2, 0.3],
    "posture.weight": [1.0, 2.0, 3.0],
    "posture.target": np.zeros(N),
    "effort.weight": 1e-3,
}


def schedule(**options):
    return Schedule(COST, STEPS, DT, VALUES, **options)


def column(rows, name):
    return rows[:, COST.layout[name]]


def test_when_built_expect_running_rows_scaled_and_terminal_row_plain():
    rows = schedule(terminal={"tip_position": 100.0}).rows
    assert rows.shape == (STEPS + 1, COST.size)
    np.testing.assert_allclose(column(rows, "tip_position.weight")[:-1], 50 * DT)
    np.testing.assert_allclose(column(rows, "tip_position.weight")[-1], 5000)
    np.testing.assert_allclose(column(rows, "posture.weight")[-1], [1, 2, 3])
    np.testing.assert_allclose(column(rows, "posture.weight")[4], np.array([1, 2, 3]) * DT)
    np.testing.assert_allclose(column(rows, "tip_position.target"), [[0.1, 0.2, 0.3]] * 11)


def test_when_a_term_uses_controls_expect_no_terminal_cost():
    weights = column(schedule(terminal={"effort": 7.0}).rows, "effort.weight")
    np.testing.assert_allclose(weights[:-1], 1e-3 * DT)
    np.testing.assert_array_equal(weights[-1], 0)


def test_when_ramped_expect_weight_to_follow():
    rows = schedule(ramps={"posture": Ramp(0.0, 2.0, power=2.0)}).rows
    progress = np.linspace(0, 1, STEPS + 1)[:, None]
    expected = 2 * progress**2 * np.array([1, 2, 3])
    np.testing.assert_allclose(column(rows, "posture.weight")[:-1], expected[:-1] * DT)
    np.testing.assert_allclose(column(rows, "posture.weight")[-1], expected[-1])


def test_when_updated_expect_only_that_parameter_to_change():
    s = schedule(ramps={"tip_position": Ramp(0.5)})
    before = s.rows.copy()
    s.update({"tip_position.target": [1, 2, 3]})
    changed = np.flatnonzero((s.rows != before).any(axis=0))
    np.testing.assert_array_equal(changed, [1, 2, 3])
    s.update({"tip_position.target": VALUES["tip_position.target"]})
    np.testing.assert_array_equal(s.rows, before)


def test_when_a_reference_varies_expect_a_row_a_node():
    path = np.arange((STEPS + 1) * 3, dtype=float).reshape(STEPS + 1, 3)
    s = schedule()
    s.update({"tip_position.target": path, "tip_position.weight": np.ones((STEPS + 1, 1)) * 2})
    np.testing.assert_array_equal(column(s.rows, "tip_position.target"), path)
    np.testing.assert_allclose(column(s.rows, "tip_position.weight")[:-1], 2 * DT)


def test_when_a_rotation_is_given_expect_it_row_by_row():
    cost = CostSum([TipOrientation()])
    rotation = np.arange(9.0).reshape(3, 3)
    values = {"tip_orientation.weight": 1, "tip_orientation.target": rotation}
    rows = Schedule(cost, STEPS, DT, values).rows
    np.testing.assert_array_equal(rows[0, 1:], np.arange(9))


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"posture.weight": [1.0, 2.0]}, ShapeError, "posture.weight.*2 values, expected 3"),
        ({"tip_position.target": [1.0]}, ShapeError, "tip_position.target"),
        ({"tip_position.target": np.zeros((STEPS, 3))}, ShapeError, "11 rows of 3"),
        ({"posture.weight": [1.0, -2.0, 0.0]}, ConfigError, "negative weight -2"),
        ({"tip_position.target": [0, np.nan, 0]}, NonFiniteError, r"entry \[1\]"),
        ({"effort.weight": np.inf}, NonFiniteError, "effort.weight"),
        ({"postur.weight": 1.0}, UnknownNameError, "did you mean 'posture.weight'"),
    ],
)
def test_when_a_value_is_bad_expect_refusal_and_no_change(change, error, words):
    s = schedule()
    before = s.rows.copy()
    with pytest.raises(error, match=words):
        s.update({"posture.target": np.ones(N), **change})
    np.testing.assert_array_equal(s.rows, before)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"ramps": {"postures": Ramp(1.0)}}, UnknownNameError),
        ({"terminal": {"tip": 1.0}}, UnknownNameError),
        ({"terminal": {"posture": -1.0}}, ConfigError),
        ({"terminal": {"posture": np.nan}}, NonFiniteError),
        ({"ramps": {"posture": Ramp(-1.0)}}, ConfigError),
    ],
)
def test_when_a_factor_is_bad_expect_refusal(options, error):
    with pytest.raises(error):
        schedule(**options)


def test_when_a_parameter_is_missing_expect_refusal():
    values = {key: value for key, value in VALUES.items() if key != "posture.target"}
    with pytest.raises(ConfigError, match=r"posture\.target"):
        Schedule(COST, STEPS, DT, values)
