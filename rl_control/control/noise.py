"""Coloured noise: random sequences whose power falls with frequency, as an arm's motion does.

Source: Timmer and Koenig, "On generating power law noise" (1995), sec. 3; as control sequences,
Pinneri et al., "Sample-efficient cross-entropy method for real-time planning" (2020), sec. 3.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rl_control.kernels.arrays import library, like
from rl_control.types import Array


def coloured(white: Any, exponent: float) -> Any:
    """Colour standard normal noise along time to the power spectrum 1 / f^exponent.

    Every entry of the result is normal with mean 0 and variance 1. The mean over time counts as
    the lowest frequency. Like every sequence made from its discrete spectrum, it is periodic in T.

    Args:
        white: independent standard normal numbers, [S, T, nu].
        exponent: 0 leaves them white; 2 makes a random walk's spectrum.
    """
    steps = white.shape[1]
    scale = like(amplitudes(steps, exponent)[:, None], white)
    fft = library(white).fft
    return fft.irfft(fft.rfft(white, None, 1) * scale, steps, 1)


def amplitudes(steps: int, exponent: float) -> Array:
    """Return the factor of every frequency k/steps, k = 0 ... steps // 2, [steps // 2 + 1].

    Their mean square over all `steps` complex coefficients is 1, which keeps the variance.
    """
    frequency = np.arange(steps // 2 + 1, dtype=np.float64)
    frequency[0] = 1.0
    amplitude = frequency ** (-exponent / 2.0)
    count = np.full(len(frequency), 2.0)  # a real sequence's coefficients come in pairs
    count[0] = 1.0
    if steps % 2 == 0:
        count[-1] = 1.0
    scaled: Array = amplitude / np.sqrt((count * amplitude**2).sum() / steps)
    return scaled
