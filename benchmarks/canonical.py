"""The canonical reaching problem, as plain numbers that every solver in the comparison reads.

Minimise over u_0 .. u_{N-1}, with x = (q, v) and semi-implicit Euler v' = v + dt a, q' = q + dt v',

    sum_k dt (w_p/2 |p - p*|^2 + w_v/2 |v|^2 + w_u/2 |u - g(q0)|^2) + W_p/2 |p - p*|^2 + W_v/2 |v|^2

for the KUKA iiwa of `pybullet_data`, without joint damping.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

ROBOT = "iiwa7"
TIP = "lbr_iiwa_link_7"
DT = 0.02  # [s]
HORIZONS = (50, 100)
URDF_EFFORT = np.full(7, 300.0)  # [N m], what the URDF states.
REAL_EFFORT = np.array([176.0, 176.0, 110.0, 110.0, 110.0, 40.0, 40.0])  # [N m], the real arm's.
TIGHT_EFFORT = 0.4 * REAL_EFFORT  # [N m], limits that are active on most targets.

_RANGE = np.array([2.96705973, 2.0943951, 2.96705973, 2.0943951, 2.96705973, 2.0943951, 3.05432619])


@dataclass(frozen=True)
class Weights:
    """Weights of the canonical cost; the running ones are multiplied by dt."""

    position: float = 50.0
    velocity: float = 0.1
    effort: float = 1e-3
    terminal_position: float = 5000.0
    terminal_velocity: float = 10.0


@dataclass(frozen=True)
class Canonical:
    """One instance of the problem.

    Attributes:
        target: wanted tip position, [3] in [m].
        horizon: number of steps N.
        limits: greatest effort, [7] in [N m], or None for no limit.
        q0: initial joint positions, [7] in [rad]; the arm starts at rest.
        dt: time step in [s].
        weights: of the cost.
    """

    target: Array
    horizon: int = 50
    limits: Array | None = None
    q0: Array = field(default_factory=lambda: np.array([0.0, 0.6, 0.0, -1.2, 0.0, 0.9, 0.0]))
    dt: float = DT
    weights: Weights = Weights()


def target_postures(count: int = 20, seed: int = 0, share: float = 0.7) -> Array:
    """Return joint vectors drawn uniformly from the middle `share` of the limits, [count, 7]."""
    return np.random.default_rng(seed).uniform(-share * _RANGE, share * _RANGE, (count, 7))


@dataclass(frozen=True)
class Solved:
    """What one solver made of one instance.

    Attributes:
        cost: at the returned trajectory.
        iterations: taken.
        seconds: median wall time of the whole solve in [s].
        converged: the solver's own verdict.
        states: [N+1, 14].
        controls: [N, 7] in [N m].
    """

    cost: float
    iterations: int
    seconds: float
    converged: bool
    states: Array
    controls: Array

    @property
    def ms_per_iteration(self) -> float:
        """Wall time of one iteration in [ms]."""
        return 1e3 * self.seconds / max(self.iterations, 1)
