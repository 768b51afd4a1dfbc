"""Sums of terms: layout, structure, what they refuse."""

import casadi as ca
import numpy as np
import pytest

from rl_control.costs import (
    ControlRate,
    CostSum,
    CostTerm,
    Effort,
    EffortAbout,
    PositionLimits,
    Posture,
    TipPosition,
    Velocity,
)
from rl_control.errors import ConfigError, ShapeError

N = 5


def test_when_terms_are_summed_expect_the_sum_of_each_alone(numeric, state):
    terms = [TipPosition(), Posture(N), Effort(N), PositionLimits(), ControlRate(N)]
    rng = np.random.default_rng(0)
    z = np.concatenate(state(0))
    parts = [rng.uniform(0.1, 1, CostSum([term]).size) for term in terms]
    value, _, gradient, hessian, shares = numeric(CostSum(terms))(z, np.concatenate(parts))
    alone = [numeric(CostSum([term]))(z, part) for term, part in zip(terms, parts, strict=True)]
    assert value == pytest.approx(sum(one[0] for one in alone))
    np.testing.assert_allclose(gradient, sum(one[2] for one in alone), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(hessian, sum(one[3] for one in alone), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(shares, [one[0] for one in alone])


def test_when_laid_out_expect_slices_that_cover_the_vector():
    cost = CostSum([TipPosition(), Posture(N), Velocity(N)])
    assert cost.layout == {
        "tip_position.weight": slice(0, 1),
        "tip_position.target": slice(1, 4),
        "posture.weight": slice(4, 9),
        "posture.target": slice(9, 14),
        "velocity.weight": slice(14, 19),
    }
    assert cost.size == 19
    assert cost.names == ("tip_position", "posture", "velocity")


def test_when_entries_are_always_zero_expect_them_absent(symbols):
    cost = CostSum([TipPosition(), Posture(N), Velocity(N), EffortAbout(N)])
    expansion = cost.gauss_newton(symbols, ca.SX.sym("p", cost.size))
    assert expansion.vv.nnz() == expansion.uu.nnz() == N
    for block in ("qv", "qu", "vu", "qw", "vw", "uw", "ww"):
        assert getattr(expansion, block).nnz() == 0, block
    assert expansion.qq.nnz() == N * N


def test_when_controls_are_rated_expect_diagonal_blocks(symbols):
    cost = CostSum([ControlRate(N)])
    assert cost.uses_previous_control
    expansion = cost.gauss_newton(symbols, ca.SX.sym("p", cost.size))
    assert expansion.uu.nnz() == expansion.uw.nnz() == expansion.ww.nnz() == N


def test_when_empty_expect_zero(numeric, state):
    value, _, gradient, hessian, _ = numeric(CostSum([]))(np.concatenate(state(0)), np.zeros(0))
    assert value == 0 and not gradient.any() and not hessian.any()


def test_when_all_joints_are_endless_expect_no_limit_cost(symbols, numeric, state):
    class Nothing(CostTerm):
        name = "nothing"

        def residual(self, s, p):
            return ca.SX(0, 1)

    value, *_ = numeric(CostSum([Nothing()]))(np.concatenate(state(0)), np.ones(1))
    assert value == 0


def test_when_a_name_is_there_twice_expect_refusal():
    with pytest.raises(ConfigError, match=r"effort\.weight.*twice"):
        CostSum([Effort(N), EffortAbout(N)])
    assert CostSum([Effort(N), EffortAbout(N, name="effort_about")]).size == 3 * N


class Sneaky(CostTerm):
    name = "sneaky"

    def residual(self, s, p):
        return s.u[0] * s.q


def test_when_a_term_hides_its_control_expect_refusal(symbols):
    with pytest.raises(ConfigError, match=r"sneaky.*uses_control"):
        CostSum([Sneaky()]).gauss_newton(symbols, ca.SX.sym("p", 1))


def test_when_weights_do_not_fit_the_residual_expect_refusal(symbols):
    cost = CostSum([Velocity(N + 1)])
    with pytest.raises(ShapeError, match="velocity"):
        cost.value(symbols, ca.SX.sym("p", cost.size))


def test_when_residual_is_no_column_expect_refusal(symbols):
    class Row(Sneaky):
        def residual(self, s, p):
            return s.q.T

    with pytest.raises(ShapeError, match="sneaky"):
        CostSum([Row()]).value(symbols, ca.SX.sym("p", 1))


def test_when_a_term_uses_the_body_itself_expect_right_gradient(numeric, state):
    class ElbowHeight(CostTerm):
        name = "elbow"

        def residual(self, s, p):
            position, _ = s.body.link_placements(s.q)[3]
            return ca.fmax(1.0 - position[2], 0) * s.tip_position

    f, z = numeric(CostSum([ElbowHeight()])), np.concatenate(state(4))
    step = 1e-6
    differences = [
        (f(z + step * e, np.ones(1))[0] - f(z - step * e, np.ones(1))[0]) / (2 * step)
        for e in np.eye(4 * N)
    ]
    np.testing.assert_allclose(f(z, np.ones(1))[2], differences, atol=1e-7)
