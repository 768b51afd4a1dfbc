"""A task's cost around some motions, as one quadratic a step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rl_control.control.batch import BatchCost, Quadratic
from rl_control.gps.outputs import Outputs
from rl_control.types import Array


@dataclass(frozen=True)
class QuadraticCost:
    """1/2 z' H_t z + g_t' z + c_t over T steps, z = (x, u), and the same of x at the end.

    Attributes:
        H: [T, nx + nu, nx + nu], symmetric.
        g: [T, nx + nu].
        c: [T + 1]; the last entry is the end's.
        last_H: [nx, nx], symmetric.
        last_g: [nx].
    """

    H: Array
    g: Array
    c: Array
    last_H: Array
    last_g: Array

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.g)


def expand_cost(
    cost: BatchCost,
    rows: Array,
    states: Array,
    controls: Array,
    outputs: Outputs | None = None,
    price: Array | None = None,
) -> tuple[QuadraticCost, Array]:
    """Expand a cost around N motions, and take the mean of the expansions.

    Each motion's expansion is moved to the origin before the mean is taken, so that none of them
    is favoured:

        H, g - H z, c - g' z + 1/2 z' H z   for an expansion c, g, H at z.

    Args:
        cost: the cost of a node.
        rows: its parameters at every node, [T+1, np].
        states: [N, T+1, nx].
        controls: [N, T, nu].
        outputs: what makes efforts of the controls; None if they are efforts.
        price: weights of the controls' own squares at every step but the last, [nu]; None for none.

    Returns:
        The mean, and what each motion cost at every node, [N, T+1].
    """
    count, nodes, nx = states.shape
    nu = controls.shape[2]
    z = np.zeros((count, nodes, nx + nu))
    z[..., :nx] = states
    z[:, :-1, nx:] = controls
    flat = z.reshape(-1, nx + nu)
    x, u = (np.ascontiguousarray(part) for part in (flat[:, :nx], flat[:, nx:]))
    if outputs is None:
        found = cost.quadratize(x, u, np.tile(rows, (count, 1)))
    else:
        around = cost.quadratize(x, outputs.efforts(x, u), np.tile(rows, (count, 1)))
        found = _of_outputs(around, *outputs.slopes(x, u))
    if price is not None:
        found = _priced(found, u, price)
    H = np.empty((len(flat), nx + nu, nx + nu))
    H[:, :nx, :nx], H[:, nx:, nx:], H[:, nx:, :nx] = found.lxx, found.luu, found.lux
    H[:, :nx, nx:] = found.lux.swapaxes(1, 2)
    slope = np.hstack([found.lx, found.lu])
    bent = (H @ flat[..., None])[..., 0]
    constant = found.value - ((slope - 0.5 * bent) * flat).sum(axis=1)

    def mean(values: Array) -> Array:
        by_motion = values.reshape(count, nodes, *values.shape[1:])
        return np.asarray(by_motion.mean(axis=0))

    H_mean, g_mean = mean(H), mean(slope - bent)
    result = QuadraticCost(
        H=H_mean[:-1],
        g=g_mean[:-1],
        c=mean(constant),
        last_H=H_mean[-1, :nx, :nx],
        last_g=g_mean[-1, :nx],
    )
    return result, found.value.reshape(count, nodes)


def _of_outputs(cost: Quadratic, by_state: Array, by_output: Array) -> Quadratic:
    """An expansion in states and efforts as one in states and outputs, by the chain rule."""
    across, down = by_state.swapaxes(1, 2), by_output.swapaxes(1, 2)
    mixed = cost.lux + cost.luu @ by_state
    folded = across @ cost.lux
    return Quadratic(
        cost.value,
        cost.lx + (across @ cost.lu[..., None])[..., 0],
        (down @ cost.lu[..., None])[..., 0],
        cost.lxx + across @ cost.luu @ by_state + folded + folded.swapaxes(1, 2),
        down @ mixed,
        down @ cost.luu @ by_output,
    )


def _priced(cost: Quadratic, u: Array, price: Array) -> Quadratic:
    """A cost with that of the controls added; at the end, where there are none, it adds nothing."""
    return replace(
        cost,
        value=cost.value + 0.5 * (u**2 @ price),
        lu=cost.lu + price * u,
        luu=cost.luu + np.diag(price),
    )
