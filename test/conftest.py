"""What every test shares."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import settings

# A deadline would be an assertion about time: it fails on a busy machine and on a first compile.
settings.register_profile("rl_control", deadline=None, max_examples=50, print_blob=True)
settings.load_profile("rl_control")


@pytest.fixture
def random_nets():
    """`random_nets(turning, members, hidden, seed)`: an ensemble that was fitted to nothing."""
    import numpy as np

    from rl_control.models.features import Features
    from rl_control.models.nets import NetEnsemble

    def make(turning=(True, True, False), members=3, hidden=(16, 11), seed=0):
        rng = np.random.default_rng(seed)
        features = Features(tuple(turning))
        n, f = features.n, features.size
        sizes = (f, *hidden, 2 * n)
        return NetEnsemble(
            features=features,
            weights=tuple(
                rng.normal(size=(members, out, into)) / np.sqrt(into)
                for into, out in pairwise(sizes)
            ),
            biases=tuple(rng.normal(size=(members, out)) for out in sizes[1:]),
            input_mean=rng.normal(size=f),
            input_scale=rng.uniform(3.0, 6.0, size=f),
            output_mean=rng.normal(size=n),
            output_scale=rng.uniform(0.5, 3.0, size=n),
            least_log_variance=np.full((members, n), -10.0),
            greatest_log_variance=np.full((members, n), 1.0),
            spread=np.ones(n),
        )

    return make


@pytest.fixture
def pd_policy():
    """`pd_policy(robot, stiffness, damping, bound, **facts)`: a network that is a PD law.

    u = M(home) (stiffness posture_error - damping velocity) + bias, as far as its tanh is straight.
    An observation is one bound away from the training where a joint is `bound` from its posture.
    """
    import numpy as np

    from rl_control.policy.mlp import MlpPolicy, Normaliser
    from rl_control.policy.observation import ObservationLayout
    from rl_control.policy.policy import PolicyFacts, Seen
    from rl_control.robot.arm_model import ArmModel

    def make(robot, stiffness=100.0, damping=20.0, bound=100.0, bias=0.0, **facts):
        n, narrow = robot.n, 1e-3
        parts = facts.pop("parts", ("velocity", "posture_error"))
        layout = ObservationLayout(robot.names, parts)
        inertia = ArmModel(robot).mass_matrix(robot.home)
        gains = {"velocity": -damping * inertia, "posture_error": stiffness * inertia}
        columns = [gains.get(part, np.zeros((n, layout.width(part)))) for part in parts]
        weights, size = np.hstack(columns), layout.size
        away = [float(part == "posture_error") for part in parts for _ in range(layout.width(part))]
        seen = Seen(np.zeros(size), np.diag(away) + 1e-12 * np.eye(size), bound)
        told = {"task": "reach", "dt": 0.02, "base": "gravity", **facts}
        return MlpPolicy(
            facts=PolicyFacts(layout=layout, covariance=0.01 * np.eye(n), seen=seen, **told),
            normaliser=Normaliser(np.zeros(size), np.ones(size)),
            weights=(narrow * np.eye(size), weights / narrow),
            biases=(np.zeros(size), np.full(n, bias)),
            scale=np.ones(n),
        )

    return make
