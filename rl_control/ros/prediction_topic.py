"""What a learner publishes of its model's predictions: std_msgs/Float64MultiArray with labels.

    layout.dim[0]: label "model-0003"                 size 1    the version that foretold
    layout.dim[1]: label "error,coverage_90"          size 2    what the numbers are
    layout.dim[2]: label "q1,q2,q1.velocity,..."      size 2n   of which state

The error is the root mean square of the one-step predictions of a few seconds of new motion, in
[rad], [rad/s] or [m], [m/s]; coverage is the share of changes inside the model's 90 % intervals,
which is 0.9 where the model knows its own errors.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from std_msgs.msg import Float64MultiArray, MultiArrayDimension, MultiArrayLayout

from rl_control.ros.convert import to_doubles
from rl_control.ros.prediction_monitor import StepErrors

QUANTITIES = ("error", "coverage_90")


def prediction_message(version: int, names: Sequence[str], errors: StepErrors) -> Float64MultiArray:
    """Return how version `version` foretold motion of joints `names` [n]."""
    states = [*names, *(f"{name}.velocity" for name in names)]
    labels = (f"model-{version:04d}", ",".join(QUANTITIES), ",".join(states))
    sizes = (1, len(QUANTITIES), len(states))
    dimensions = [
        MultiArrayDimension(label=label, size=size, stride=int(np.prod(sizes[k:])))
        for k, (label, size) in enumerate(zip(labels, sizes, strict=True))
    ]
    return Float64MultiArray(
        layout=MultiArrayLayout(dim=dimensions),
        data=to_doubles(np.concatenate([errors.rms, errors.coverage])),
    )
