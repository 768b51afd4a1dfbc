"""Linear-quadratic regulators: finite horizon and infinite horizon.

    min  sum_t 1/2 (x' Q x + 2 u' N x + u' R u) + 1/2 x_T' Qf x_T,   x' = A x + B u

Feedback is u = K x, with the sign inside K as everywhere in this package.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg

from rl_control.control.backward import start_from_terminal, step_back
from rl_control.control.structure import Key, Stage, dense_stage
from rl_control.control.work import VXX, Work, allocate
from rl_control.errors import ConfigError, ShapeError
from rl_control.types import Array


@dataclass(frozen=True)
class LqrSolution:
    """Optimal feedback and cost to go.

    Attributes:
        gains: K of u = K x, [T, nu, nx].
        values: P of the cost to go 1/2 x' P x, [T+1, nx, nx].
    """

    gains: Array
    values: Array


def finite_horizon(
    a: Array, b: Array, q: Array, r: Array, terminal: Array, steps: int, cross: Array | None = None
) -> LqrSolution:
    """Solve a finite-horizon LQR problem.

    Args:
        a: A, [nx, nx], or one a step, [T, nx, nx].
        b: B, [nx, nu] or [T, nx, nu].
        q: Q, symmetric PSD, [nx, nx] or [T, nx, nx].
        r: R, symmetric PD, [nu, nu] or [T, nu, nu].
        terminal: Qf, symmetric PSD, [nx, nx].
        steps: T.
        cross: N, [nu, nx] or [T, nu, nx]; zero if None.

    Raises:
        ShapeError: if shapes do not fit.
        ConfigError: if R + B'PB is not positive definite at some step.
    """
    nx, nu = np.shape(b)[-2:]
    cross = np.zeros((nu, nx)) if cross is None else cross
    stage = dense_stage(nx, nu)
    work = allocate(_Linear(stage), steps)
    matrices: dict[Key, Array] = {
        ("A", 0, 0): _stack("A", a, steps, nx, nx),
        ("B", 0): _stack("B", b, steps, nx, nu),
        ("xx", 0, 0): _stack("Q", q, steps, nx, nx),
        ("ux", 0): _stack("N", cross, steps, nu, nx),
        ("uu",): _stack("R", r, steps, nu, nu),
    }
    for key, stack in matrices.items():
        _write(work.stages[:steps], stage, key, stack)
    _write(work.stages[steps:], stage, ("xx", 0, 0), _stack("Qf", terminal, 1, nx, nx))
    values = np.empty((steps + 1, nx, nx))
    start_from_terminal(work, steps)
    values[steps] = _value(work, stage)
    for t in range(steps - 1, -1, -1):
        if not step_back(work, t):
            raise ConfigError(
                "LQR", f"step {t}", "R + B'PB is not positive definite", "Give a positive R."
            )
        values[t] = _value(work, stage)
    gains = work.gains.reshape(steps, nu, stage.padded_nx)[:, :, :nx]
    return LqrSolution(gains.copy(), values)


def infinite_horizon(
    a: Array, b: Array, q: Array, r: Array, cross: Array | None = None
) -> tuple[Array, Array]:
    """Return K [nu, nx] and P [nx, nx] of the stationary problem.

    Raises:
        ConfigError: if no stabilising solution exists.
    """
    cross = np.zeros((b.shape[1], a.shape[0])) if cross is None else cross
    try:
        p = scipy.linalg.solve_discrete_are(a, b, q, r, s=cross.T)
    except (np.linalg.LinAlgError, ValueError) as error:
        raise ConfigError(
            "LQR",
            "A, B, Q, R",
            f"no stabilising solution ({error})",
            "Every unstable mode must be reached by B and seen by Q.",
        ) from error
    gain = -np.linalg.solve(r + b.T @ p @ b, cross + b.T @ p @ a)
    return gain, p


class _Linear:
    """A `Problem` whose stages are written by hand: only the recursion runs."""

    parameters, lanes = 0, 1
    expand_address = rollout_address = terminal_address = 0

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def check(self) -> None:
        """Nothing runs that could fail."""


def _stack(what: str, matrix: Array, steps: int, rows: int, columns: int) -> Array:
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.shape not in ((rows, columns), (steps, rows, columns)):
        raise ShapeError(f"LQR {what}", matrix.shape, f"({rows}, {columns}) or {steps} of them,")
    return np.broadcast_to(matrix, (steps, rows, columns))


def _write(stages: Array, stage: Stage, key: Key, stack: Array) -> None:
    offset, columns = stage.block(*key).offset, stack.shape[2]
    stride = stage.pad(columns)
    for i in range(stack.shape[1]):
        start = offset + i * stride
        stages[: len(stack), start : start + columns] = stack[:, i]


def _value(work: Work, stage: Stage) -> Array:
    nx, width = stage.nx, stage.padded_nx
    start = work.offsets[VXX]
    value: Array = work.scratch[start : start + nx * width].reshape(nx, width)[:, :nx].copy()
    return value
