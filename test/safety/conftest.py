import numpy as np
import pytest

from rl_control.types import Command, JointLimits, JointState

NAMES = ("a", "b")


@pytest.fixture
def limits():
    return JointLimits(
        NAMES,
        lower=np.array([-1.0, -2.0]),
        upper=np.array([1.0, 2.0]),
        velocity=np.array([2.0, 4.0]),
        effort=np.array([10.0, 5.0]),
    )


@pytest.fixture
def make_state():
    def make(q=(0.1, 0.2), v=(0.0, 0.0), stamp=0.0, names=NAMES):
        return JointState(names, np.array(q), np.array(v), np.zeros(len(names)), stamp)

    return make


@pytest.fixture
def make_command():
    def make(*effort, names=NAMES, **more):
        return Command(names, np.array(effort, dtype=float), 0.0, **more)

    return make
