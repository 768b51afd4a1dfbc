"""Networks as kernel calls against the same networks in numpy."""

import numpy as np
import pytest

from rl_control.errors import PolicyError
from rl_control.kernels import compile_sequence
from rl_control.policy.lanes import PolicyLanes, check_shape, memory_size, shape_of


def call(lanes):
    """Evaluate once."""
    compile_sequence(lanes.calls, "test_lanes")([np.zeros(1)], 1)


def observe(lanes, seed):
    """Fill in random observations; return them, [L, no]."""
    lanes.inputs[:] = np.random.default_rng(seed).normal(size=lanes.inputs.shape)
    return lanes.inputs.T.copy()


def test_when_an_mlp_is_called_expect_what_it_says_in_every_lane(random_mlp):
    policy = random_mlp()
    lanes = PolicyLanes(policy)
    o = observe(lanes, 1)
    call(lanes)
    np.testing.assert_allclose(lanes.outputs.T, policy.mean(o), rtol=1e-12)
    assert memory_size(policy) == 0


def test_when_a_gru_is_called_again_and_again_expect_its_controls_and_memory(random_gru):
    policy = random_gru()
    lanes = PolicyLanes(policy)
    memory = policy.start(lanes.inputs.shape[1])
    for seed in range(4):
        o = observe(lanes, seed)
        lanes.before[:] = memory.T
        call(lanes)
        u, memory = policy.step(o, memory)
        np.testing.assert_allclose(lanes.after.T, memory, rtol=1e-12)
        np.testing.assert_allclose(lanes.outputs.T, u, rtol=1e-11)


@pytest.mark.parametrize("kind", ["random_mlp", "random_gru"])
def test_when_another_of_its_shape_is_loaded_expect_that_ones_controls(kind, request):
    make = request.getfixturevalue(kind)
    lanes, fresh = PolicyLanes(make(seed=0)), PolicyLanes(make(seed=5))
    lanes.load(make(seed=5))
    observe(lanes, 1)
    observe(fresh, 1)
    call(lanes)
    call(fresh)
    np.testing.assert_array_equal(lanes.outputs, fresh.outputs)


def test_when_another_shape_is_loaded_expect_refusal_with_both_and_nothing_changed(
    random_mlp, random_gru
):
    policy = random_mlp()
    lanes = PolicyLanes(policy)
    with pytest.raises(PolicyError, match="gru of 9-6-3, and a mlp of 15-8-5-3"):
        lanes.load(random_gru())
    o = observe(lanes, 1)
    call(lanes)
    np.testing.assert_allclose(lanes.outputs.T, policy.mean(o), rtol=1e-12)
    with pytest.raises(PolicyError, match="mine"):
        check_shape("mine", random_gru(units=7), shape_of(random_gru()))
