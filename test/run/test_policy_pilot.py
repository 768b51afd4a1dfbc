"""A policy and its MPC in one loop on the arm's equations: who acts, and what the command does."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.models.rigid import RigidModel
from rl_control.policy.handover import HandoverConfig
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc, reweighed
from rl_control.run.assemble_policy import policy_pilot
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import ReachConfig
from rl_control.types import JointState

ROBOT = load_robot("planar2")
MODEL = ArmModel(ROBOT)
PERIOD = 0.005
LAX = HandoverConfig(margin=1e3, slack=1e3)


@pytest.fixture(scope="module")
def mpc():
    return reach_mpc(ROBOT, MpcConfig(time_budget=10.0))


def goal_at(away):
    return stay_goal(MODEL.tip(ROBOT.home + away), ROBOT.home + away)


class Arm:
    """The arm under a pilot, as a control loop drives it, without threads."""

    def __init__(self, mpc, policy, config=LAX, **how):
        mpc.reset()
        self.plant = RigidModel(ROBOT, PERIOD)
        self.pilot = policy_pilot(ROBOT, policy, mpc, config, PERIOD, **how)
        self.x, self.stamp = np.concatenate([ROBOT.home, np.zeros(2)]), 1.0
        self.actors, self.efforts, self.plans, self.notes = [], [], [], []

    def run(self, seconds):
        pilot = self.pilot
        for _ in range(round(seconds / PERIOD)):
            joints = JointState(ROBOT.names, self.x[:2], self.x[2:], np.zeros(2), self.stamp)
            command = pilot.act(joints, self.stamp)
            self.plans.append(pilot.plan(joints, self.stamp))
            if command is None:
                command = pilot.command(joints, self.stamp)
            self.actors.append(pilot.values()["acting"])
            self.efforts.append(command.effort)
            self.notes += pilot.notes()
            self.x = self.plant.step(self.x[None], command.effort[None])[0]
            self.stamp += PERIOD
        return self


def test_when_all_is_well_expect_the_policy_to_reach_the_target_alone(mpc, pd_policy):
    arm = Arm(mpc, pd_policy(ROBOT))
    arm.pilot.set_goal(goal_at(0.4))
    arm.run(2.0)
    assert set(arm.actors) == {"policy"}
    assert not arm.notes
    assert np.abs(arm.x[:2] - ROBOT.home - 0.4).max() < 1e-3
    values = arm.pilot.values()
    assert (values["takeovers"], values["policy_states"], values["mpc_states"]) == (0, 400, 0)
    # The way that the policy is foretold to take is the way it takes.
    foretold = arm.plans[0]
    assert foretold.states.shape == (51, 4)
    assert values["cost"] < 1e-3 and values["mpc_cost"] < 1e-3


def test_when_a_target_is_out_of_the_training_expect_the_mpc_until_it_is_near(mpc, pd_policy):
    config = replace(LAX, outside=1.0, inside=0.8, back_time=0.1)
    arm = Arm(mpc, pd_policy(ROBOT, bound=0.3), config)
    arm.pilot.set_goal(goal_at(0.1))
    arm.run(0.5)
    arm.pilot.set_goal(goal_at(-0.5))
    before = len(arm.actors)
    arm.run(3.0)
    assert set(arm.actors[:before]) == {"policy"}
    assert arm.actors[before] == "mpc"  # at the first state, without waiting
    assert arm.actors[-1] == "policy"
    assert arm.pilot.counts.takeovers == arm.pilot.counts.handbacks == 1
    assert "takes over: observation at" in arm.notes[0]
    assert "acts again: no fault for 0.1" in arm.notes[1]
    assert np.abs(arm.x[:2] - ROBOT.home + 0.5).max() < 1e-3


def test_when_the_policy_is_foretold_to_be_worse_expect_the_mpc_and_the_policy_in_the_end(
    mpc, pd_policy
):
    lazy = pd_policy(ROBOT, stiffness=4.0, damping=4.0)
    arm = Arm(mpc, lazy, HandoverConfig(back_time=0.2, foresee_every=5))
    arm.pilot.set_goal(goal_at(0.4))
    arm.run(3.0)
    # At first the MPC's own plan is far from its best, and the costs are looked at now and then.
    assert arm.actors[0] == "policy"
    assert "mpc" in arm.actors[:15]
    assert arm.actors[-1] == "policy"
    assert "foretold cost" in arm.notes[0]
    assert arm.pilot.counts.takeovers == arm.pilot.counts.handbacks == 1
    assert np.abs(arm.x[:2] - ROBOT.home - 0.4).max() < 0.05


def test_when_the_actor_changes_expect_no_step_in_the_command(mpc, pd_policy):
    def steps(blend_time):
        config = replace(LAX, outside=1.0, inside=0.8, back_time=0.0, blend_time=blend_time)
        arm = Arm(mpc, pd_policy(ROBOT, bound=0.3), config)
        arm.pilot.set_goal(goal_at(0.5))
        arm.run(1.0)
        assert arm.actors[0] == "mpc" and arm.actors[-1] == "policy"
        change = arm.actors.index("policy")
        return np.abs(np.diff(arm.efforts, axis=0))[change - 1].max()

    sudden, smooth = steps(0.0), steps(0.1)
    assert sudden > 1.0  # [N m]
    assert smooth < 0.1 * sudden


def test_when_the_policys_effort_is_not_finite_expect_the_mpc_to_act(mpc, pd_policy):
    arm = Arm(mpc, pd_policy(ROBOT, bias=np.nan))
    arm.pilot.set_goal(goal_at(0.3))
    arm.run(1.5)
    assert set(arm.actors) == {"mpc"}
    assert np.isfinite(arm.efforts).all()
    assert np.abs(arm.x[:2] - ROBOT.home - 0.3).max() < 1e-2


def test_when_nobody_shadows_expect_the_policy_to_act_wherever_it_is(mpc, pd_policy):
    arm = Arm(mpc, pd_policy(ROBOT, bound=1e-3), shadow=False)
    arm.pilot.set_goal(goal_at(0.3))
    arm.run(0.5)
    assert set(arm.actors) == {"policy"}
    assert mpc.current is None
    assert arm.plans[-1].states.shape == (51, 4)
    assert arm.pilot.values()["distance"] > 1.0


def test_when_states_wait_for_plans_expect_the_same_bits_each_time(mpc, pd_policy):
    def run():
        lazy = pd_policy(ROBOT, stiffness=4.0, damping=4.0)
        arm = Arm(mpc, lazy, HandoverConfig(back_time=0.2), lock_step=True)
        joints = JointState(ROBOT.names, arm.x[:2], arm.x[2:], np.zeros(2), arm.stamp)
        arm.pilot.set_goal(goal_at(0.4))
        assert arm.pilot.act(joints, arm.stamp) is None
        arm.pilot.reset()
        return arm.run(1.5)

    first, second = run(), run()
    assert {"policy", "mpc"} == set(first.actors)
    np.testing.assert_array_equal(first.efforts, second.efforts)


def test_when_another_policy_comes_expect_it_to_act_and_be_foretold_from_the_next_state_on(
    mpc, pd_policy
):
    arm = Arm(mpc, pd_policy(ROBOT, stiffness=4.0, damping=4.0), HandoverConfig(back_time=1e-3))
    arm.pilot.set_goal(goal_at(0.4))
    arm.run(0.05)
    assert arm.actors[-1] == "mpc"
    arm.pilot.exchange(pd_policy(ROBOT, stiffness=250.0, damping=28.0))
    arm.run(0.05)
    assert arm.actors[-1] == "policy"
    assert arm.pilot.values()["cost"] < 2.0 * arm.pilot.values()["mpc_cost"] + 0.02


@pytest.mark.parametrize("shadow", [True, False])
def test_when_limits_change_expect_the_policy_foretold_to_keep_them(pd_policy, shadow):
    mpc = reach_mpc(ROBOT, MpcConfig(time_budget=10.0))
    policy = pd_policy(ROBOT, stiffness=60.0, damping=16.0)

    def foretold(arm):
        arm.pilot.set_goal(goal_at(0.4))
        arm.run(PERIOD)
        return arm.plans[-1].states

    wide = foretold(Arm(mpc, policy, shadow=shadow))
    weak = replace(ROBOT, limits=ROBOT.limits.scaled(1.0, 0.1))
    changed = Arm(mpc, policy, shadow=shadow)
    reweighed(mpc, ReachConfig(), weak.limits, mpc.config)()
    changed.pilot.configure(LAX, weak.limits)
    built = Arm(reach_mpc(weak, MpcConfig(time_budget=10.0)), policy, shadow=shadow)
    expected = foretold(built)
    np.testing.assert_allclose(foretold(changed), expected, atol=1e-12)
    assert np.abs(wide - expected).max() > 1e-2


def test_when_time_begins_anew_expect_who_acts_forgotten_and_the_goal_kept(mpc, pd_policy):
    arm = Arm(mpc, pd_policy(ROBOT, bound=0.3), replace(LAX, outside=1.0, inside=0.1))
    arm.pilot.set_goal(goal_at(0.5))
    arm.run(0.02)
    assert arm.actors[-1] == "mpc"
    arm.pilot.reset()
    arm.x, arm.stamp = np.concatenate([ROBOT.home + 0.5, np.zeros(2)]), 0.0
    arm.run(0.02)
    assert arm.actors[-1] == "policy"
    np.testing.assert_allclose(arm.efforts[-1], MODEL.gravity_torque(ROBOT.home + 0.5), atol=1e-6)


def test_when_commands_take_time_to_act_expect_the_mpc_to_know_of_the_policys(pd_policy):
    delay = 4 * PERIOD
    mpc = reach_mpc(ROBOT, MpcConfig(time_budget=10.0, actuation_delay=delay))
    arm = Arm(mpc, pd_policy(ROBOT, stiffness=30.0, damping=10.0), replace(LAX, foresee_every=1))
    arm.pilot.set_goal(goal_at(0.4))
    held = MODEL.gravity_torque(ROBOT.home)
    waiting, states, starts = [held] * 4, [], []
    for _ in range(40):
        joints = JointState(ROBOT.names, arm.x[:2], arm.x[2:], np.zeros(2), arm.stamp)
        waiting.append(arm.pilot.act(joints, arm.stamp).effort)
        starts.append(arm.pilot.plan(joints, arm.stamp).states[0])
        states.append(arm.x)
        arm.x = arm.plant.step(arm.x[None], waiting.pop(0)[None])[0]
        arm.stamp += PERIOD
    # Each plan starts where the arm will be when the plan's first command acts.
    np.testing.assert_allclose(starts[4:-4], states[8:], atol=2e-3)
    assert np.abs(np.array(states[8:]) - states[4:-4]).max() > 0.05
