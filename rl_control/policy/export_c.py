"""A policy as one file of C99: its numbers as constants, and the function `policy_step`.

Nothing is needed but a compiler and the C library's mathematics. What the base adds is not part
of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rl_control.errors import DataError
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy
from rl_control.policy.policy import PolicyFacts
from rl_control.types import Array

_HEAD = """\
#include <math.h>

enum {{ POLICY_OBSERVATIONS = {observations}, POLICY_CONTROLS = {controls} }};

{constants}

static void layer(const double *weight, const double *bias, const double *x, int inputs,
                  double *y, int outputs)
{{
    for (int i = 0; i < outputs; ++i) {{
        double sum = bias[i];
        for (int j = 0; j < inputs; ++j)
            sum += weight[i * inputs + j] * x[j];
        y[i] = sum;
    }}
}}

static void normalise(const double *observation, double *x)
{{
    for (int i = 0; i < POLICY_OBSERVATIONS; ++i)
        x[i] = (observation[i] - mean[i]) * inverse_scale[i];
}}

static void rescale(double *control)
{{
    for (int i = 0; i < POLICY_CONTROLS; ++i)
        control[i] *= unit[i];
}}
"""
_GRU = """
enum {{ POLICY_UNITS = {units}, POLICY_MEMORY = POLICY_UNITS + POLICY_OBSERVATIONS + 1 }};

/* The memory starts at zero; next_memory may be the same array as memory. */
void policy_step(const double *observation, const double *memory, double *control,
                 double *next_memory)
{{
    enum {{ M = POLICY_UNITS, N = POLICY_OBSERVATIONS }};
    double x[2 * N + M], seen[3 * M], kept[3 * M];
    normalise(observation, x);
    for (int i = 0; i < N; ++i) {{
        x[N + i] = memory[M + N] * (observation[i] - memory[M + i]) * inverse_change[i];
        next_memory[M + i] = observation[i];
    }}
    next_memory[M + N] = 1.0;
    layer(by_input, input_bias, x, 2 * N, seen, 3 * M);
    layer(by_memory, memory_bias, memory, M, kept, 3 * M);
    for (int k = 0; k < M; ++k) {{
        const double reset = 0.5 * (1.0 + tanh(0.5 * (seen[k] + kept[k])));
        const double update = 0.5 * (1.0 + tanh(0.5 * (seen[M + k] + kept[M + k])));
        const double candidate = tanh(seen[2 * M + k] + reset * kept[2 * M + k]);
        x[2 * N + k] = (1.0 - update) * candidate + update * memory[k];
        next_memory[k] = x[2 * N + k];
    }}
    layer(head, head_bias, x, 2 * N + M, control, POLICY_CONTROLS);
    rescale(control);
}}
"""


def export_c(path: str | Path, policy: MlpPolicy | GruPolicy) -> None:
    """Write a policy as a C source file; what is true of it stands in the comment at its top.

    Of a policy without memory the function is `policy_step(observation, control)`, of one with
    memory `policy_step(observation, memory, control, next_memory)`, all in double precision.

    Raises:
        DataError: if the file cannot be written.
    """
    text = _comment(policy.facts) + _body(policy)
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(
            path, f"cannot be written ({error.strerror})", "Name a file in a folder that exists."
        ) from error


def _comment(facts: PolicyFacts) -> str:
    lines = [
        f"task: {facts.task}",
        f"joints: {', '.join(facts.names)}",
        f"observation: {', '.join(facts.layout.parts)}",
        f"period: {facts.dt!r} s",
        f"base, which makes efforts of the controls: {facts.base}",
    ]
    # Names are free text; none may end the comment.
    return "\n".join(["/*", *[f" * {line}".replace("*/", "* /") for line in lines], " */\n"])


def _body(policy: MlpPolicy | GruPolicy) -> str:
    numbers = {
        "mean": policy.normaliser.mean,
        "inverse_scale": 1.0 / policy.normaliser.scale,
        "unit": policy.scale,
    }
    if isinstance(policy, GruPolicy):
        names = ("by_input", "by_memory", "input_bias", "memory_bias", "head", "head_bias")
        numbers |= {name: getattr(policy, name) for name in names}
        numbers["inverse_change"] = 1.0 / policy.changes
        function = _GRU.format(units=policy.units)
    else:
        for k, (weight, bias) in enumerate(zip(policy.weights, policy.biases, strict=True)):
            numbers |= {f"weight_{k}": weight, f"bias_{k}": bias}
        function = _mlp(policy)
    return _head(policy, numbers) + function


def _head(policy: MlpPolicy | GruPolicy, numbers: dict[str, Array]) -> str:
    """The constants, and what both kinds of network use."""
    constants = "\n".join(_constant(name, values) for name, values in numbers.items())
    sizes = {"observations": len(policy.normaliser.mean), "controls": len(policy.scale)}
    return _HEAD.format(constants=constants, **sizes)


def _mlp(policy: MlpPolicy) -> str:
    lines = [
        "",
        "void policy_step(const double *observation, double *control)",
        "{",
        "    double h0[POLICY_OBSERVATIONS];",
        "    normalise(observation, h0);",
    ]
    last = len(policy.weights) - 1
    for k, weight in enumerate(policy.weights):
        outputs, inputs = weight.shape
        into = "control" if k == last else f"h{k + 1}"
        call = f"    layer(weight_{k}, bias_{k}, h{k}, {inputs}, {into}, {outputs});"
        if k == last:
            lines += [call]
        else:
            loop = f"    for (int i = 0; i < {outputs}; ++i)"
            lines += [
                f"    double {into}[{outputs}];",
                call,
                loop,
                f"        {into}[i] = tanh({into}[i]);",
            ]
    return "\n".join([*lines, "    rescale(control);", "}", ""])


def _constant(name: str, values: Array) -> str:
    """An array in rows of four; 17 digits bring every double back to the bit."""
    texts = [f"{value:.17g}" for value in np.asarray(values, dtype=np.float64).reshape(-1)]
    rows = [", ".join(texts[k : k + 4]) for k in range(0, len(texts), 4)]
    body = ",\n    ".join(rows)
    return f"static const double {name}[{len(texts)}] = {{\n    {body}\n}};"
