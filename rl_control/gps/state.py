"""Where a guided policy search stands between two iterations, and what an iteration tells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.gps.motions import Motions
from rl_control.gps.step_rule import Costs
from rl_control.models.mixture import GaussianMixture
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training import Policy
from rl_control.types import Array, Condition


@dataclass(frozen=True)
class MdgpsState:
    """All that an iteration needs to know of those before.

    Attributes:
        conditions: situations that are trained on, [C].
        controllers: of each, which act next.
        etas: price of the divergence found for each, [C].
        iteration: iterations made.
        policy: taught last; None before the first iteration.
        recent: rollouts of the newest iterations, [I, C, N, ...]; None before the first one.
        dynamics_mixture: prior of the last fit of the dynamics, from which the next one starts.
        policy_mixture: the same of the policy.
        multiplier: of the greatest step.
        before: what the last iteration's motions cost; None before the first iteration.
        quiet: iterations in a row that have found nothing to gain.
        seconds: time of motion so far in [s].
    """

    conditions: tuple[Condition, ...]
    controllers: tuple[LinearGaussianController, ...]
    etas: Array
    iteration: int = 0
    policy: Policy | None = None
    recent: Motions | None = None
    dynamics_mixture: GaussianMixture | None = None
    policy_mixture: GaussianMixture | None = None
    multiplier: float = 1.0
    before: Costs | None = None
    quiet: int = 0
    seconds: float = 0.0

    def remembered(self, motions: Motions, iterations: int) -> Motions:
        """Return the newest rollouts with `motions` behind them, of that many iterations at most.

        Rollouts of another number a condition than now are forgotten.
        """
        states, controls = motions.states[None], motions.controls[None]
        if self.recent is not None and self.recent.states.shape[1:] == states.shape[1:]:
            states = np.concatenate([self.recent.states, states])
            controls = np.concatenate([self.recent.controls, controls])
        return Motions(states[-iterations:], controls[-iterations:])


@dataclass(frozen=True)
class Metrics:
    """What an iteration tells; means over conditions.

    Attributes:
        iteration: its number, from 0.
        seconds: time of motion so far in [s].
        cost: of the rollouts.
        expected_cost: of the policy before, by the dynamics fitted.
        foretold_cost: of the controllers after, by the same dynamics.
        foretold_gain: improvement that was foretold for this iteration; NaN in the first one.
        actual_gain: improvement that came about; NaN in the first one.
        multiplier: of the greatest step.
        divergence: of the controllers from the policy, in [nat] a step of time.
        eta: its price, a geometric mean.
        tries: most prices tried.
        loss: of the policy's training at its end.
        policy_deviation: standard deviation of the policy's efforts, over the joints' mean.
        controller_deviation: the same of the controllers'.
        error: median of the rollouts' error by the task in [m].
        success: share of the rollouts that succeeded.
    """

    iteration: int
    seconds: float
    cost: float
    expected_cost: float
    foretold_cost: float
    foretold_gain: float
    actual_gain: float
    multiplier: float
    divergence: float
    eta: float
    tries: int
    loss: float
    policy_deviation: float
    controller_deviation: float
    error: float
    success: float
