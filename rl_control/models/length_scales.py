"""Length scales of Gaussian processes by marginal likelihood, with gpytorch.

Source: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), section 5.4.1;
Gardner et al., "GPyTorch: blackbox matrix-matrix Gaussian process inference with GPU
acceleration" (2018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rl_control.errors import MissingDependencyError
from rl_control.types import Array

_FIRST_NOISE = 0.1


class Hyperparameters(NamedTuple):
    """Of n processes.

    Attributes:
        lengths: length scales, [n, f].
        signal: prior variances, [n].
        noise: noise variances, [n].
    """

    lengths: Array
    signal: Array
    noise: Array


def find_length_scales(
    z: Array, targets: Array, iterations: int, rate: float, least_noise: float
) -> Hyperparameters:
    """Climb the marginal likelihood of n independent processes by Adam.

    Args:
        z: features of the samples, [P, f], of spread 1.
        targets: [n, P], each of spread 1.
        iterations: steps of the search.
        rate: size of these steps.
        least_noise: least noise variance.

    Raises:
        MissingDependencyError: if gpytorch is not installed.
    """
    try:
        import gpytorch
        import torch
    except ImportError as error:
        raise MissingDependencyError(
            "gpytorch", "the fit of a Gaussian process", extra="gp"
        ) from error
    n, (points, size) = len(targets), z.shape
    batch = torch.Size([n])
    inputs, outputs = torch.as_tensor(z).expand(n, points, size), torch.as_tensor(targets)

    class Process(gpytorch.models.ExactGP):
        def __init__(self) -> None:
            bound = gpytorch.constraints.GreaterThan(least_noise)
            super().__init__(
                inputs,
                outputs,
                gpytorch.likelihoods.GaussianLikelihood(noise_constraint=bound, batch_shape=batch),
            )
            self.mean_module = gpytorch.means.ZeroMean(batch_shape=batch)
            self.covar_module = gpytorch.kernels.ScaleKernel(
                gpytorch.kernels.RBFKernel(ard_num_dims=size, batch_shape=batch),
                batch_shape=batch,
            )

        def forward(self, at: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
            return gpytorch.distributions.MultivariateNormal(
                self.mean_module(at), self.covar_module(at)
            )

    process = Process().double()
    # About as far as two samples are apart.
    process.covar_module.base_kernel.lengthscale = np.sqrt(size)
    process.likelihood.noise = max(_FIRST_NOISE, 2.0 * least_noise)
    likelihood = gpytorch.mlls.ExactMarginalLogLikelihood(process.likelihood, process)
    optimizer = torch.optim.Adam(process.parameters(), lr=rate)
    process.train()
    with gpytorch.settings.max_cholesky_size(points + 1):
        for _ in range(iterations):
            optimizer.zero_grad()
            loss = -likelihood(process(inputs), outputs).sum()
            loss.backward()
            optimizer.step()
    kernel = process.covar_module
    return Hyperparameters(
        kernel.base_kernel.lengthscale.detach().numpy().reshape(n, size).copy(),
        kernel.outputscale.detach().numpy().copy(),
        process.likelihood.noise.detach().numpy().reshape(n).copy(),
    )
