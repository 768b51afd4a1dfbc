"""Where batches are computed: by machine code on numpy arrays, or as torch tensors on a device.

On a processor the machine code is far quicker: iiwa7's accelerations at 128 states take 0.02 ms,
as tensors 1.3 ms. Tensors are for graphics processors, which start one operation after another in
about the same time for a few states as for many thousands.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import casadi as ca
import numpy as np

from rl_control.errors import ConfigError, MissingDependencyError
from rl_control.kernels.batch import compile_batch
from rl_control.types import Array


@dataclass(frozen=True)
class Compute:
    """How arrays are made and functions evaluated in one place.

    Attributes:
        tensors: whether arrays are torch's.
        place: puts a host array there.
        compile: an SX function as one of rows there, see `BatchFunction`.
        generator: a random generator there, from a seed.
    """

    tensors: bool
    place: Callable[[Array], Any]
    compile: Callable[[ca.Function], Callable[..., tuple[Any, ...]]]
    generator: Callable[[int], Any]


def on_arrays() -> Compute:
    """Compute with numpy arrays and machine code."""
    return Compute(False, np.asarray, compile_batch, np.random.default_rng)


def on_tensors(device: str, precision: str = "float32") -> Compute:
    """Compute with torch tensors.

    Args:
        device: as torch names it.
        precision: "float32" or "float64".

    Raises:
        ConfigError: if torch finds no such device.
        MissingDependencyError: if torch is not installed.
    """
    try:
        import torch
    except ModuleNotFoundError:
        raise MissingDependencyError("torch", f"planning on '{device}'", "learn") from None
    from rl_control.kernels.torch_function import TorchFunction

    if torch.device(device).type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "planner",
            "device",
            f"found '{device}', but torch {torch.__version__} finds no CUDA device",
            "Choose 'cpu', or install a driver and a torch that is made for CUDA.",
        )
    dtype = getattr(torch, precision)
    return Compute(
        tensors=True,
        place=lambda values: torch.as_tensor(values, dtype=dtype, device=device),
        compile=TorchFunction,
        generator=lambda seed: torch.Generator(device).manual_seed(seed),
    )


def computing_on(device: str) -> Compute:
    """Compute on "cpu" or "cuda", in the way that is quickest there.

    Raises:
        ConfigError: if there is no such device.
        MissingDependencyError: if what it needs is not installed.
    """
    return on_arrays() if device == "cpu" else on_tensors(device)
