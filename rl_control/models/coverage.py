"""How often a model's intervals of every size hold what they should."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

from rl_control.data.transitions import TransitionDataset
from rl_control.interfaces import DynamicsModel
from rl_control.types import Array

_LEAST_DEVIATION = 1e-12


def coverage(model: DynamicsModel, data: TransitionDataset, shares: Array) -> Array:
    """Return the share of the changes in `data` inside each interval, [S, nx].

    Args:
        model: says how sure it is of each state after one step; its step is the data's.
        data: what then came.
        shares: of a normal's mass that the intervals promise to hold, [S] within (0, 1).
    """
    error = np.abs(data.next_states - model.step(data.states, data.controls))
    deviation = np.maximum(model.uncertainty(data.states, data.controls), _LEAST_DEVIATION)
    # Half of what an interval leaves lies above it.
    bounds = ndtri(0.5 * (1.0 + np.asarray(shares)))
    ratio = error / deviation
    return np.array([(ratio < bound).mean(axis=0) for bound in bounds])
