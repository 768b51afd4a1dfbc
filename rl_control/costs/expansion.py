"""Gauss-Newton expansion of residual costs, block by block, with structural zeros kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols
from rl_control.costs.tangents import gravity_gradient, tip_velocity_gradient
from rl_control.errors import ConfigError, ShapeError
from rl_control.robot.kinematics import tip_jacobian

_VARIABLES = {"q": "q", "v": "v", "u": "u", "w": "u_prev"}


@dataclass(frozen=True)
class Expansion:
    """Value, gradient and Gauss-Newton Hessian of a cost at one node.

    Letters: q positions, v velocities, u efforts, w efforts of the step before. A block "qu" has
    rows of q and columns of u, [n, n]; blocks are sparse, an entry that is always zero is absent,
    and those below the diagonal (vq, uq, ...) are the transposes of those here.

    Attributes:
        value: the cost.
        l_q: gradient by q, [n]; l_v, l_u, l_w likewise.
        qq: second-order block, [n, n]; the others likewise.
    """

    value: ca.SX
    l_q: ca.SX
    l_v: ca.SX
    l_u: ca.SX
    l_w: ca.SX
    qq: ca.SX
    qv: ca.SX
    qu: ca.SX
    qw: ca.SX
    vv: ca.SX
    vu: ca.SX
    vw: ca.SX
    uu: ca.SX
    uw: ca.SX
    ww: ca.SX


@dataclass(frozen=True)
class LinearTerm:
    """A term's residual r [m], its weight [1] or [m], and dr/d(q, v, u, w), [m, n] each."""

    residual: ca.SX
    weight: ca.SX
    slopes: Mapping[str, ca.SX]


def evaluate(term: CostTerm, s: Symbols, parameters: Mapping[str, ca.SX]) -> ca.SX:
    """Return the term's residual, checked against what the term declares.

    Raises:
        ShapeError: if the residual is no column, or its size is not that of the weights.
    """
    residual = ca.SX(term.residual(s, parameters))
    if residual.shape[1] != 1:
        raise ShapeError(f"residual of cost '{term.name}'", residual.shape, "one column of")
    if term.weight_size not in (1, residual.shape[0]):
        raise ShapeError(f"weights of cost '{term.name}'", term.weight_size, residual.shape[0])
    return ca.densify(residual)


def weighted_square(residual: ca.SX, weight: ca.SX) -> ca.SX:
    """Return sum_i w_i r_i^2 / 2; one weight serves all entries."""
    if weight.numel() == 1:
        return weight * ca.dot(residual, residual) / 2
    return ca.dot(residual, weight * residual) / 2


def linearize(
    term: CostTerm, s: Symbols, weight: ca.SX, parameters: Mapping[str, ca.SX]
) -> LinearTerm:
    """Return a term's residual and its derivatives at `s`.

    The residual is differentiated by the quantities it names (tip pose, gravity torque, ...) and
    these by their closed forms, instead of all the way down by automatic differentiation.

    Raises:
        ConfigError: if the residual depends on a control that the term does not declare.
        ShapeError: if the residual's size does not fit the term's weights.
    """
    stand_in = _stand_ins(s)
    residual = evaluate(term, stand_in, parameters)
    _check_declared(term, residual, stand_in)
    slopes = {
        name: ca.jacobian(residual, ca.vec(getattr(stand_in, name)))
        for name in (*_VARIABLES.values(), "tip_position", "tip_velocity", "gravity_torque")
    }
    slopes["turn"] = _slope_by_turn(residual, stand_in.tip_rotation)
    names = list(slopes)
    residual, *values = ca.substitute(
        [residual, *slopes.values()],
        [ca.vec(getattr(stand_in, name)) for name in _REPLACED],
        [ca.vec(ca.densify(getattr(s, name))) for name in _REPLACED],
    )
    slopes = {name: ca.sparsify(value) for name, value in zip(names, values, strict=True)}
    return LinearTerm(residual, weight, _chain(slopes, s))


