"""Motion in which an arm moves: of one at rest, any model is right."""

from __future__ import annotations

import numpy as np

from rl_control.data.transitions import TransitionDataset
from rl_control.types import JointLimits

REST_SPEED = 0.01  # share of the velocity limit below which a joint rests


def moving(data: TransitionDataset, limits: JointLimits) -> TransitionDataset:
    """Return the transitions in which a joint moves."""
    speeds = np.abs(data.states[:, data.n :])
    return data.where(np.asarray((speeds > REST_SPEED * limits.velocity).any(axis=1)))


def in_motion(data: TransitionDataset, limits: JointLimits) -> TransitionDataset:
    """Return what tells how sure a model may be: `moving`, or all if the arm never moves."""
    found = moving(data, limits)
    return found if found.size else data
