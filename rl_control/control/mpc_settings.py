"""What the planner can be told, and what it tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting

NO_BUDGET = 10.0
"""A time budget in [s] that no solve needs.

For simulated time, which stands still during one, and for runs that are to repeat exactly: a busy
machine must not matter then.
"""


@dataclass(frozen=True)
class MpcConfig:
    """Horizon and effort of the planner."""

    horizon: int = setting(50, doc="steps the planner looks ahead", low=2, high=400)
    dt: float = setting(0.02, doc="length of one step", unit="s", low=0.001, high=0.2)
    iterations: int = setting(1, doc="most iLQR iterations a replan", low=1, high=100, live=True)
    first_iterations: int = setting(
        5, doc="most iLQR iterations of the first plan and after a new goal", low=1, high=1000
    )
    time_budget: float = setting(
        0.003, doc="longest solve of a replan", unit="s", low=1e-4, high=10.0, live=True
    )
    actuation_delay: float = setting(
        0.0,
        doc="time from sending a command to its effect",
        unit="s",
        low=0.0,
        high=0.2,
        live=True,
    )
    most_misses: int = setting(
        20,
        doc="states answered from one and the same late plan before the arm is held",
        low=1,
        high=10000,
        live=True,
    )
    hold_time: float = setting(
        0.1, doc="time constant with which that hold brakes the arm", unit="s", low=0.01, high=10.0
    )


@dataclass(frozen=True)
class MpcStats:
    """Counters since the start, and the newest plan's figures.

    Attributes:
        solves: plans made.
        failures: solves that diverged.
        misses: states answered from a plan made for an older one.
        misses_in_row: of these, those since the newest plan came.
        solve_ms: wall time of the newest solve in [ms].
        iterations: its sweeps.
        cost: its total cost.
        regularization: its regularisation.
        saturated: its share of controls at a bound.
        violation: worst excess over a position or velocity limit along it, in the joint's unit;
            0 within all limits.
        plan_age: time from its state's stamp to the newest command in [s].
        status: how it ended.
    """

    solves: int = 0
    failures: int = 0
    misses: int = 0
    misses_in_row: int = 0
    solve_ms: float = 0.0
    iterations: int = 0
    cost: float = 0.0
    regularization: float = 0.0
    saturated: float = 0.0
    violation: float = 0.0
    plan_age: float = 0.0
    status: str = ""
