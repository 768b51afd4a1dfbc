"""Costs of control sequences against plain simulation, and particles of an ensemble."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.rollouts import SampledModel, follow, particle_costs, sequence_costs

S, T, NX, NU = 5, 6, 3, 2


@pytest.fixture
def setup(linear_quadratic):
    """A linear-quadratic problem, a start, sequences and a different weight at every node."""
    problem, *_ = linear_quadratic(0, NX, NU)
    rng = np.random.default_rng(1)
    return problem, rng.normal(size=NX), rng.normal(size=(S, T, NU)), rng.uniform(size=(T + 1, 1))


def simulated(step, cost, x, controls, rows):
    """States and cost of one sequence, node by node."""
    states, total = [x], 0.0
    for t, u in enumerate(controls):
        total += cost.value(states[-1][None], u[None], rows[t][None])[0]
        states.append(step(states[-1][None], u[None])[0])
    total += cost.value(states[-1][None], np.zeros((1, NU)), rows[-1][None])[0]
    return np.array(states), total


def test_when_sequences_are_rolled_out_expect_the_cost_of_plain_simulation(setup):
    problem, x, controls, rows = setup
    step = problem.model.step
    found = sequence_costs(step, problem.cost, x, controls, rows)
    expected = [simulated(step, problem.cost, x, one, rows)[1] for one in controls]
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    states, cost = follow(step, problem.cost, x, controls[2], rows)
    np.testing.assert_allclose(states, simulated(step, problem.cost, x, controls[2], rows)[0])
    assert cost == pytest.approx(expected[2])


def test_when_an_arm_is_rolled_out_expect_its_cost_written_out(planar2):
    from rl_control.control.batch_cost import ArmCost

    still = planar2.gravity(planar2.robot.home)
    target = planar2.kinematics.tip(planar2.robot.home + 0.3).position
    x = np.concatenate([planar2.robot.home, np.zeros(2)])
    controls = still + np.random.default_rng(0).normal(size=(4, 7, 2))
    cost = ArmCost(planar2.body, planar2.cost, planar2.model.dt)
    rows = planar2.rows(target, 7, still)
    found = sequence_costs(planar2.model.step, cost, x, controls, rows)
    expected = [planar2.total(x, one, target, still) for one in controls]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["state", "cost"])
def test_when_a_rollout_is_not_finite_expect_the_worst_cost_and_the_others_as_they_are(
    setup, bad, where
):
    problem, x, controls, rows = setup
    controls = controls.copy()
    controls[3, 2] = 77.0

    class Breaking:
        def step(self, x, u):
            following = problem.model.step(x, u)
            if where == "state":
                following[u[:, 0] == 77.0, 0] = bad
            return following

        def value(self, x, u, p):
            value = problem.cost.value(x, u, p)
            return np.where(u[:, 0] == 77.0, bad, value) if where == "cost" else value

    found = sequence_costs(Breaking().step, Breaking(), x, controls, rows)
    assert found[3] == np.inf
    whole = sequence_costs(problem.model.step, problem.cost, x, controls, rows)
    others = [0, 1, 2, 4]
    np.testing.assert_array_equal(found[others], whole[others])


class Ensemble:
    """Member k drifts by k a step, with noise if wanted; remembers who was asked."""

    def __init__(self, members, noise=0.0, breaks=None):
        self.members, self.noise, self.breaks = members, noise, breaks
        self.asked = []

    def sample(self, x, u, member, rng):
        self.asked.append(np.asarray(member))
        following = x + 1.0 * member[:, None]
        if self.noise:
            following = following + self.noise * rng.standard_normal(x.shape)
        if self.breaks is not None:
            following[member == self.breaks] = np.nan
        return following


class Final:
    """The last state's first entry, by a parameter that is 1 at the last node only."""

    def value(self, x, u, p):
        return p[:, 0] * x[:, 0]


LAST = np.eye(T + 1)[:, -1:]


def drift(model, particles, switching, seed=0):
    return particle_costs(
        model, Final(), np.zeros(NX), np.zeros((S, T, NU)), LAST, particles, switching,
        np.random.default_rng(seed),
    )  # fmt: skip


def test_when_members_are_kept_expect_each_particle_to_follow_one_and_all_shared_evenly():
    model = Ensemble(4)
    assert isinstance(model, SampledModel)
    costs = drift(model, particles=8, switching=False)
    np.testing.assert_allclose(costs, T * np.mean([0, 1, 2, 3]))
    assert len(model.asked) == T
    first = model.asked[0].reshape(S, 8)
    for asked in model.asked:
        np.testing.assert_array_equal(asked.reshape(S, 8), first)
    np.testing.assert_array_equal(first, np.tile(first[0], (S, 1)))
    np.testing.assert_array_equal(np.bincount(first[0]), [2, 2, 2, 2])


