"""The controller that is best within a trust region around a policy: a search for its price.

    min  E_p[cost]   subject to   KL(p || policy) <= bound

The divergence falls as its price eta rises. The price is bracketed, and the next one tried is the
geometric mean of the bracket's ends, at most ten times or a tenth of the last.

Source: Levine & Abbeel, "Learning neural network policies with guided policy search under unknown
dynamics" (2014), section 3.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from rl_control.errors import TrustRegionError
from rl_control.gps.expansion import QuadraticCost
from rl_control.gps.kl import GaussianMotion, best_controller, divergence, forward
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.linear_gaussian import LinearGaussianController

LEAST_ETA, GREATEST_ETA = 1e-8, 1e16
_TRIES = 50
_TOLERANCE = 0.1  # share of the bound by which the divergence may miss it
_FACTOR = 10.0  # greatest change of the price from one try to the next
_FIRST_RAISE = 1e-4  # added to a price at which there is no best controller; doubles each time


class Improved(NamedTuple):
    """A controller within a trust region.

    Attributes:
        controller: the best one found.
        motion: how the arm moves under it.
        eta: the price at which it is best.
        divergence: from the policy, summed over the steps.
        tries: prices that were tried.
    """

    controller: LinearGaussianController
    motion: GaussianMotion
    eta: float
    divergence: float
    tries: int


def improved(
    cost: QuadraticCost,
    dynamics: TimeVaryingLinearGaussian,
    policy: LinearGaussianController,
    bound: float,
    eta: float = 1.0,
    entropy_weight: float = 0.0,
) -> Improved:
    """Return the controller of least expected cost whose divergence from `policy` is bounded.

    Args:
        cost: what is to be small.
        dynamics: what is expected to happen.
        policy: the middle of the trust region.
        bound: greatest divergence, summed over the steps; positive.
        eta: price to start from, such as the last search's.
        entropy_weight: what the controller's own entropy is worth.

    Raises:
        TrustRegionError: if the bound cannot be met; it says whether cost or dynamics is to blame.
    """
    found = _search(cost, dynamics, policy, bound, eta, entropy_weight)
    if found is None:
        raise _refusal(cost, dynamics, policy, bound, entropy_weight)
    return found


def _search(
    cost: QuadraticCost,
    dynamics: TimeVaryingLinearGaussian,
    policy: LinearGaussianController,
    bound: float,
    eta: float,
    entropy_weight: float,
) -> Improved | None:
    """The best controller within the bound; None if none was found."""
    low, high = LEAST_ETA, GREATEST_ETA
    eta = float(np.clip(eta, low, high))
    within: Improved | None = None
    for tries in range(1, _TRIES + 1):
        found, failed_eta = _at_or_above(cost, dynamics, policy, eta, entropy_weight)
        if found is None:
            break
        found = found._replace(tries=tries)
        low, eta = max(low, failed_eta), found.eta
        if abs(found.divergence - bound) < _TOLERANCE * bound:
            return found
        if found.divergence < bound:
            within, high = found, min(high, eta)
            if eta <= LEAST_ETA:
                break  # even for nothing, nothing more is wanted
            eta = max(_middle(low, high), eta / _FACTOR)
            if low == LEAST_ETA and eta < _FACTOR * LEAST_ETA:
                eta = LEAST_ETA  # which means would only come near to
        else:
            low = max(low, eta)
            if eta >= GREATEST_ETA:
                break
            eta = min(_middle(low, high), eta * _FACTOR)
    return within


def _at_or_above(
    cost: QuadraticCost,
    dynamics: TimeVaryingLinearGaussian,
    policy: LinearGaussianController,
    eta: float,
    entropy_weight: float,
) -> tuple[Improved | None, float]:
    """The best controller at the first price from `eta` up that has one, and the last without."""
    added, failed = _FIRST_RAISE, 0.0
    while True:
        controller, step = best_controller(cost, dynamics, policy, eta, entropy_weight)
        # Step 0 is a step like any other: only None says that none has failed.
        if step is None and controller is not None:
            motion = forward(controller, dynamics)
            total = float(divergence(controller, policy, motion).sum()) if motion.finite else np.inf
            total = np.inf if np.isnan(total) else total
            return Improved(controller, motion, eta, total, 0), failed
        if eta >= GREATEST_ETA:
            return None, eta
        failed, eta, added = eta, min(eta + added, GREATEST_ETA), 2.0 * added


def _middle(low: float, high: float) -> float:
    return float(np.sqrt(low) * np.sqrt(high))


def _refusal(
    cost: QuadraticCost,
    dynamics: TimeVaryingLinearGaussian,
    policy: LinearGaussianController,
    bound: float,
    entropy_weight: float,
) -> TrustRegionError:
    """Say what is to blame: the cost, if the bound cannot be met by an arm that stands still."""
    nx, size = dynamics.nx, dynamics.nx + dynamics.nu
    still = replace(
        dynamics,
        F=np.broadcast_to(np.eye(nx, size), dynamics.F.shape),
        f=np.zeros_like(dynamics.f),
        covariance=np.zeros_like(dynamics.covariance),
    )
    if _search(cost, still, policy, bound, GREATEST_ETA, entropy_weight) is None:
        return TrustRegionError(
            "cost is",
            bound,
            "Check that the cost is finite and not concave in the controls along the motions.",
        )
    return TrustRegionError(
        "fitted dynamics are",
        bound,
        "Collect more rollouts an iteration, or calmer ones; look at the motions for jumps.",
    )
