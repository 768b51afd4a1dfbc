"""One code for numpy arrays and torch tensors: what the two libraries do not spell alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from rl_control.types import Array


def library(array: Any) -> Any:
    """Return the library that computes with `array`: numpy, or torch for a tensor."""
    if isinstance(array, np.ndarray):
        return np
    import torch

    return torch


def like(values: Any, other: Any) -> Any:
    """Return numpy `values` as an array of the kind of `other`: its library, type and device."""
    if isinstance(other, np.ndarray):
        return np.asarray(values, dtype=other.dtype)
    import torch

    return torch.as_tensor(np.asarray(values), dtype=other.dtype, device=other.device)


def host(array: Any) -> Array:
    """Return `array` as float64 numbers in the host's memory."""
    values = array if isinstance(array, np.ndarray) else array.detach().cpu().numpy()
    return np.array(values, dtype=np.float64)


def without_gradients(array: Any) -> AbstractContextManager[Any]:
    """Return a context in which no computation with arrays of this kind is recorded."""
    if isinstance(array, np.ndarray):
        return nullcontext()
    import torch

    context: AbstractContextManager[Any] = torch.no_grad()
    return context


def normal(rng: Any, shape: Sequence[int], other: Any) -> Any:
    """Draw standard normal numbers of the kind of `other`.

    Args:
        rng: a numpy Generator, or a torch.Generator of the device of the tensor `other`: that
            one draws where the numbers are needed.
        shape: of the result.
        other: tells the kind.
    """
    if isinstance(rng, np.random.Generator):
        return like(rng.standard_normal(tuple(shape)), other)
    import torch

    return torch.randn(*shape, generator=rng, dtype=other.dtype, device=other.device)


def integers(rng: Any, below: int, size: int, other: Any) -> Any:
    """Draw whole numbers from 0 to `below` - 1, [size], where `other` is; see `normal`."""
    if isinstance(rng, np.random.Generator):
        drawn = rng.integers(below, size=size)
        if isinstance(other, np.ndarray):
            return drawn
        return library(other).as_tensor(drawn, device=other.device)
    import torch

    return torch.randint(below, (size,), generator=rng, device=other.device)


def rewinder(rng: Any) -> Callable[[], None]:
    """Return what takes a generator, see `normal`, back to where it now is."""
    if isinstance(rng, np.random.Generator):
        bits, state = rng.bit_generator, rng.bit_generator.state

        def rewind() -> None:
            bits.state = state

        return rewind
    state = rng.get_state()
    return lambda: rng.set_state(state)
