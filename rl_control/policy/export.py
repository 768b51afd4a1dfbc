"""A policy as an ONNX model: normaliser and units inside, memory in and out.

Inputs: "observation" [B, no], and of a recurrent policy "memory"; outputs: "control" [B, nu], and
"next_memory"; single precision. The memory starts at zero. What the base adds is not part of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import DataError, MissingDependencyError
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy
from rl_control.types import Array

OPSET = 17
IR_VERSION = 8  # what readers of that operator set know


def export_onnx(path: str | Path, policy: MlpPolicy | GruPolicy) -> None:
    """Write a policy as an ONNX file; what is true of it goes into the file's metadata.

    Raises:
        MissingDependencyError: if onnx is not installed.
        DataError: if the file cannot be written.
    """
    graph = _Graph()
    scaled = graph.scaled("observation", policy.normaliser.mean, policy.normaliser.scale)
    size = policy.facts.layout.size
    if isinstance(policy, GruPolicy):
        last = graph.dense(_gru(graph, policy, scaled), policy.head, policy.head_bias)
        remembered = policy.start(1).shape[1]
        inputs, outputs = [("memory", remembered)], [("next_memory", remembered)]
    else:
        last = scaled
        for weight, bias in zip(policy.weights[:-1], policy.biases[:-1], strict=True):
            last = graph.add("Tanh", [graph.dense(last, weight, bias)])
        last = graph.dense(last, policy.weights[-1], policy.biases[-1])
        inputs, outputs = [], []
    graph.add("Mul", [last, graph.constant(policy.scale)], "control")
    facts = policy.facts
    about = {
        "task": facts.task,
        "joints": facts.names,
        "observation": facts.layout.parts,
        "dt": facts.dt,
        "base": facts.base,
    }
    raw = graph.model(
        [("observation", size), *inputs], [("control", len(policy.scale)), *outputs], about
    )
    try:
        Path(path).write_bytes(raw)
    except OSError as error:
        raise DataError(
            path, f"cannot be written ({error.strerror})", "Name a file in a folder that exists."
        ) from error


class _Graph:
    """Nodes and constants of a model under construction."""

    def __init__(self) -> None:
        try:
            import onnx
        except ImportError as error:
            raise MissingDependencyError("onnx", "the export of a policy", "export") from error
        self._onnx: Any = onnx
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: Array) -> str:
        """Keep numbers; return their name."""
        name = f"c{len(self._constants)}"
        array = np.asarray(values, dtype=np.float32)
        self._constants.append(self._onnx.numpy_helper.from_array(array, name))
        return name

    def add(self, operator: str, inputs: list[str], output: str = "", **attributes: Any) -> str:
        """Append a node; return the name of its output."""
        output = output or f"n{len(self._nodes)}"
        node = self._onnx.helper.make_node(operator, inputs, [output], **attributes)
        self._nodes.append(node)
        return output

    def scaled(self, name: str, mean: Array, scale: Array) -> str:
        """Append (x - mean) / scale; return its name."""
        away = self.add("Sub", [name, self.constant(mean)])
        return self.add("Mul", [away, self.constant(1.0 / scale)])

    def dense(self, name: str, weight: Array, bias: Array) -> str:
        """Append a layer; return its name."""
        return self.add("Gemm", [name, self.constant(weight), self.constant(bias)], transB=1)

    def ones(self, like: str) -> str:
        """Append ones in the shape of `like`; return their name."""
        return self.add("Exp", [self.add("Sub", [like, like])])

    def joined(self, names: list[str], output: str = "") -> str:
        """Put columns beside one another; return the name of the result."""
        return self.add("Concat", names, output, axis=1)

    def columns(self, name: str, first: int, last: int) -> str:
        """Take columns first ... last - 1; return the name of the result."""
        axis = [self._whole(value) for value in (first, last, 1)]
        return self.add("Slice", [name, *axis])

    def _whole(self, value: int) -> str:
        name = f"c{len(self._constants)}"
        number = np.array([value], dtype=np.int64)
        self._constants.append(self._onnx.numpy_helper.from_array(number, name))
        return name

    def model(
        self, inputs: list[tuple[str, int]], outputs: list[tuple[str, int]], about: dict[str, Any]
    ) -> bytes:
        """Return the model's bytes, checked."""
        helper, real = self._onnx.helper, self._onnx.TensorProto.FLOAT

        def described(ports: list[tuple[str, int]]) -> list[Any]:
            return [helper.make_tensor_value_info(name, real, ["batch", n]) for name, n in ports]

        graph = helper.make_graph(
            self._nodes, "policy", described(inputs), described(outputs), self._constants
        )
        model = helper.make_model(
            graph,
            producer_name="rl_control",
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
        )
        helper.set_model_props(model, {"rl_control": json.dumps(about)})
        self._onnx.checker.check_model(model)
        raw: bytes = model.SerializeToString()
        return raw


def _gru(graph: _Graph, policy: GruPolicy, scaled: str) -> str:
    """What enters the head, and the memory after; see `GruPolicy.step`."""
    m, end = policy.units, policy.units + len(policy.changes)
    ends = ((0, m), (m, end), (end, end + 1))
    before, last, begun = (graph.columns("memory", *pair) for pair in ends)
    away = graph.add("Mul", [begun, graph.add("Sub", ["observation", last])])
    inputs = graph.joined([scaled, graph.add("Mul", [away, graph.constant(1.0 / policy.changes)])])
    seen = graph.dense(inputs, policy.by_input, policy.input_bias)
    kept = graph.dense(before, policy.by_memory, policy.memory_bias)
    gates = [
        graph.add(
            "Sigmoid",
            [graph.add("Add", [_third(graph, seen, k, m), _third(graph, kept, k, m)])],
        )
        for k in range(2)
    ]
    held = graph.add("Mul", [gates[0], _third(graph, kept, 2, m)])
    candidate = graph.add("Tanh", [graph.add("Add", [_third(graph, seen, 2, m), held])])
    # (1 - z) c + z h = c + z (h - c)
    rest = graph.add("Mul", [gates[1], graph.add("Sub", [before, candidate])])
    units = graph.add("Add", [candidate, rest])
    graph.joined([units, "observation", graph.ones(begun)], "next_memory")
    return graph.joined([inputs, units])


def _third(graph: _Graph, name: str, k: int, m: int) -> str:
    """Part k of three."""
    return graph.columns(name, k * m, (k + 1) * m)
