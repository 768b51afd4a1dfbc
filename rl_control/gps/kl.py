"""Linear-Gaussian controllers under such dynamics: the best one, and how far apart two are.

    p(u | x, t) = N(K_t x + k_t, C_t),   x' = F_t (x, u) + f_t + w_t

The best controller near a policy q minimises, for a price eta of the divergence,

    E_p[cost] + eta KL(p || q) - entropy_weight H(p)
        = E_p[cost - eta log q(u | x)] - (eta + entropy_weight) H(p).

Divided by eta + entropy_weight that is a linear-quadratic problem of greatest entropy: K and k are
those of the regulator, and C_t is the inverse of Q_uu.

Source: Levine & Abbeel, "Learning neural network policies with guided policy search under unknown
dynamics" (2014), section 3; Montgomery & Levine, "Guided policy search as approximate mirror
descent" (2016).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from rl_control.gps.expansion import QuadraticCost
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.types import Array


@dataclass(frozen=True)
class GaussianMotion:
    """How states and controls are distributed along T steps; z = (x, u).

    Attributes:
        mean: of z, [T, nx + nu].
        covariance: of z, [T, nx + nu, nx + nu].
        last_mean: of the last state, [nx].
        last_covariance: [nx, nx].
    """

    mean: Array
    covariance: Array
    last_mean: Array
    last_covariance: Array

    @property
    def finite(self) -> bool:
        """Whether every number is."""
        return all(np.isfinite(part).all() for part in (self.mean, self.covariance, self.last_mean))


class Backward(NamedTuple):
    """What a backward pass found.

    Attributes:
        controller: the best one; None if there is none.
        failed_step: the step at which Q_uu is not finite and positive definite, which may be 0;
            None if it is at every step.
    """

    controller: LinearGaussianController | None
    failed_step: int | None


def best_controller(
    cost: QuadraticCost,
    dynamics: TimeVaryingLinearGaussian,
    policy: LinearGaussianController,
    eta: float,
    entropy_weight: float = 0.0,
) -> Backward:
    """Return the controller that is best at a given price of the divergence from a policy.

    Args:
        cost: what is to be small.
        dynamics: of as many steps.
        policy: q.
        eta: the price, positive.
        entropy_weight: what the controller's own entropy is worth, not negative.
    """
    steps, nx = cost.steps, dynamics.nx
    scale = 1.0 / (eta + entropy_weight)
    H, g = _augmented(cost, policy, eta, scale)
    F, f = dynamics.F, dynamics.f
    # In rows, whatever the policy's order: a loaded controller must give the same sums to the bit.
    K, k = np.empty(policy.K.shape), np.empty(policy.k.shape)
    factors = np.empty(policy.covariance.shape)
    V, v = scale * cost.last_H, scale * cost.last_g
    with np.errstate(all="ignore"):
        for t in range(steps - 1, -1, -1):
            Q = H[t] + F[t].T @ V @ F[t]
            q = g[t] + F[t].T @ (V @ f[t] + v)
            Quu, Qux = Q[nx:, nx:], Q[nx:, :nx]
            factor = _factor(Quu)
            if factor is None:
                return Backward(None, t)
            factors[t] = factor
            K[t] = -np.linalg.solve(Quu, Qux)
            k[t] = -np.linalg.solve(Quu, q[nx:])
            V = Q[:nx, :nx] + Qux.T @ K[t]
            V = 0.5 * (V + V.T)
            v = q[:nx] + Qux.T @ k[t]
    inverse = np.linalg.inv(factors)
    covariance = inverse.swapaxes(1, 2) @ inverse
    return Backward(replace(policy, K=K, k=k, covariance=covariance), None)


def forward(
    controller: LinearGaussianController, dynamics: TimeVaryingLinearGaussian
) -> GaussianMotion:
    """Return how states and controls are distributed when `controller` acts."""
    steps, nu, nx = controller.K.shape
    mean, covariance = np.empty((steps, nx + nu)), np.empty((steps, nx + nu, nx + nu))
    mu, sigma = dynamics.first_mean, dynamics.first_covariance
    F, f, noise = dynamics.F, dynamics.f, dynamics.covariance
    with np.errstate(all="ignore"):
        for t in range(steps):
            K = controller.K[t]
            crossed = K @ sigma
            mean[t, :nx], mean[t, nx:] = mu, K @ mu + controller.k[t]
            covariance[t, :nx, :nx] = sigma
            covariance[t, nx:, :nx], covariance[t, :nx, nx:] = crossed, crossed.T
            covariance[t, nx:, nx:] = crossed @ K.T + controller.covariance[t]
            mu = F[t] @ mean[t] + f[t]
            sigma = F[t] @ covariance[t] @ F[t].T + noise[t]
            sigma = 0.5 * (sigma + sigma.T)
    return GaussianMotion(mean, covariance, mu, sigma)


def divergence(
    p: LinearGaussianController, q: LinearGaussianController, motion: GaussianMotion
) -> Array:
    """Return KL(p || q) of the controls of every step, [T], over the states that p comes to.

        1/2 (tr(C_q^-1 C_p) - nu + log |C_q| / |C_p| + E_x[d' C_q^-1 d]),
        d = (K_p - K_q) x + k_p - k_q

    Args:
        p: what acts.
        q: what it is compared with.
        motion: the distribution of states under p.
    """
    nu, nx = p.K.shape[1:]
    K, k = p.K - q.K, p.k - q.k
    apart = (K @ motion.mean[:, :nx, None])[..., 0] + k
    # E[d d'] = mean mean' + K S K'
    square = apart[:, :, None] * apart[:, None, :]
    square = square + K @ motion.covariance[:, :nx, :nx] @ K.swapaxes(1, 2) + p.covariance
    # Both matrices are symmetric: the trace of their product is the sum of products.
    trace = (q.precision * square).sum(axis=(1, 2))
    volume = np.linalg.slogdet(q.covariance)[1] - np.linalg.slogdet(p.covariance)[1]
    return np.asarray(0.5 * (trace - nu + volume))


def expected_cost(cost: QuadraticCost, motion: GaussianMotion) -> float:
    """Return what a motion is expected to cost; infinite or NaN if it runs away."""
    with np.errstate(all="ignore"):
        second = motion.covariance + motion.mean[:, :, None] * motion.mean[:, None, :]
        last = motion.last_covariance + np.outer(motion.last_mean, motion.last_mean)
        running = 0.5 * (cost.H * second).sum() + (cost.g * motion.mean).sum()
        ending = 0.5 * (cost.last_H * last).sum() + cost.last_g @ motion.last_mean
    return float(running + ending + cost.c.sum())


def _factor(matrix: Array) -> Array | None:
    """The Cholesky factor; None if the matrix is not finite or not positive definite."""
    if not np.isfinite(matrix).all():
        return None
    try:
        return np.asarray(np.linalg.cholesky(matrix))
    except np.linalg.LinAlgError:
        return None


def _augmented(
    cost: QuadraticCost, policy: LinearGaussianController, eta: float, scale: float
) -> tuple[Array, Array]:
    """H [T, nz, nz] and g [T, nz] of (cost - eta log q) * scale."""
    steps, nu = policy.k.shape
    # u - K x - k = S z - k with S = (-K, 1)
    S = np.concatenate([-policy.K, np.broadcast_to(np.eye(nu), (steps, nu, nu))], axis=2)
    weighted = S.swapaxes(1, 2) @ policy.precision
    H = scale * cost.H + (eta * scale) * (weighted @ S)
    g = scale * cost.g - (eta * scale) * (weighted @ policy.k[..., None])[..., 0]
    return H, g
