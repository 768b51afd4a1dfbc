"""LDL^T factorisation and solution of a symmetric positive definite system, in CasADi SX."""

from __future__ import annotations

import casadi as ca


def factorize_ldl(matrix: ca.SX) -> tuple[list[list[ca.SX]], list[ca.SX]]:
    """Return the unit lower factor's rows and the inverse pivots of a PD matrix, [n, n]."""
    n = matrix.shape[0]
    lower: list[list[ca.SX]] = [[ca.SX(0)] * n for _ in range(n)]
    pivots: list[ca.SX] = []
    inverse: list[ca.SX] = []
    for i in range(n):
        scaled: list[ca.SX] = []
        for j in range(i):
            entry = matrix[i, j]
            for k in range(j):
                entry = entry - scaled[k] * lower[j][k]
            scaled.append(entry)
            lower[i][j] = entry * inverse[j]
        pivot = matrix[i, i]
        for k in range(i):
            pivot = pivot - scaled[k] * lower[i][k]
        pivots.append(pivot)
        inverse.append(1 / pivot)
    return lower, inverse


def solve_ldl(factor: tuple[list[list[ca.SX]], list[ca.SX]], right: ca.SX) -> ca.SX:
    """Return matrix^-1 @ right, [n, m], from `factorize_ldl`."""
    lower, inverse = factor
    n = len(inverse)
    rows = [right[i, :] for i in range(n)]
    for i in range(n):
        for k in range(i):
            rows[i] = rows[i] - lower[i][k] * rows[k]
    rows = [rows[i] * inverse[i] for i in range(n)]
    for i in reversed(range(n)):
        for k in range(i + 1, n):
            rows[i] = rows[i] - lower[k][i] * rows[k]
    return ca.vertcat(*rows)
