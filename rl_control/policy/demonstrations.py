"""What a policy is to imitate, and how much each of it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.types import Array

_CAP = 2.0  # times the median


@dataclass(frozen=True)
class Demonstrations:
    """N runs of T ticks; samples without order are runs of one tick.

    Attributes:
        observations: [N, T, no].
        controls: without the policy's base, [N, T, nu].
        precision: what a deviation of the controls costs, [N, T, nu, nu], symmetric, not negative.

    Raises:
        ShapeError: if shapes do not fit one another.
        NonFiniteError: if a number is not finite.
    """

    observations: Array
    controls: Array
    precision: Array

    def __post_init__(self) -> None:
        runs, nu = self.observations.shape[:2], self.controls.shape[-1]
        for name, shape in (("controls", (*runs, nu)), ("precision", (*runs, nu, nu))):
            if getattr(self, name).shape != shape:
                raise ShapeError(f"demonstrations: {name}", getattr(self, name).shape, shape)
        for name in ("observations", "controls", "precision"):
            values = getattr(self, name)
            if not np.isfinite(values).all():
                where = np.argwhere(~np.isfinite(values))[0, :2].tolist()
                raise NonFiniteError(f"demonstrations: {name}, [run, tick]", where)

    @property
    def runs(self) -> int:
        """Number of runs N."""
        return len(self.observations)

    def check(self, seen: int, nu: int) -> None:
        """Refuse demonstrations that a policy cannot be trained on.

        Args:
            seen: number of entries that it observes.
            nu: number of its controls.

        Raises:
            DataError: if there are none.
            ShapeError: if they are of another observation, or of another number of controls.
        """
        if not self.observations.size:
            raise DataError("demonstrations", "there are none", "Collect some first.")
        for name, size in (("observations", seen), ("controls", nu)):
            found = getattr(self, name).shape[-1]
            if found != size:
                raise ShapeError(f"demonstrations: {name} of the policy", found, size)

    def where(self, runs: NDArray[np.intp] | NDArray[np.bool_]) -> Demonstrations:
        """Return some of the runs."""
        return Demonstrations(self.observations[runs], self.controls[runs], self.precision[runs])

    def flat(self) -> Demonstrations:
        """Return the same samples as runs of one tick."""
        return Demonstrations(
            *(
                values.reshape(-1, 1, *values.shape[2:])
                for values in (self.observations, self.controls, self.precision)
            )
        )

    @staticmethod
    def joined(parts: Sequence[Demonstrations]) -> Demonstrations:
        """Return several sets of runs of the same number of ticks as one."""
        return Demonstrations(
            np.concatenate([part.observations for part in parts]),
            np.concatenate([part.controls for part in parts]),
            np.concatenate([part.precision for part in parts]),
        )


def capped(precision: Array) -> Array:
    """Return precisions [..., nu, nu] whose size, the trace, is at most twice the median.

    Else a few steps, at which a controller allows itself next to no noise, would count for all.
    """
    size = np.trace(precision, axis1=-2, axis2=-1)
    most = _CAP * np.median(size)
    return np.asarray(precision * np.minimum(1.0, most / np.maximum(size, 1e-300))[..., None, None])


def policy_covariance(precision: Array, entropy: float, least: Array) -> Array:
    """Return the covariance of the policy that costs least, [nu, nu].

    The inverse of the mean precision, the closed form of the fit's covariance.

    Args:
        precision: of the samples, [..., nu, nu].
        entropy: added to the precision's diagonal, as a share of its mean.
        least: least standard deviations, [nu].

    Source: Levine & Abbeel, "Learning neural network policies with guided policy search under
    unknown dynamics" (2014), sec. 4.
    """
    nu = precision.shape[-1]
    mean = precision.reshape(-1, nu, nu).mean(axis=0)
    mean = 0.5 * (mean + mean.T)
    mean = mean + (entropy * np.trace(mean) / nu + 1e-300) * np.eye(nu)
    # In units of the least deviations a floor on every direction is one on eigenvalues.
    values, vectors = np.linalg.eigh(least[:, None] * mean * least)
    kept = 1.0 / np.clip(values, 1e-12, 1.0)
    return np.asarray(least[:, None] * (vectors * kept) @ vectors.T * least)
