"""A Gaussian of inputs and outputs turned into outputs linear in the inputs, and noise."""

from __future__ import annotations

import numpy as np

from rl_control.types import Array


def conditioned(
    mean: Array, covariance: Array, inputs: int, ridge: float, floor: float
) -> tuple[Array, Array, Array]:
    """Condition Gaussians of (z, y) on z: y = F z + f + w.

    Args:
        mean: [..., d].
        covariance: [..., d, d], symmetric positive semi-definite.
        inputs: number of entries of z; y are the others.
        ridge: added to the variances of z.
        floor: added to the variances of y, and this share of them where it is more.

    Returns:
        F [..., ny, nz], f [..., ny] and the covariance of w, [..., ny, ny], symmetric positive
        definite.
    """
    variances = np.diagonal(covariance, axis1=-2, axis2=-1)
    added = np.full(variances.shape, ridge)
    added[..., inputs:] = floor * np.maximum(1.0, variances[..., inputs:])
    # With L L' the covariance: F = L_yz inv(L_zz), and L_yy L_yy' is what z leaves of y.
    factor = np.linalg.cholesky(covariance + added[..., None] * np.eye(mean.shape[-1]))
    zz, yz, yy = (
        factor[..., :inputs, :inputs],
        factor[..., inputs:, :inputs],
        factor[..., inputs:, inputs:],
    )
    gain = np.linalg.solve(zz.swapaxes(-1, -2), yz.swapaxes(-1, -2)).swapaxes(-1, -2)
    offset = mean[..., inputs:] - (gain @ mean[..., :inputs, None])[..., 0]
    return gain, offset, yy @ yy.swapaxes(-1, -2)
