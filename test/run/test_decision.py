"""What is told of a tick is what happened in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.plan import Plan
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc
from rl_control.run.decision import Tick, decision_values, near_limits
from rl_control.safety.reasons import Reason, Violation
from rl_control.types import Command, Goal, JointLimits, JointState

LIMITS = JointLimits(("a", "b"), [-1.0, -np.inf], [1.0, np.inf], [2.0, 3.0], [10.0, 5.0])


@pytest.fixture(scope="module")
def planned():
    robot = load_robot("planar2")
    mpc = reach_mpc(robot)
    q = robot.home + np.array([0.4, -0.3])
    tip = ArmModel(robot).tip(q)
    mpc.set_goal(Goal(tip.position, q, tip.rotation))
    zero = np.zeros(robot.n)
    state = JointState(robot.names, robot.home, zero, zero, 12.5)
    mpc.plan(state, state.stamp)
    return mpc, mpc.command(state, state.stamp)


def tick(command, **changes):
    usual = {
        "label": "12.500000000", "stamp": 12.5, "sent": command, "asked": command, "late": False,
        "violation": None, "goal": "moving", "tip_error": 0.25,
    }  # fmt: skip
    return Tick(**{**usual, **changes})


def test_when_a_state_is_answered_expect_plan_costs_and_efforts(planned):
    mpc, command = planned
    values = decision_values(tick(command), mpc)
    assert (values["state"], values["plan"]) == ("12.500000000", "12.500000000")
    assert (values["late"], values["reason"], values["violation"]) == ("false", "", "")
    assert float(values["tip_error_mm"]) == 250.0
    terms = {k: float(v) for k, v in values.items() if k.startswith("cost_by_term.")}
    assert sum(terms.values()) == pytest.approx(mpc.current.cost, rel=1e-5)
    for name, effort in zip(command.names, command.effort, strict=True):
        assert float(values[f"asked.{name}"]) == pytest.approx(effort, rel=1e-6)
        assert float(values[f"sent.{name}"]) == pytest.approx(effort, rel=1e-6)


def test_when_a_plan_is_older_expect_the_state_it_was_made_from(planned):
    mpc, command = planned
    values = decision_values(tick(command, label="12.505000000", stamp=12.505, late=True), mpc)
    assert (values["plan"], values["late"]) == ("12.500000000", "true")


def test_when_the_filter_acts_expect_reason_bound_and_both_efforts(planned):
    mpc, command = planned
    most = mpc.limits.effort
    asked = replace(command, effort=np.array([most[0], 0.1]))
    sent = replace(command, effort=np.array([1.0, 0.1]), reason="effort_rate")
    violation = Violation(Reason.VELOCITY_LIMIT, "elbow", 7.0, 6.6)
    values = decision_values(tick(sent, asked=asked, violation=violation), mpc)
    assert values["saturated"] == mpc.names[0]
    assert values["reason"] == "effort_rate"
    assert values["violation"] == "velocity_limit at elbow: 7, allowed 6.6"
    assert float(values[f"asked.{mpc.names[0]}"]) == pytest.approx(most[0], rel=1e-6)


def test_when_the_planner_was_not_asked_expect_no_word_of_what_it_wanted(planned):
    mpc, command = planned
    values = decision_values(tick(command, asked=None), mpc)
    assert not [key for key in values if key.startswith("asked.")]


def test_when_a_plan_comes_near_limits_expect_which_and_when():
    states = np.zeros((11, 4))
    states[5:, 0] = 0.97  # within 2 % of the range [-1, 1]
    states[3:4, 3] = -2.9  # above 95 % of 3
    plan = Plan(
        0.0, 0.0, 0.02, states, np.zeros((10, 2)), np.zeros((10, 2, 4)), None, 0.0, 1, 0.0, 0.0, 0.0
    )
    assert near_limits(plan, LIMITS) == ["a upper position in 0.10 s", "b velocity in 0.06 s"]
    still = replace(plan, states=np.zeros((11, 4)))
    assert near_limits(still, LIMITS) == []


def test_when_an_effort_is_just_below_its_bound_expect_it_not_called_saturated(planned):
    mpc, command = planned
    below = Command(command.names, 0.999 * mpc.limits.effort, 12.5)
    assert decision_values(tick(below, asked=below), mpc)["saturated"] == ""
