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
