"""How much the members of an ensemble disagree, as a cost: value, gradient, Gauss-Newton Hessian.

    1/2 sum_k |f_k - mean f|^2_S / K

is large where there were no data, so that plans which pay for it stay where the model is right.
"""

from __future__ import annotations

from dataclasses import replace

import casadi as ca

from rl_control.costs.expansion import Expansion


def doubt(means: ca.SX, scale: ca.SX) -> ca.SX:
    """Return the cost of the members' means, [n, K], with weights `scale` [n]."""
    away = means - ca.sum2(means) / means.shape[1]
    return ca.sum1(ca.sum2(away**2 * scale)) / 2


def doubt_size(n: int) -> int:
    """Length of `doubt_expansion`: value, gradient and upper triangle of the Hessian."""
    return 1 + 3 * n + 3 * n * (3 * n + 1) // 2


def doubt_expansion(means: ca.SX, slopes: list[ca.SX], scale: ca.SX) -> ca.SX:
    """Return value, gradient by (q, v, u) and the Hessian's upper triangle by rows, one column.

    Args:
        means: of the members, [n, K].
        slopes: of each member by (q, v, u), transposed, [3n, n] each.
        scale: weights, [n].
    """
    members, size = len(slopes), slopes[0].shape[0]
    away = means - ca.sum2(means) / members
    together = sum(slopes[1:], slopes[0]) / members
    gradient, hessian = ca.SX(size, 1), ca.SX(size, size)
    for k, by in enumerate(slopes):
        apart = by - together
        gradient = gradient + ca.mtimes(apart, scale * away[:, k])
        hessian = hessian + ca.mtimes(apart * ca.repmat(scale.T, size, 1), apart.T)
    upper = [hessian[i, j] for i in range(size) for j in range(i, size)]
    return ca.vertcat(doubt(means, scale), gradient, *upper)


def with_doubt(around: Expansion, column: ca.SX, factor: ca.SX, n: int) -> Expansion:
    """Return a cost's expansion with `factor` times that of the doubt added."""
    size = 3 * n
    gradient, upper = factor * column[1 : 1 + size], factor * column[1 + size :]
    hessian = ca.SX(size, size)
    pairs = [(i, j) for i in range(size) for j in range(i, size)]
    for (i, j), entry in zip(pairs, ca.vertsplit(upper), strict=True):
        hessian[i, j] = hessian[j, i] = entry
    parts = {"q": slice(0, n), "v": slice(n, 2 * n), "u": slice(2 * n, size)}
    changed = {
        row + column: getattr(around, row + column) + hessian[parts[row], parts[column]]
        for row, column in ("qq", "qv", "qu", "vv", "vu", "uu")
    }
    for letter, part in parts.items():
        changed[f"l_{letter}"] = getattr(around, f"l_{letter}") + gradient[part]
    return replace(around, value=around.value + factor * column[0], **changed)
