"""A sum of cost terms, with every weight and target a run-time number."""

from __future__ import annotations

from collections.abc import Iterable

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols
from rl_control.costs.expansion import Expansion, evaluate, expand, linearize, weighted_square
from rl_control.errors import ConfigError


class CostSum:
    """l(x, u; p) = sum_i w_i / 2 |r_i(x, u; p)|^2, with w and all targets in one vector p [np].

    One compiled function serves every node, running or terminal, whatever the weights: what
    differs from node to node is p (see `Schedule`).

    Attributes:
        terms: the terms, in the order given.
        layout: where "<term>.weight" and "<term>.<parameter>" stand in p.
        size: number of parameters, np.
    """

    def __init__(self, terms: Iterable[CostTerm]) -> None:
        """Lay out the parameters of `terms`.

        Raises:
            ConfigError: if two terms have one name, or a term names a parameter "weight".
        """
        self.terms = tuple(terms)
        self.layout: dict[str, slice] = {}
        self.size = 0
        for term in self.terms:
            self._append(term, "weight", term.weight_size)
            for parameter, size in term.parameters.items():
                self._append(term, parameter, size)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms."""
        return tuple(term.name for term in self.terms)

    @property
    def uses_previous_control(self) -> bool:
        """Whether some term depends on the efforts of the step before."""
        return any(term.uses_previous_control for term in self.terms)

    def value(self, s: Symbols, p: ca.SX) -> ca.SX:
        """Return the cost at one node.

        Args:
            s: state and control.
            p: parameters, [np].

        Raises:
            ShapeError: if a residual's size does not fit its term's weights.
        """
        return ca.sum1(self.value_by_term(s, p))

    def value_by_term(self, s: Symbols, p: ca.SX) -> ca.SX:
        """Return each term's share of the cost, [number of terms]."""
        shares = []
        for term in self.terms:
            residual = evaluate(term, s, self._parameters(term, p))
            shares.append(weighted_square(residual, self._weight(term, p)))
        return ca.vertcat(ca.SX(0, 1), *shares)

    def gauss_newton(self, s: Symbols, p: ca.SX) -> Expansion:
        """Return value, gradient and J^T W J at one node.

        Subexpressions are repeated between the blocks: run `casadi.cse` over the outputs of the
        function that is compiled.

        Raises:
            ConfigError: if a residual depends on a control that its term does not declare.
            ShapeError: if a residual's size does not fit its term's weights.
        """
        linear = [
            linearize(term, s, self._weight(term, p), self._parameters(term, p))
            for term in self.terms
        ]
        return expand(linear, s.robot.n)

    def _append(self, term: CostTerm, parameter: str, size: int) -> None:
        key = f"{term.name}.{parameter}"
        if key in self.layout:
            raise ConfigError(
                "cost",
                key,
                "this name is there twice",
                "Give every term of a sum its own name, and no term a parameter named 'weight'.",
            )
        self.layout[key] = slice(self.size, self.size + size)
        self.size += size

    def _weight(self, term: CostTerm, p: ca.SX) -> ca.SX:
        return p[self.layout[f"{term.name}.weight"]]

    def _parameters(self, term: CostTerm, p: ca.SX) -> dict[str, ca.SX]:
        return {key: p[self.layout[f"{term.name}.{key}"]] for key in term.parameters}
