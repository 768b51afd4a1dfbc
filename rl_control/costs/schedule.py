"""The numbers of a cost sum's parameters at every node of a horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from rl_control.costs.sum import CostSum
from rl_control.errors import ConfigError, NonFiniteError, ShapeError, UnknownNameError
from rl_control.types import Array


@dataclass(frozen=True)
class Ramp:
    """A factor that goes from `start` at the first node to `end` at the last.

    factor(k) = start + (end - start) (k / N)^power

    Attributes:
        start: factor at node 0, not negative.
        end: factor at node N, not negative.
        power: 1 for a straight line, larger for a late rise, positive.
    """

    start: float
    end: float = 1.0
    power: float = 1.0

    def factors(self, steps: int) -> Array:
        """Return the factor of every node, [steps + 1]."""
        progress = np.linspace(0.0, 1.0, steps + 1) ** self.power
        return self.start + (self.end - self.start) * progress


class Schedule:
    """Parameter rows of N + 1 nodes, [N+1, np], kept up to date in place.

    A weight's rows are: value * ramp * running_scale at the nodes 0 ... N-1, and
    value * ramp * terminal multiplier at node N, where terms of the control are zero.
    """

    def __init__(
        self,
        cost: CostSum,
        steps: int,
        running_scale: float,
        values: Mapping[str, ArrayLike],
        ramps: Mapping[str, Ramp] | None = None,
        terminal: Mapping[str, float] | None = None,
    ) -> None:
        """Fill in every parameter.

        Args:
            cost: the sum whose parameters these are.
            steps: number of controls N in the horizon.
            running_scale: factor of the running cost; the time step in [s] makes it an integral.
            values: parameter to value, every one of `cost.layout`; see `update`.
            ramps: term to ramp of its weight; 1 where there is none.
            terminal: term to multiplier of its weight at the last node; 1 where there is none.

        Raises:
            ConfigError: if a parameter is missing, or a weight or factor is negative.
            NonFiniteError: if a number is not finite.
            ShapeError: if a value has the wrong length.
            UnknownNameError: if there is no such term or parameter.
        """
        missing = [name for name in cost.layout if name not in values]
        if missing:
            raise ConfigError("cost", missing[0], "it has no value", "Give one in `values`.")
        self.cost = cost
        self.steps = steps
        self.rows: Array = np.zeros((steps + 1, cost.size))
        factors = _term_factors(cost, steps, running_scale, ramps or {}, terminal or {})
        self._factors = {f"{name}.weight": column for name, column in factors.items()}
        self.update(values)

    def update(self, values: Mapping[str, ArrayLike]) -> None:
        """Change some parameters, all or none of them.

        Args:
            values: parameter to [size] (the same at every node), [N+1, size] (a row a node), or,
                for a weight, one number for all its entries. A matrix is read row by row.

        Raises:
            ConfigError: if a weight is negative.
            NonFiniteError: if a number is not finite.
            ShapeError: if a value has the wrong length.
            UnknownNameError: if there is no such parameter.
        """
        checked = [(name, self._checked(name, value)) for name, value in values.items()]
        for name, value in checked:
            factor = self._factors.get(name)
            self.rows[:, self.cost.layout[name]] = value if factor is None else factor * value

    def _checked(self, name: str, value: ArrayLike) -> Array:
        """The value as [size], [1] or [N+1, size]."""
        place = self.cost.layout.get(name)
        if place is None:
            raise UnknownNameError("cost parameter", name, list(self.cost.layout))
        size = place.stop - place.start
        array = np.asarray(value, dtype=np.float64)
        if not np.isfinite(array).all():
            where = np.argwhere(~np.isfinite(array))[0].tolist() or 0
            raise NonFiniteError(f"cost parameter '{name}'", where=f"entry {where}")
        is_weight = name in self._factors
        if is_weight and (array < 0).any():
            raise ConfigError(
                "cost", name, f"negative weight {array.min():g}", "A weight is zero or more."
            )
        if array.shape == (self.steps + 1, size):
            return array
        if array.size == size or (is_weight and array.size == 1):
            return array.reshape(-1)
        expected = f"{size} (or {self.steps + 1} rows of {size})"
        raise ShapeError(f"cost parameter '{name}'", found=array.size, expected=expected)


def _term_factors(
    cost: CostSum,
    steps: int,
    running_scale: float,
    ramps: Mapping[str, Ramp],
    terminal: Mapping[str, float],
) -> dict[str, Array]:
    """Factor of each term's weight at every node, a column [N+1, 1]."""
    for name in (*ramps, *terminal):
        if name not in cost.names:
            raise UnknownNameError("cost term", name, list(cost.names))
    factors = {}
    for term in cost.terms:
        column = ramps.get(term.name, Ramp(1.0)).factors(steps)
        column[:-1] *= running_scale
        column[-1] *= 0.0 if term.uses_control else terminal.get(term.name, 1.0)
        if not np.isfinite(column).all():
            raise NonFiniteError(f"ramp or terminal multiplier of cost '{term.name}'", "a node")
        if (column < 0).any():
            raise ConfigError(
                "cost",
                term.name,
                f"negative ramp, scale or terminal multiplier (least {column.min():g})",
                "Factors of a weight are zero or more.",
            )
        factors[term.name] = column[:, None]
    return factors
