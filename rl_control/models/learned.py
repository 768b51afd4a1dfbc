"""A learned dynamics model of an arm: rigid-body equations, what they miss, and how sure it is.

    v' = v + dt a(q, v, u),   q' = q + dt/2 (v + v'),   a = rigid body + residual

Either part may be missing: without a residual it is an identified (or the nominal) arm, without a
rigid body all is learned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ModelError, ShapeError
from rl_control.models.mechanics import Mechanics
from rl_control.models.nets import NetEnsemble
from rl_control.types import Array

_NORMAL_90 = 1.6448536269514722  # standard deviations of a normal's central 90 %
_LEAST_SCALE = 1e-9


class Residual(Protocol):
    """An acceleration learned beside the rigid body's, on batches."""

    def mean(self, x: Array, u: Array) -> Array:
        """Return it, [B, n], at states x [B, 2n] and efforts u [B, n]."""
        ...

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return it, [B, n], and its derivatives by (q, v, u), [B, n, 3n]."""
        ...

    def std(self, x: Array, u: Array) -> Array:
        """Return its standard deviation, [B, n]."""
        ...


@dataclass(frozen=True)
class LearnedModel:
    """A `DynamicsModel` of one arm at one time step.

    Attributes:
        names: joint names, [n].
        dt: time step in [s].
        mechanics: the rigid body; None to do without.
        residual: what is added to its acceleration; None for nothing.
        scale: of the standard deviations of the changes of (q, v) over a step, [2n]: factors on
            what the residual says, or the deviations themselves where there is none.
    """

    names: tuple[str, ...]
    dt: float
    mechanics: Mechanics | None
    residual: Residual | None
    scale: Array

    def __post_init__(self) -> None:
        if self.mechanics is None and self.residual is None:
            raise ModelError("model", "neither rigid body nor residual", "Give one of them.")
        if np.shape(self.scale) != (2 * len(self.names),):
            raise ShapeError("model scale", np.shape(self.scale), 2 * len(self.names))

    @property
    def nx(self) -> int:
        """Number of states, 2n."""
        return 2 * len(self.names)

    @property
    def nu(self) -> int:
        """Number of controls, n."""
        return len(self.names)

    @property
    def nets(self) -> NetEnsemble | None:
        """The residual where it is an ensemble of neural networks."""
        return self.residual if isinstance(self.residual, NetEnsemble) else None

    @property
    def kind(self) -> str:
        """What it is made of, in a word or two."""
        parts = [] if self.mechanics is None else ["rigid"]
        if self.residual is not None:
            parts.append(type(self.residual).__name__)
        return " + ".join(parts)

    @property
    def members(self) -> int:
        """How many models a sampling planner may choose from."""
        return 1 if self.nets is None else self.nets.members

    def acceleration(self, x: Array, u: Array) -> Array:
        """Return the mean acceleration over a step, [B, n]."""
        a = np.zeros((len(x), self.nu))
        if self.mechanics is not None:
            a = self.mechanics.acceleration(x, u, self.dt)
        return a if self.residual is None else a + self.residual.mean(x, u)

    def step(self, x: Array, u: Array) -> Array:
        """Return the next states, [B, 2n], of states x [B, 2n] under efforts u [B, n]."""
        return self._moved(x, self.acceleration(x, u))

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return A [B, 2n, 2n] and B [B, 2n, n]."""
        n, dt = self.nu, self.dt
        slopes = np.zeros((len(x), n, 3 * n))
        if self.mechanics is not None:
            slopes = slopes + self.mechanics.linearize(x, u, dt)[1]
        if self.residual is not None:
            slopes = slopes + self.residual.linearize(x, u)[1]
        slopes *= dt
        eye = np.eye(n)
        faster = slopes[:, :, : 2 * n] + np.hstack([np.zeros((n, n)), eye])
        # q' = q + dt/2 (v + v')
        moved = 0.5 * dt * faster + np.hstack([eye, 0.5 * dt * eye])
        by_u = slopes[:, :, 2 * n :]
        return (
            np.concatenate([moved, faster], axis=1),
            np.concatenate([0.5 * dt * by_u, by_u], axis=1),
        )

    def uncertainty(self, x: Array, u: Array) -> Array:
        """Return the standard deviation of the next state, [B, 2n]."""
        if self.residual is None:
            return np.broadcast_to(self.scale, (len(x), self.nx)).copy()
        slower = self.dt * self.residual.std(x, u)
        return self.scale * np.hstack([0.5 * self.dt * slower, slower])

    def sample(self, x: Array, u: Array, member: NDArray[np.int64], rng: Generator) -> Array:
        """Draw next states, [B, 2n], each by the member of the ensemble that `member` [B] names."""
        if self.nets is None:
            mean = self.step(x, u)
            return mean + self.uncertainty(x, u) * rng.standard_normal(mean.shape)
        a = self.nets.sample(x, u, member, rng)
        if self.mechanics is not None:
            a = a + self.mechanics.acceleration(x, u, self.dt)
        return self._moved(x, a)

    def calibrated(self, data: TransitionDataset) -> LearnedModel:
        """The model with deviations such that 90 % intervals hold 90 % of the changes in `data`.

        Raises:
            ModelError: if `data` is of another time step.
        """
        self.check(data)
        plain = replace(self, scale=np.ones(self.nx))
        error = np.abs(data.next_states - plain.step(data.states, data.controls))
        ratio = error / np.maximum(plain.uncertainty(data.states, data.controls), 1e-12)
        scale = np.quantile(ratio, 0.9, axis=0) / _NORMAL_90
        return replace(self, scale=np.maximum(scale, _LEAST_SCALE))

    def check(self, data: TransitionDataset) -> None:
        """Refuse data of another arm or time step.

        Raises:
            ModelError: if so.
        """
        if data.names != self.names or abs(data.dt - self.dt) > 1e-9:
            raise ModelError(
                "model",
                f"data of joints {', '.join(data.names)} in steps of {data.dt:g} s",
                f"This model is of {', '.join(self.names)} in steps of {self.dt:g} s.",
            )

    def _moved(self, x: Array, a: Array) -> Array:
        q, v = x[:, : self.nu], x[:, self.nu :]
        faster = v + self.dt * a
        return np.hstack([q + 0.5 * self.dt * (v + faster), faster])


def rigid_model(mechanics: Mechanics, dt: float) -> LearnedModel:
    """The model that is the rigid body alone; its deviations are to be calibrated."""
    names = mechanics.robot.names
    return LearnedModel(names, dt, mechanics, None, np.full(2 * len(names), _LEAST_SCALE))
