"""Sets of transitions: joined, split by rollout, strided, and never across a gap."""

import numpy as np
import pytest

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError, JointMismatchError, ShapeError
from rl_control.types import Trajectory

NAMES = ("a", "b")


def motion(steps, seed=0, dt=0.01, source="test"):
    """One rollout of `steps` transitions with states that tell their place."""
    rng = np.random.default_rng(seed)
    trajectory = Trajectory(
        names=NAMES,
        times=dt * np.arange(steps + 1),
        states=rng.normal(size=(steps + 1, 4)),
        controls=rng.normal(size=(steps, 2)),
    )
    return TransitionDataset.of(trajectory, dt, source)


def test_when_a_run_is_taken_expect_each_next_state_to_be_the_following_state():
    data = motion(7)
    assert np.array_equal(data.next_states[:-1], data.states[1:])
    assert data.seconds == pytest.approx(0.07)


def test_when_a_plant_passed_states_over_expect_a_hole_there():
    stamps = 5.0 + np.array([0.0, 0.0101, 0.0199, 0.0401, 0.05])
    trajectory = Trajectory(
        NAMES, 0.01 * np.arange(5), np.zeros((5, 4)), np.zeros((4, 2)), extra={"stamp": stamps}
    )
    data = TransitionDataset.of(trajectory, 0.01, "topics")
    assert data.times.round(9).tolist() == [0.0, 0.01, 0.04]
    assert data.windows(2).tolist() == [0]


def test_when_sets_are_joined_expect_rollouts_counted_on_and_joints_matched_by_name():
    first, second = motion(5), motion(4, seed=1, source="other")
    turned = second.ordered(("b", "a"))
    both = first.join(turned)
    assert both.sources == ("test", "other")
    assert both.rollouts.tolist() == [0] * 5 + [1] * 4
    assert np.array_equal(both.states[5:], second.states)
    assert np.array_equal(both.controls[5:], second.controls)
    assert both.seconds == pytest.approx(0.09)
    assert TransitionDataset.empty(NAMES, 0.01).join(first).digest == first.digest


def test_when_steps_or_joints_differ_expect_refusal():
    with pytest.raises(DataError, match=r"0\.02 s cannot be joined"):
        motion(5).join(motion(5, dt=0.02))
    with pytest.raises(JointMismatchError, match="missing joint"):
        motion(5).ordered(("a", "c"))
    with pytest.raises(ShapeError, match="controls"):
        TransitionDataset(
            NAMES, 0.01, np.zeros((3, 4)), np.zeros((3, 1)), np.zeros((3, 4)),
            np.zeros(3), np.zeros(3, dtype=np.int64), ("x",),
        )  # fmt: skip


def test_when_split_expect_whole_rollouts_on_one_side_and_nothing_lost():
    data = motion(5)
    for seed in range(1, 10):
        data = data.join(motion(5, seed=seed))
    rest, aside = data.split(0.3, np.random.default_rng(0))
    assert set(rest.rollouts) | set(aside.rollouts) == set(range(10))
    assert not set(rest.rollouts) & set(aside.rollouts)
    assert len(set(aside.rollouts)) == 3


def test_when_one_rollout_is_split_expect_its_end_aside_and_no_overlap_in_time():
    data = motion(40).strided(4)
    rest, aside = data.split(0.25, np.random.default_rng(0))
    assert rest.size > 20
    assert aside.size >= 9
    assert rest.times.max() + data.dt <= aside.times.min() + 1e-9
    with pytest.raises(DataError, match="cannot be split"):
        motion(1).split(0.5, np.random.default_rng(0))


def test_when_stretches_alternate_expect_each_rollout_cut_and_nothing_lost():
    data = motion(10).join(motion(7, seed=1))
    even, odd = data.alternating(0.03)
    assert even.times.round(9).tolist() == [0, 0.01, 0.02, 0.06, 0.07, 0.08, 0, 0.01, 0.02, 0.06]
    assert odd.times.round(9).tolist() == [0.03, 0.04, 0.05, 0.09, 0.03, 0.04, 0.05]
    assert even.size + odd.size == data.size
    assert TransitionDataset.empty(NAMES, 0.01).alternating(1.0)[0].size == 0


@pytest.mark.parametrize("overlap", [True, False])
def test_when_strided_expect_mean_controls_and_the_state_after_so_many_steps(overlap):
    data = motion(10).join(motion(6, seed=1))
    long = data.strided(3, overlap)
    assert long.dt == pytest.approx(0.03)
    assert long.size == (8 + 4 if overlap else 3 + 2)
    first = 1 if overlap else 3  # the second long transition starts there
    assert np.allclose(long.controls[1], data.controls[first : first + 3].mean(axis=0))
    assert np.array_equal(long.next_states[1], data.next_states[first + 2])
    assert long.seconds == pytest.approx(0.16 if overlap else 0.15)


def test_when_there_is_a_gap_expect_no_window_across_it():
    data = motion(10)
    data = data.where(np.arange(10) != 4)
    assert data.windows(3, 1).tolist() == [0, 1, 4, 5, 6]
    assert data.windows(3).tolist() == [0, 4]


def test_when_anything_differs_expect_another_digest():
    data = motion(5)
    assert data.digest == motion(5).digest
    for other in (motion(5, seed=1), motion(5, dt=0.02), motion(5, source="x"), motion(4)):
        assert other.digest != data.digest
