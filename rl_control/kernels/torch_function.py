"""A CasADi SX function on batches of torch tensors, of any device and floating-point type.

The function's own list of instructions is walked once; each becomes a call of torch on columns of
the batch. Gradients are recorded as for any other torch function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import casadi as ca

from rl_control.errors import ShapeError
from rl_control.kernels.batch import flattened
from rl_control.kernels.torch_operations import operations


@dataclass(frozen=True)
class _Step:
    """One instruction on slots, each of which is written once.

    Attributes:
        compute: the operation.
        sources: slots of its arguments.
        target: slot of its result.
        finished: slots that nothing needs any more; their tensors are let go.
    """

    compute: Callable[..., Any]
    sources: tuple[int, ...]
    target: int
    finished: tuple[int, ...]


class TorchFunction:
    """f(a, b, ...) on rows: tensors [B, size], [1, size] or [size] in, [B, size] out.

    Matrices among the function's arguments and results are flattened column by column, as
    `BatchFunction` does.

    Args:
        function: an SX function.

    Raises:
        NotImplementedError: an operation without a translation.
    """

    def __init__(self, function: ca.Function) -> None:
        flat = flattened(function)
        self._sizes = [flat.numel_in(k) for k in range(flat.n_in())]
        self._constants, self._steps, self._outputs = _walk(flat, sum(self._sizes))
        self._placed: dict[tuple[Any, Any], tuple[Any, ...]] = {}

    def __call__(self, *arguments: Any) -> tuple[Any, ...]:
        """Evaluate every row at once; all tensors have one type and are on one device.

        Raises:
            ShapeError: if an argument's rows have the wrong length, or batches differ.
        """
        import torch

        rows = [torch.atleast_2d(argument) for argument in arguments]
        batch = self._batch(rows)
        columns = [column for row in rows for column in row.t().contiguous().unbind()]
        values = [*columns, *self._constants_like(rows[0]), *[None] * len(self._steps)]
        for step in self._steps:
            values[step.target] = step.compute(*[values[slot] for slot in step.sources])
            for slot in step.finished:
                values[slot] = None
        return tuple(
            torch.stack([values[slot].expand(batch) for slot in slots], 1)
            if slots
            else rows[0].new_empty(batch, 0)
            for slots in self._outputs
        )

    def _batch(self, rows: Sequence[Any]) -> int:
        if len(rows) != len(self._sizes):
            raise ShapeError("function arguments", len(rows), len(self._sizes))
        batch = max((len(row) for row in rows), default=1)
        for row, size in zip(rows, self._sizes, strict=True):
            if row.shape[1] != size:
                raise ShapeError("function argument", row.shape[1], size)
            if len(row) not in (1, batch):
                raise ShapeError("function batch", len(row), batch)
        return batch

    def _constants_like(self, other: Any) -> tuple[Any, ...]:
        """The constants where `other` is, brought there once."""
        kind = other.dtype, other.device
        if kind not in self._placed:
            self._placed[kind] = other.new_tensor(self._constants).unbind()
        return self._placed[kind]


def _walk(
    function: ca.Function, inputs: int
) -> tuple[list[float], list[_Step], list[tuple[int, ...]]]:
    """Return constants, steps and the slots of each output.

    Slots are numbered: first all entries of the inputs, then the constants, then the results.
    """
    first = [sum(function.numel_in(i) for i in range(k)) for k in range(function.n_in())]
    codes = [function.instruction_id(k) for k in range(function.n_instructions())]
    constants = [0.0] + [
        function.instruction_constant(k) for k, code in enumerate(codes) if code == ca.OP_CONST
    ]
    known = operations()
    work: dict[int, int] = {}  # CasADi's registers, which are written many times, to slots
    steps: list[tuple[Callable[..., Any], tuple[int, ...]]] = []
    outputs = [[inputs] * function.numel_out(k) for k in range(function.n_out())]
    results, constant = inputs + len(constants), inputs
    for k, code in enumerate(codes):
        source, target = function.instruction_input(k), function.instruction_output(k)
        if code == ca.OP_CONST:
            constant += 1
            work[target[0]] = constant
        elif code == ca.OP_INPUT:
            work[target[0]] = first[source[0]] + source[1]
        elif code == ca.OP_OUTPUT:
            outputs[target[0]][target[1]] = work[source[0]]
        elif code in known:
            steps.append((known[code], tuple(work[index] for index in source)))
            work[target[0]] = results + len(steps) - 1
        else:
            raise NotImplementedError(f"no translation of CasADi operation {code}")
    kept = [tuple(slots) for slots in outputs]
    return constants, _with_ends(steps, results, {slot for slots in kept for slot in slots}), kept


def _with_ends(
    steps: Sequence[tuple[Callable[..., Any], tuple[int, ...]]], results: int, needed: set[int]
) -> list[_Step]:
    """The steps, each with the results of others that are not needed after it."""
    needed, backwards = set(needed), []
    for k in reversed(range(len(steps))):
        compute, sources = steps[k]
        finished = tuple(slot for slot in set(sources) - needed if slot >= results)
        needed |= set(sources)
        backwards.append(_Step(compute, sources, results + k, finished))
    return backwards[::-1]