def test_when_there_are_fewer_particles_than_members_expect_any_of_the_members():
    seen = set()
    for seed in range(40):
        model = Ensemble(5)
        drift(model, particles=2, switching=False, seed=seed)
        pair = model.asked[0].reshape(S, 2)[0]
        assert pair[0] != pair[1]
        seen |= set(pair.tolist())
    assert seen == {0, 1, 2, 3, 4}


def test_when_members_switch_expect_a_new_even_draw_at_every_step():
    model = Ensemble(3)
    costs = drift(model, particles=2000, switching=True)
    np.testing.assert_allclose(costs, T * 1.0, rtol=0.02)
    assert not np.array_equal(model.asked[0], model.asked[1])
    shares = np.bincount(np.concatenate(model.asked)) / (S * 2000 * T)
    np.testing.assert_allclose(shares, 1.0 / 3.0, atol=0.01)


@pytest.mark.parametrize("switching", [False, True])
def test_when_members_disagree_expect_the_spread_of_their_way_of_propagation(switching):
    """Kept, member drifts add up in T (variance T^2 s^2); switched, in sqrt(T) (T s^2)."""

    class Square(Final):
        def value(self, x, u, p):
            return p[:, 0] * (x[:, 0] - T * 0.5) ** 2

    costs = particle_costs(
        Ensemble(2, noise=0.1), Square(), np.zeros(NX), np.zeros((S, T, NU)), LAST, 4000,
        switching, np.random.default_rng(0),
    )  # fmt: skip
    by_members = 0.25 * (T if switching else T**2)
    np.testing.assert_allclose(costs, by_members + T * 0.1**2, rtol=0.08)


def test_when_one_particle_is_not_finite_expect_the_worst_cost():
    assert (drift(Ensemble(4, breaks=2), particles=4, switching=False) == np.inf).all()
    assert np.isfinite(drift(Ensemble(4), particles=4, switching=False)).all()


def test_when_the_seed_is_the_same_expect_the_same_costs():
    first, again, other = (drift(Ensemble(3, 0.3), 5, True, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.fixture
def torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def test_when_arrays_are_tensors_expect_the_same_costs_and_no_numpy_in_between(torch, setup):
    problem, x, controls, rows = setup
    a, b, q, r = (
        torch.as_tensor(m)
        for m in (problem.model.a, problem.model.b, problem.cost.q, problem.cost.r)
    )

    class Tensors:
        def step(self, x, u):
            assert isinstance(x, torch.Tensor) and isinstance(u, torch.Tensor)
            return x @ a.T + u @ b.T

        def value(self, x, u, p):
            assert all(isinstance(z, torch.Tensor) for z in (x, u, p))
            return 0.5 * p[:, 0] * ((x @ q * x).sum(1) + (u @ r * u).sum(1))

    tensors = [torch.as_tensor(z) for z in (x, controls, rows)]
    found = sequence_costs(Tensors().step, Tensors(), *tensors)
    expected = sequence_costs(problem.model.step, problem.cost, x, controls, rows)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)
    states, cost = follow(Tensors().step, Tensors(), tensors[0], tensors[1][0], tensors[2])
    assert cost == pytest.approx(expected[0])
    assert states.shape == (T + 1, NX)


@pytest.mark.parametrize("switching", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_when_particles_are_tensors_expect_members_as_tensors(torch, switching, own):
    class Drifting:
        members = 4

        def sample(self, x, u, member, rng):
            assert isinstance(member, torch.Tensor)
            assert not member.is_floating_point()
            return x + member[:, None]

    rng = torch.Generator().manual_seed(0) if own else np.random.default_rng(0)
    costs = particle_costs(
        Drifting(), Final(), torch.zeros(NX), torch.zeros(S, T, NU),
        torch.as_tensor(LAST, dtype=torch.float32), 400, switching, rng,
    )  # fmt: skip
    assert costs.dtype == torch.float32
    np.testing.assert_allclose(costs.numpy(), T * 1.5, rtol=0.1 if switching else 1e-6)
    if not own:
        again = drift(Ensemble(4), 400, switching)
        np.testing.assert_allclose(costs.numpy(), again, rtol=1e-5)
