"""iLQR against linear-quadratic theory, general-purpose optimisers and finite differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are
from scipy.optimize import approx_fprime, minimize

from rl_control.control.batch import BatchProblem
from rl_control.control.ilqr import Ilqr, IlqrConfig, Status
from rl_control.errors import ConfigError, NonFiniteError, ShapeError

STEPS = 15
EXACT = IlqrConfig(iterations=300, tolerance=1e-13)
UNREGULARIZED = IlqrConfig(iterations=1, regularization=0.0, least_regularization=0.0)


def riccati(a, b, q, r, steps):
    """Gains K [N, nu, nx] of u = K x, last first to be solved."""
    value, gains = q, []
    for _ in range(steps):
        gain = -np.linalg.solve(r + b.T @ value @ b, b.T @ value @ a)
        closed = a + b @ gain
        value = q + gain.T @ r @ gain + closed.T @ value @ closed
        gains.insert(0, gain)
    return np.array(gains)


class Reach:
    """One arm, one target, a solver: what most tests below start from."""

    def __init__(self, arm, steps=STEPS, config=EXACT, turn=0.4):
        self.arm, self.steps = arm, steps
        n = arm.n
        self.x0 = np.concatenate([arm.robot.home, np.zeros(n)])
        self.before = self.still = arm.gravity(arm.robot.home)
        self.target = arm.kinematics.tip(arm.robot.home + turn).position
        self.solver = Ilqr(arm.problem, steps, config)
        self.solver.set_parameters(arm.rows(self.target, steps, self.still))
        self.guess = np.tile(self.still, (steps, 1))

    @property
    def start(self):
        return np.concatenate([self.x0, self.before]) if self.arm.rate else self.x0

    def solve(self):
        return self.solver.solve_from(self.start, self.guess)

    def cost(self, controls):
        controls = np.reshape(controls, (self.steps, self.arm.n))
        return self.arm.total(self.x0, controls, self.target, self.still, self.before)

    def slope(self, controls):
        """Central differences of the cost."""
        flat, step = controls.ravel(), 1e-5
        forward, backward = (approx_fprime(flat, self.cost, h) for h in (step, -step))
        return (0.5 * (forward + backward)).reshape(controls.shape)


@pytest.mark.parametrize(("nx", "nu"), [(2, 1), (3, 3), (5, 2)])
def test_when_linear_quadratic_expect_one_iteration_to_be_the_riccati_solution(
    linear_quadratic, nx, nu
):
    problem, a, b, q, r = linear_quadratic(nx, nx, nu)
    solver = Ilqr(problem, 20, UNREGULARIZED)
    solver.set_parameters(np.ones((21, 1)))
    x = np.arange(1.0, nx + 1.0)
    solution = solver.solve_from(x, np.zeros((20, nu)))
    gains = riccati(a, b, q, r, 20)
    np.testing.assert_allclose(solution.gains, gains, atol=1e-10)
    for t in range(20):
        np.testing.assert_allclose(solution.states[t], x, atol=1e-9)
        np.testing.assert_allclose(solution.controls[t], gains[t] @ x, atol=1e-9)
        x = a @ x + b @ gains[t] @ x


def test_when_the_horizon_is_long_expect_the_stationary_regulator(linear_quadratic):
    problem, a, b, q, r = linear_quadratic(1, 3, 2)
    solver = Ilqr(problem, 300, UNREGULARIZED)
    solver.set_parameters(np.ones((301, 1)))
    solution = solver.solve_from(np.ones(3), np.zeros((300, 2)))
    p = solve_discrete_are(a, b, q, r)
    gain = -np.linalg.solve(r + b.T @ p @ b, b.T @ p @ a)
    np.testing.assert_allclose(solution.gains[0], gain, atol=1e-9)


def test_when_linear_quadratic_expect_convergence_in_two_sweeps(linear_quadratic):
    problem, *_ = linear_quadratic(4, 4, 2)
    solver = Ilqr(problem, 10, replace(EXACT, tolerance=1e-10))
    solver.set_parameters(np.ones((11, 1)))
    solution = solver.solve_from(np.ones(4), np.zeros((10, 2)))
    assert solution.status is Status.CONVERGED
    assert solution.iterations <= 2
    assert solution.step_size == 1.0


def test_when_converged_expect_the_reported_cost_and_no_slope_left(planar2):
    reach = Reach(planar2)
    solution = reach.solve()
    assert solution.status is Status.CONVERGED
    assert solution.cost == pytest.approx(reach.cost(solution.controls), rel=1e-12)
    assert solution.gap <= 1e-9
    first = reach.slope(reach.guess)
    assert np.abs(reach.slope(solution.controls)).max() < 1e-6 * np.abs(first).max()


def test_when_converged_expect_states_that_the_dynamics_follow(planar2):
    reach = Reach(planar2)
    solution = reach.solve()
    rolled = planar2.rollout(reach.x0, solution.controls)
    np.testing.assert_allclose(solution.states, rolled, atol=1e-10)


def test_when_unbounded_expect_the_optimum_of_a_general_optimiser(planar2):
    reach = Reach(planar2, steps=8)
    solution = reach.solve()
    found = minimize(reach.cost, reach.guess.ravel(), method="BFGS", options={"gtol": 1e-8})
    assert solution.cost <= found.fun * (1.0 + 1e-9)
    np.testing.assert_allclose(solution.controls.ravel(), found.x, atol=1e-3)


def test_when_bounded_expect_the_conditions_of_a_constrained_optimum(planar2):
    reach = Reach(planar2, turn=0.8)
    bound = 0.4 * planar2.robot.limits.effort
    reach.solver.set_bounds(-bound, bound)
    solution = reach.solve()
    assert solution.status is Status.CONVERGED
    at_upper, at_lower = solution.controls >= bound, solution.controls <= -bound
    assert (np.abs(solution.controls) <= bound).all()
    assert at_upper.any() or at_lower.any()
    slope, scale = reach.slope(solution.controls), np.abs(reach.slope(reach.guess)).max()
    assert (slope[at_upper] <= 1e-6 * scale).all()
    assert (slope[at_lower] >= -1e-6 * scale).all()
    assert np.abs(slope[~at_upper & ~at_lower]).max() < 1e-6 * scale
    clamped = at_upper | at_lower
    np.testing.assert_array_equal(solution.gains[clamped], 0.0)


def test_when_bounded_expect_the_optimum_of_a_general_optimiser(planar2):
    reach = Reach(planar2, steps=8, turn=0.8)
    bound = 0.4 * planar2.robot.limits.effort
    reach.solver.set_bounds(-bound, bound)
    solution = reach.solve()
    box = list(zip(-bound, bound, strict=True)) * 8
    options = {"ftol": 1e-14, "gtol": 1e-9, "maxiter": 2000, "maxfun": 100000}
    found = minimize(
        reach.cost, reach.guess.ravel(), method="L-BFGS-B", bounds=box, options=options
    )
    assert (np.abs(solution.controls) >= bound - 1e-9).any()
    assert solution.cost == pytest.approx(found.fun, rel=1e-6)
    assert solution.cost <= found.fun * (1.0 + 1e-9)


def test_when_only_one_side_is_bounded_expect_the_other_free(planar2):
    reach = Reach(planar2, turn=0.8)
    free = reach.solve().controls
    lower = np.array([0.5 * (free[:, 0].min() + free[:, 0].mean()), -np.inf])
    reach.solver.set_bounds(lower, None)
    solution = reach.solve()
    assert solution.status is Status.CONVERGED
    assert solution.controls[:, 0].min() == lower[0]
    reach.solver.set_bounds(None, None)
    np.testing.assert_allclose(reach.solve().controls, free, atol=1e-6)


def test_when_an_arm_has_tight_limits_expect_convergence(iiwa7):
    reach = Reach(iiwa7, steps=50, config=IlqrConfig(iterations=200), turn=0.6)
    bound = np.maximum(0.6 * np.abs(reach.solve().controls).max(axis=0), 1.1 * np.abs(reach.still))
    reach.solver.set_bounds(-bound, bound)
    solution = reach.solve()
    assert solution.status is Status.CONVERGED
    assert (np.abs(solution.controls) >= bound).any()
    assert (np.abs(solution.controls) <= bound).all()


@pytest.mark.parametrize("bounded", [False, True])
def test_when_the_guess_has_gaps_expect_the_same_optimum_and_no_gap(planar2, bounded):
    reach = Reach(planar2)
    if bounded:
        bound = 0.5 * planar2.robot.limits.effort
        reach.solver.set_bounds(-bound, bound)
    expected = reach.solve()
    rng = np.random.default_rng(0)
    states = reach.x0 + 0.2 * rng.normal(size=(STEPS + 1, 4))
    states[0] = reach.x0
    solution = reach.solver.solve(states, reach.guess)
    assert solution.status is Status.CONVERGED
    assert solution.gap <= 1e-9
    assert solution.cost == pytest.approx(expected.cost, rel=1e-8)
    np.testing.assert_array_equal(solution.states[0], reach.x0)


def test_when_stopped_with_gaps_expect_their_size_reported(planar2):
    reach = Reach(planar2, config=replace(EXACT, iterations=1))
    states = np.tile(reach.x0, (STEPS + 1, 1))
    states[5:, 0] += 40.0  # a jump no step can close at once
    solution = reach.solver.solve(states, reach.guess)
    moved = planar2.model.step(solution.states[:-1], solution.controls)
    assert solution.gap == pytest.approx(np.abs(moved - solution.states[1:]).sum(), rel=1e-6)


def test_when_iterations_run_out_expect_that_status_and_a_better_trajectory(planar2):
    reach = Reach(planar2, config=replace(EXACT, iterations=1))
    solution = reach.solve()
    assert solution.status is Status.ITERATION_LIMIT
    assert solution.iterations == 1
    assert solution.cost < reach.cost(reach.guess)
    assert solution.cost == pytest.approx(reach.cost(solution.controls), rel=1e-12)


def test_when_time_runs_out_expect_that_status_and_a_usable_trajectory(iiwa7):
    reach = Reach(iiwa7, steps=100, config=replace(EXACT, time_budget=1e-5))
    solution = reach.solve()
    assert solution.status is Status.TIME_LIMIT
    assert solution.iterations < 300
    rolled = iiwa7.rollout(reach.x0, solution.controls)
    np.testing.assert_allclose(solution.states, rolled, atol=1e-8)


def test_when_iterating_expect_the_cost_never_to_rise(planar2):
    costs = []
    for iterations in range(1, 9):
        reach = Reach(planar2, config=replace(EXACT, iterations=iterations), turn=1.2)
        costs.append(reach.solve().cost)
    assert costs == sorted(costs, reverse=True)


@pytest.mark.parametrize("step_sizes", [1, 3, 10, 30])
def test_when_step_sizes_are_limited_expect_only_those(planar2, step_sizes):
    for iterations in range(1, 6):
        config = replace(EXACT, iterations=iterations, step_sizes=step_sizes)
        solution = Reach(planar2, config=config, turn=1.2).solve()
        allowed = [0.0, *(2.0**-n for n in range(step_sizes))]
        assert solution.step_size in allowed
        assert np.isfinite(solution.cost)


def test_when_the_cost_counts_changes_of_effort_expect_the_optimum_of_a_general_optimiser(
    planar2_rate,
):
    reach = Reach(planar2_rate, steps=8)
    reach.before = reach.still + np.array([3.0, -1.0])
    solution = reach.solve()
    assert solution.status is Status.CONVERGED
    assert solution.cost == pytest.approx(reach.cost(solution.controls), rel=1e-10)
    found = minimize(reach.cost, reach.guess.ravel(), method="BFGS", options={"gtol": 1e-8})
    assert solution.cost == pytest.approx(found.fun, rel=1e-6)
    np.testing.assert_array_equal(solution.states[1:, 4:], solution.controls)


def test_when_the_cost_counts_changes_of_effort_expect_smaller_changes(planar2, planar2_rate):
    plain, smooth = Reach(planar2).solve(), Reach(planar2_rate).solve()
    assert (
        np.abs(np.diff(smooth.controls, axis=0)).max()
        < 0.9 * np.abs(np.diff(plain.controls, axis=0)).max()
    )


def test_when_solved_twice_expect_the_same_bits(iiwa7):
    first, second = (Reach(iiwa7, steps=50, turn=0.5).solve() for _ in range(2))
    np.testing.assert_array_equal(first.controls, second.controls)
    np.testing.assert_array_equal(first.gains, second.gains)


class Poisoned:
    """A linear model that yields NaN where |x| passes a wall."""

    def __init__(self, inner, wall):
        self.inner, self.wall = inner, wall
        self.nx, self.nu, self.dt = inner.nx, inner.nu, inner.dt

    def step(self, x, u):
        bad = np.abs(x).max(axis=1, keepdims=True) > self.wall
        return np.where(bad, np.nan, self.inner.step(x, u))

    def linearize(self, x, u):
        return self.inner.linearize(x, u)

    def uncertainty(self, x, u):
        return np.zeros_like(x)


def test_when_the_model_gives_nan_everywhere_expect_diverged_and_the_guess(linear_quadratic):
    problem, *_ = linear_quadratic(0, 3, 2)
    solver = Ilqr(BatchProblem(Poisoned(problem.model, 0.0), problem.cost), 10)
    solver.set_parameters(np.ones((11, 1)))
    guess = np.full((10, 2), 0.1)
    solution = solver.solve_from(np.ones(3), guess)
    assert solution.status is Status.DIVERGED
    assert np.isfinite(solution.states).all()
    np.testing.assert_array_equal(solution.controls, guess)


def test_when_full_steps_hit_nan_expect_shorter_ones_taken(linear_quadratic):
    problem, *_ = linear_quadratic(0, 3, 2)
    free = Ilqr(problem, 10, EXACT)
    free.set_parameters(np.ones((11, 1)))
    start = np.ones(3)
    reached = np.abs(free.solve_from(start, np.zeros((10, 2))).states).max()
    solver = Ilqr(BatchProblem(Poisoned(problem.model, 0.5 * (1.0 + reached)), problem.cost), 10)
    solver.set_parameters(np.ones((11, 1)))
    solution = solver.solve_from(start, np.zeros((10, 2)))
    assert np.isfinite(solution.states).all()
    assert np.isfinite(solution.cost)


def test_when_the_guess_is_absurd_expect_a_status_and_a_finite_trajectory(iiwa7):
    reach = Reach(iiwa7, steps=50, config=IlqrConfig(iterations=20))
    solution = reach.solver.solve_from(1e6 * np.ones(14), 1e9 * np.ones((50, 7)))
    assert solution.status in Status
    assert np.isfinite(solution.states).all()
    assert np.isfinite(solution.controls).all()
    usual = reach.solve()  # nothing of it is left behind
    assert usual.status in (Status.CONVERGED, Status.ITERATION_LIMIT)
    assert np.isfinite(usual.gains).all()


def test_when_the_curvature_is_negative_expect_regularisation_to_find_descent(linear_quadratic):
    problem, *_ = linear_quadratic(2, 3, 2)
    indefinite = replace(problem.cost, r=np.diag([-0.5, 1.0]))
    solver = Ilqr(BatchProblem(problem.model, indefinite), 3, replace(EXACT, iterations=1))
    solver.set_parameters(np.full((4, 1), 1e-3))
    solution = solver.solve_from(np.ones(3), np.zeros((3, 2)))
    assert solution.regularization > EXACT.regularization or solution.status is not Status.DIVERGED
    assert np.isfinite(solution.controls).all()


def test_when_the_model_raises_expect_its_exception(linear_quadratic):
    problem, *_ = linear_quadratic(0, 3, 2)

    class Broken(Poisoned):
        def step(self, x, u):
            raise ZeroDivisionError("no such state")

    solver = Ilqr(BatchProblem(Broken(problem.model, 1.0), problem.cost), 5)
    solver.set_parameters(np.ones((6, 1)))
    with pytest.raises(ZeroDivisionError, match="no such state"):
        solver.solve_from(np.ones(3), np.zeros((5, 2)))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_when_the_guess_is_not_finite_expect_a_refusal_that_says_where(planar2, bad):
    reach = Reach(planar2)
    controls = reach.guess.copy()
    controls[3, 1] = bad
    with pytest.raises(NonFiniteError, match=r"guessed controls.*\[3, 1\]"):
        reach.solver.solve_from(reach.x0, controls)
    with pytest.raises(NonFiniteError, match="guessed states"):
        reach.solver.solve_from(np.array([0.0, bad, 0.0, 0.0]), reach.guess)


def test_when_shapes_are_wrong_expect_a_refusal(planar2):
    reach = Reach(planar2)
    with pytest.raises(ShapeError, match="guessed controls"):
        reach.solver.solve_from(reach.x0, reach.guess[:-1])
    with pytest.raises(ShapeError, match="guessed states"):
        reach.solver.solve_from(np.zeros(5), reach.guess)
    with pytest.raises(ShapeError, match="cost parameters"):
        reach.solver.set_parameters(np.zeros((3, 3)))
    with pytest.raises(ShapeError, match="bounds"):
        reach.solver.set_bounds(np.zeros(3), None)


def test_when_bounds_are_nan_or_reversed_expect_a_refusal(planar2):
    solver = Ilqr(planar2.problem, STEPS)
    with pytest.raises(NonFiniteError, match="bounds"):
        solver.set_bounds(np.array([0.0, np.nan]), None)
    with pytest.raises(ConfigError, match="above"):
        solver.set_bounds(np.array([0.0, 2.0]), np.array([1.0, 1.0]))


def test_when_cost_parameters_are_not_finite_expect_a_refusal(planar2):
    reach = Reach(planar2)
    rows = planar2.rows(reach.target, STEPS, reach.still).copy()
    rows[2, 1] = np.nan
    with pytest.raises(NonFiniteError, match="cost parameters"):
        reach.solver.set_parameters(rows)
