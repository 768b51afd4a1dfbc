"""The choice of a planner, and what the chosen one is told."""

from __future__ import annotations

import pytest

from rl_control.config import fields_of, from_flat
from rl_control.control.mpc_settings import MpcConfig
from rl_control.control.planner_settings import PlannerConfig, chosen
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.errors import ConfigError


def test_when_nothing_is_chosen_expect_ilqr():
    assert type(chosen(PlannerConfig())) is MpcConfig
    assert chosen(PlannerConfig()) == MpcConfig()


@pytest.mark.parametrize("planner", ["cem", "icem", "mppi"])
def test_when_a_sampling_planner_is_chosen_expect_its_own_settings_and_the_common_ones(planner):
    given = {
        "planner": planner,
        "mpc.actuation_delay": 0.01,
        "mpc.horizon": 77,
        "sampling.horizon": 33,
        "sampling.samples": 64,
    }
    found = chosen(from_flat(PlannerConfig, given, "test"))
    assert isinstance(found, SamplingConfig)
    assert (found.method, found.horizon, found.samples) == (planner, 33, 64)
    assert (found.actuation_delay, found.dt) == (0.01, MpcConfig().dt)
    assert chosen(PlannerConfig(planner=planner)) == SamplingConfig(method=planner)


def test_when_the_planner_is_unknown_expect_the_known_ones_named():
    with pytest.raises(ConfigError, match="ilqr"):
        from_flat(PlannerConfig, {"planner": "ilqg"}, "test")


def test_when_settings_are_listed_expect_each_once():
    keys = [field.key for field in fields_of(PlannerConfig)]
    assert len(keys) == len(set(keys))
    assert {"planner", "mpc.dt", "sampling.samples", "sampling.device"} <= set(keys)
    assert "sampling.dt" not in keys
