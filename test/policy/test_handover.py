"""Who acts, over sequences of distances and costs."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import ConfigError
from rl_control.policy.handover import HandoverConfig, Reading, Watch, decide

CONFIG = HandoverConfig(
    outside=1.5, inside=1.0, margin=1.0, back_margin=0.5, slack=0.1, back_time=0.5
)
DT = 0.1


def follow(readings, config=CONFIG):
    """The actor at each reading, with all causes in order."""
    watch, actors, causes = Watch(), [], []
    for reading in readings:
        before, watch = watch, decide(watch, reading, config)
        actors.append(watch.actor)
        if watch.actor != before.actor:
            causes.append(watch.cause)
    return actors, causes


def distances(*values):
    return [Reading(DT * k, value) for k, value in enumerate(values)]


def costs(*pairs):
    return [Reading(DT * k, 0.0, policy, mpc) for k, (policy, mpc) in enumerate(pairs)]


def test_when_all_is_well_expect_the_policy_to_act_throughout():
    actors, causes = follow(distances(*[1.5] * 20))
    assert actors == ["policy"] * 20
    assert not causes


def test_when_the_observation_leaves_expect_the_mpc_at_that_state_and_the_policy_after_a_while():
    actors, causes = follow(distances(0.5, 1.6, *[0.9] * 10))
    # The sixth calm reading is 0.5 s after the first.
    assert actors == ["policy"] + ["mpc"] * 6 + ["policy"] * 5
    assert "1.6 times the bound, allowed 1.5" in causes[0]
    assert "no fault for 0.50 s" in causes[1]


def test_when_it_stays_between_the_two_bounds_expect_whoever_acts_to_go_on():
    assert set(follow(distances(*[1.2] * 30))[0]) == {"policy"}
    assert set(follow(distances(2.0, *[1.2] * 30))[0]) == {"mpc"}


def test_when_the_calm_is_broken_expect_it_to_count_from_the_start():
    actors, _ = follow(distances(2.0, *[0.5] * 4, 1.1, *[0.5] * 5, 0.5))
    assert actors == ["mpc"] * 11 + ["policy"]


def test_when_the_policy_is_foretold_to_cost_too_much_expect_the_mpc_until_below_the_lower_margin():
    # Allowed: 2 * 1 + 0.1 to act on, 1.5 * 1 + 0.1 to act again.
    actors, causes = follow(costs((2.1, 1.0), (2.2, 1.0), (1.7, 1.0), *[(1.6, 1.0)] * 7))
    assert actors == ["policy", *["mpc"] * 7, "policy", "policy"]
    assert causes[0] == "foretold cost 2.2, the MPC's 1, allowed 2.1"


def test_when_both_cost_next_to_nothing_expect_no_change():
    assert set(follow(costs(*[(0.09, 1e-6)] * 5))[0]) == {"policy"}


@pytest.mark.parametrize("cost", [math.nan, math.inf])
def test_when_the_foretold_cost_is_not_finite_expect_the_mpc(cost):
    assert follow(costs((cost, 1.0)))[0] == ["mpc"]
    assert follow(costs((cost, None)))[0] == ["mpc"]


@pytest.mark.parametrize("other", [math.nan, math.inf, None])
def test_when_the_mpc_has_no_sound_cost_expect_the_policy_unless_it_is_outside(other):
    assert follow(costs((5.0, other)))[0] == ["policy"]
    assert follow([Reading(0.0, math.nan, 5.0, other)])[0] == ["mpc"]


def test_when_no_cost_is_foretold_expect_the_distance_alone_to_decide():
    assert follow([Reading(0.0, 1.0, None, 1.0), Reading(DT, 2.0, None, 1.0)])[0] == [
        "policy",
        "mpc",
    ]


def test_when_no_time_is_asked_for_expect_the_way_back_at_the_first_calm_state():
    actors, _ = follow(distances(2.0, 0.9), replace(CONFIG, back_time=0.0))
    assert actors == ["mpc", "policy"]


@pytest.mark.parametrize("key", ["inside", "back_margin"])
def test_when_a_bound_back_lies_beyond_the_one_out_expect_a_named_error(key):
    with pytest.raises(ConfigError, match=key):
        replace(CONFIG, **{key: 7.0})


@given(
    st.lists(
        st.tuples(st.floats(0.0, 3.0), st.floats(0.0, 5.0), st.floats(0.0, 5.0)),
        min_size=1,
        max_size=60,
    )
)
def test_when_anything_happens_expect_bounds_kept_and_time_between_changes(values):
    readings = [Reading(DT * k, *value) for k, value in enumerate(values)]
    actors, _ = follow(readings)
    last_takeover = -math.inf
    for k, reading in enumerate(readings):
        if actors[k] == "policy":
            assert reading.distance <= CONFIG.outside
            assert reading.policy_cost <= 2.0 * reading.mpc_cost + CONFIG.slack
        before = actors[k - 1] if k else "policy"
        if (before, actors[k]) == ("policy", "mpc"):
            last_takeover = reading.time
        if (before, actors[k]) == ("mpc", "policy"):
            assert reading.time - last_takeover >= CONFIG.back_time
