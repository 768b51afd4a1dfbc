"""A controller that is linear in the state, with its own gains and noise at every step.

u = K_t x + k_t + w_t,   w_t ~ N(0, covariance_t)

As with a policy, efforts may stand on a base, see `PolicyFacts`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import ShapeError
from rl_control.policy.policy import check_base
from rl_control.types import Array

KIND = "linear-Gaussian controller"
_ARRAYS = ("K", "k", "covariance")


@dataclass(frozen=True)
class LinearGaussianController:
    """T steps of a linear controller with Gaussian noise.

    Attributes:
        names: joint names, [nu].
        dt: length of a step in [s].
        K: gains, [T, nu, nx].
        k: offsets, [T, nu].
        covariance: of the noise, [T, nu, nu].
        base: what makes efforts of its controls, see `PolicyFacts.base`.

    Raises:
        PolicyError: if the base is unknown.
        ShapeError: if a shape does not fit the others.
    """

    names: tuple[str, ...]
    dt: float
    K: Array
    k: Array
    covariance: Array
    base: str = "none"

    def __post_init__(self) -> None:
        check_base(self.base)
        steps, nu = self.k.shape
        for name, shape in (
            ("K", (steps, len(self.names), self.nx)),
            ("covariance", (steps, nu, nu)),
        ):
            if getattr(self, name).shape != shape:
                what = f"linear-Gaussian controller: {name}"
                raise ShapeError(what, getattr(self, name).shape, shape)

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.k)

    @property
    def nx(self) -> int:
        """Number of states."""
        return self.K.shape[2]

    @property
    def nu(self) -> int:
        """Number of controls."""
        return self.k.shape[1]

    @property
    def precision(self) -> Array:
        """Inverse covariances, [T, nu, nu]."""
        return np.asarray(np.linalg.inv(self.covariance))

    def mean(self, x: Array, t: int | NDArray[np.intp]) -> Array:
        """Return the mean controls, [B, nu], of states x [B, nx] at step t, one for all or [B]."""
        return (self.K[t] @ x[..., None])[..., 0] + self.k[t]

    def save(self, path: Path) -> None:
        """Write the controller to a checkpoint.

        Raises:
            DataError: if it cannot be written.
        """
        document = {"names": list(self.names), "dt": self.dt, "base": self.base}
        save_checkpoint(path, KIND, document, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: Path) -> LinearGaussianController:
        """Read a controller from its checkpoint.

        Raises:
            DataError: if the file is not a checkpoint of such a controller.
        """
        document, arrays = load_checkpoint(path, KIND)
        return cls(
            tuple(document["names"]),
            document["dt"],
            **{name: arrays[name] for name in _ARRAYS},
            base=document["base"],
        )
