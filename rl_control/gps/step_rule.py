"""How far a controller may go from the policy next, from how well the last step was foretold.

With an improvement foretold and one that came about, and a loss taken to be quadratic in the size
of the step, the best size is

    foretold / (2 (foretold - come about)) times the last.

Source: Montgomery & Levine, "Guided policy search as approximate mirror descent" (2016), section
4.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from rl_control.config import setting

_LEAST_LOSS = 1e-4  # the loss that is divided by, however well the step was foretold
_LEAST_CHANGE, _GREATEST_CHANGE = 0.1, 5.0  # of the multiplier at a time


@dataclass(frozen=True)
class StepConfig:
    """How large steps may be, and when there is nothing more to gain from them."""

    rule: str = setting(
        "laplace",
        doc="costs compared: expected by the fitted dynamics, or those of the rollouts",
        choices=("laplace", "monte_carlo"),
    )
    least: float = setting(0.1, doc="least multiplier of kl_step", low=1e-6, high=1.0)
    greatest: float = setting(2.0, doc="greatest multiplier of kl_step", low=1.0, high=1e6)
    converged_share: float = setting(
        0.01,
        doc="share of the cost that counts as no improvement, foretold or come about",
        low=0.0,
        high=1.0,
    )


@dataclass(frozen=True)
class Costs:
    """What an iteration's motions cost, a mean over conditions.

    Attributes:
        expected: of the policy, by the dynamics fitted to the iteration's rollouts.
        sampled: of the rollouts themselves.
        foretold: of the controllers that the iteration improved, by the same dynamics.
    """

    expected: float
    sampled: float
    foretold: float


class StepVerdict(NamedTuple):
    """What is to be made of the last step.

    Attributes:
        multiplier: for the next step.
        converged: whether nothing was to be gained by the last one, and nothing was.
        foretold: improvement that was foretold for it; NaN without one.
        actual: improvement that came about; NaN without one.
    """

    multiplier: float
    converged: bool
    foretold: float
    actual: float


def judged_step(
    multiplier: float, before: Costs | None, expected: float, sampled: float, config: StepConfig
) -> StepVerdict:
    """Return the next multiplier of the step, and whether there is any need of one.

    With nothing to gain the ratio of two improvements is one of two noises: the multiplier then
    stays as it is.

    Args:
        multiplier: the last one.
        before: costs of the iteration before; None in the first, which has nothing to judge.
        expected: what the policy costs now, by the dynamics of this iteration.
        sampled: what this iteration's rollouts cost.
        config: see there.
    """
    if before is None:
        return StepVerdict(multiplier, False, np.nan, np.nan)
    laplace = config.rule == "laplace"
    base, now = (before.expected, expected) if laplace else (before.sampled, sampled)
    with np.errstate(invalid="ignore"):
        foretold, actual = base - before.foretold, base - now
    judged = bool(np.isfinite([foretold, actual]).all())
    nothing = config.converged_share * abs(base)
    if judged and abs(foretold) <= nothing and abs(actual) <= nothing:
        return StepVerdict(multiplier, True, foretold, actual)
    change = _LEAST_CHANGE  # where dynamics that ran away leave nothing to judge by
    if judged:
        change = foretold / (2.0 * max(_LEAST_LOSS, foretold - actual))
    change = float(np.clip(change, _LEAST_CHANGE, _GREATEST_CHANGE))
    new = float(np.clip(multiplier * change, config.least, config.greatest))
    return StepVerdict(new, False, foretold, actual)
