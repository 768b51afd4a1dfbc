"""Where a policy leads, against a loop in numpy over the model and the cost."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.control.node_cost import ArmNodeCost
from rl_control.errors import PolicyError
from rl_control.kernels.compute import on_arrays
from rl_control.models.rigid import RigidModel
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import Normaliser
from rl_control.policy.observation import goal_rows
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.assemble import ReachObjective, reach_mpc
from rl_control.run.foresight import Foresight
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import ReachConfig, reach_cost

CONFIG = MpcConfig(horizon=20)
DT = CONFIG.dt


class Setup:
    def __init__(self, name):
        self.robot = load_robot(name)
        self.kinematics, self.arm = Kinematics(self.robot), ArmModel(self.robot)
        self.model = RigidModel(self.robot, DT)
        self.cost = ArmNodeCost(RigidBody(self.robot), reach_cost(self.robot), DT, on_arrays())
        posture = self.robot.home + 0.4
        self.goal = stay_goal(self.kinematics.tip(posture), posture)
        objective = ReachObjective(self.robot, ReachConfig(), CONFIG.horizon, DT)
        self.rows = objective.rows(self.goal).copy()
        self.x = np.concatenate([self.robot.home, np.linspace(0.2, -0.3, self.robot.n)])

    def foresight(self, policy):
        problem = reach_mpc(self.robot, CONFIG).problem
        body = RigidBody(self.robot)
        return Foresight(policy, body, problem, self.robot.limits, CONFIG.horizon, DT)

    def loop(self, policy, memory):
        """States [N+1, 2n] and cost, step by step."""
        n, bound = self.robot.n, self.robot.limits.effort
        x, memory, states, total = self.x[None], memory[None], [self.x], 0.0
        row, layout = goal_rows([self.goal]), policy.facts.layout
        for t in range(CONFIG.horizon):
            o = layout.of(x[:, :n], x[:, n:], row, lambda q: self.kinematics.batch(q)[:2])
            u, memory = policy.step(o, memory)
            u = np.clip(u + self.arm.gravity_torque(x[0, :n]), -bound, bound)
            total += self.cost.value(x, u, self.rows[t : t + 1])[0]
            x = self.model.step(x, u)
            states.append(x[0])
        last = self.cost.value(x, np.zeros((1, n)), self.rows[-1:])[0]
        return np.array(states), total + last


def random_gru(facts, seed=0, units=5):
    rng, size, n = np.random.default_rng(seed), facts.layout.size, len(facts.names)
    drawn = {"by_input": (3 * units, 2 * size), "by_memory": (3 * units, units)}
    drawn |= {"input_bias": (3 * units,), "memory_bias": (3 * units,)}
    drawn |= {"head": (n, 2 * size + units), "head_bias": (n,)}
    weights = {name: rng.normal(size=shape) for name, shape in drawn.items()}
    weights["head"][:, : 2 * size] *= 0.01  # or the arm flies off
    normaliser = Normaliser(np.zeros(size), np.ones(size))
    sizes = {"changes": np.ones(size), "scale": np.full(n, 3.0)}
    return GruPolicy(facts=facts, normaliser=normaliser, **sizes, **weights)


@pytest.fixture(params=["planar2", "iiwa7"])
def setup(request):
    return Setup(request.param)


def test_when_a_policy_is_rolled_out_expect_states_and_cost_of_the_model(setup, pd_policy):
    policy = pd_policy(setup.robot, parts=("velocity", "posture_error", "tip_error"))
    found = setup.foresight(policy).forecast(setup.x, 7.0, setup.goal, np.zeros(0), setup.rows)
    states, cost = setup.loop(policy, np.zeros(0))
    np.testing.assert_allclose(found.states, states, atol=1e-9)
    assert found.cost == pytest.approx(cost, rel=1e-9)
    assert (found.stamp, found.dt) == (7.0, DT)


def test_when_efforts_exceed_the_limits_expect_them_clipped_as_the_arm_would(setup, pd_policy):
    policy = pd_policy(setup.robot)
    free, _ = setup.loop(policy, np.zeros(0))
    limits = replace(setup.robot.limits, effort=0.2 * setup.robot.limits.effort)
    setup.robot = replace(setup.robot, limits=limits)
    found = setup.foresight(policy).forecast(setup.x, 0.0, setup.goal, np.zeros(0), setup.rows)
    states, cost = setup.loop(policy, np.zeros(0))
    np.testing.assert_allclose(found.states, states, atol=1e-6)
    assert found.cost == pytest.approx(cost, rel=1e-6)
    assert np.abs(free - states).max() > 1e-2


def test_when_limits_change_expect_efforts_clipped_to_the_new_ones(setup, pd_policy):
    policy = pd_policy(setup.robot)
    foresight = setup.foresight(policy)
    limits = replace(setup.robot.limits, effort=0.2 * setup.robot.limits.effort)
    foresight.keep(limits)
    found = foresight.forecast(setup.x, 0.0, setup.goal, np.zeros(0), setup.rows)
    setup.robot = replace(setup.robot, limits=limits)
    states, cost = setup.loop(policy, np.zeros(0))
    np.testing.assert_allclose(found.states, states, atol=1e-6)
    assert found.cost == pytest.approx(cost, rel=1e-6)


def test_when_a_policy_remembers_expect_its_memory_to_go_on_along_the_horizon(setup, pd_policy):
    policy = random_gru(pd_policy(setup.robot).facts)
    memory = np.linspace(-0.5, 0.5, policy.start(1).size)
    found = setup.foresight(policy).forecast(setup.x, 0.0, setup.goal, memory, setup.rows)
    states, cost = setup.loop(policy, memory)
    np.testing.assert_allclose(found.states, states, atol=1e-9)
    assert found.cost == pytest.approx(cost, rel=1e-9)
    other, _ = setup.loop(policy, policy.start(1)[0])
    assert np.abs(other - states).max() > 1e-3


def test_when_rows_are_left_out_expect_the_same_way_at_no_cost(setup, pd_policy):
    foresight = setup.foresight(pd_policy(setup.robot))
    first = foresight.forecast(setup.x, 0.0, setup.goal, np.zeros(0), setup.rows)
    again = foresight.forecast(setup.x, 0.0, setup.goal, np.zeros(0))
    np.testing.assert_array_equal(first.states, again.states)
    assert again.cost == 0.0


def test_when_another_policy_is_loaded_expect_its_way(setup, pd_policy):
    slow, quick = pd_policy(setup.robot, stiffness=10.0), pd_policy(setup.robot, stiffness=80.0)
    foresight = setup.foresight(slow)
    foresight.load(quick)
    found = foresight.forecast(setup.x, 0.0, setup.goal, np.zeros(0), setup.rows)
    np.testing.assert_allclose(found.states, setup.loop(quick, np.zeros(0))[0], atol=1e-9)
    with pytest.raises(PolicyError, match="mlp of"):
        foresight.load(replace(quick, weights=quick.weights[:1], biases=quick.biases[:1]))


def test_when_what_it_leads_to_is_not_finite_expect_the_cost_to_say_so(setup, pd_policy):
    policy = pd_policy(setup.robot, bias=np.nan)
    found = setup.foresight(policy).forecast(setup.x, 0.0, setup.goal, np.zeros(0), setup.rows)
    assert not np.isfinite(found.cost)