def expand(linear: Sequence[LinearTerm], n: int) -> Expansion:
    """Sum linearised terms into one expansion; blocks are [n, n]."""
    value = ca.SX(0)
    gradient = {name: ca.SX(n, 1) for name in _VARIABLES}
    blocks = {a + b: ca.SX(n, n) for a, b in combinations_with_replacement(_VARIABLES, 2)}
    for term in linear:
        weighted = term.weight * term.residual
        value = value + weighted_square(term.residual, term.weight)
        scaled = {name: _scale_rows(term.weight, slope) for name, slope in term.slopes.items()}
        for name, slope in term.slopes.items():
            gradient[name] = gradient[name] + ca.mtimes(slope.T, weighted)
        for block in blocks:
            product = ca.mtimes(term.slopes[block[0]].T, scaled[block[1]])
            blocks[block] = blocks[block] + product
    for name in _VARIABLES:  # One triangle is enough; the other mirrors it.
        blocks[name + name] = ca.triu2symm(ca.triu(blocks[name + name]))
    gradients = {"l_" + name: part for name, part in gradient.items()}
    return Expansion(value=value, **gradients, **blocks)


_REPLACED = (
    *_VARIABLES.values(),
    "tip_position",
    "tip_rotation",
    "tip_velocity",
    "gravity_torque",
)


def _stand_ins(s: Symbols) -> Symbols:
    """Fresh symbols in place of every quantity of `s`."""
    fresh = {name: ca.SX.sym(name, *getattr(s, name).shape) for name in _REPLACED}
    return replace(s, **fresh)


def _check_declared(term: CostTerm, residual: ca.SX, s: Symbols) -> None:
    uses = {"uses_control": s.u, "uses_previous_control": s.u_prev}
    for flag, symbol in uses.items():
        if ca.depends_on(residual, symbol) and not getattr(term, flag):
            raise ConfigError(
                "cost",
                term.name,
                f"its residual depends on a control but its {flag} is False",
                f"Set {flag} = True in {type(term).__name__}.",
            )


def _slope_by_turn(residual: ca.SX, rotation: ca.SX) -> ca.SX:
    """dr/d(small rotation of the tip about its own axes), [m, 3]."""
    entries = ca.vec(rotation)
    if not ca.depends_on(residual, entries):
        return ca.SX(residual.shape[0], 3)
    turn = ca.SX.sym("turn", 3)
    turned = rotation + ca.mtimes(rotation, ca.skew(turn))
    slope = ca.jacobian(ca.substitute(residual, entries, ca.vec(turned)), turn)
    return ca.substitute(slope, turn, ca.SX.zeros(3))


def _chain(slopes: Mapping[str, ca.SX], s: Symbols) -> dict[str, ca.SX]:
    """Derivatives by q, v, u, w from those by the quantities a residual names."""
    by_q, by_v = slopes["q"], slopes["v"]
    tip = ca.SX(6, s.q.shape[0])
    if any(slopes[name].nnz() for name in ("tip_position", "turn", "tip_velocity")):
        tip = tip_jacobian(s.body, s.q)
    if slopes["tip_position"].nnz():
        by_q = by_q + ca.mtimes(slopes["tip_position"], tip[:3, :])
    if slopes["turn"].nnz():
        by_q = by_q + ca.mtimes(ca.mtimes(slopes["turn"], s.tip_rotation.T), tip[3:, :])
    if slopes["tip_velocity"].nnz():
        by_q = by_q + ca.mtimes(slopes["tip_velocity"], tip_velocity_gradient(tip, s.v))
        by_v = by_v + ca.mtimes(slopes["tip_velocity"], tip)
    if slopes["gravity_torque"].nnz():
        by_q = by_q + ca.mtimes(slopes["gravity_torque"], gravity_gradient(s.body, s.q))
    return {"q": by_q, "v": by_v, "u": slopes["u"], "w": slopes["u_prev"]}


def _scale_rows(weight: ca.SX, slope: ca.SX) -> ca.SX:
    if weight.numel() == 1:
        return weight * slope
    return ca.mtimes(ca.diag(weight), slope)
