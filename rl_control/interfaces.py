"""The page to read first: the four protocols that everything else implements or uses.

    Task --(start, cost, success)--> Controller --(Command)--> Plant
                                         ^                        |
                                   DynamicsModel             JointState

Shapes: n joints, state x = (q, v) of nx = 2n entries, control u of nu = n efforts, B a batch.
Units: rad, rad/s, N m for revolute joints; m, m/s, N for prismatic ones; s.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from numpy.random import Generator

from rl_control.types import ArmState, Array, Command, Condition, Goal, Trajectory


@runtime_checkable
class Plant(Protocol):
    """What is acted on: a simulated arm, a fake one for tests, or a real one behind topics."""

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        ...

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        ...

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Bring the arm to joint positions `q` [n] and velocities `v` [n]; observe."""
        ...

    def step(self, command: Command) -> ArmState:
        """Apply `command` for one period; return the state after it."""
        ...

    def observe(self) -> ArmState:
        """Return the newest state without acting."""
        ...

    def close(self) -> None:
        """Leave the arm safe and release what is held; calling it twice is harmless."""
        ...


@runtime_checkable
class DynamicsModel(Protocol):
    """What predicts: x' = f(x, u) over one fixed time step."""

    @property
    def nx(self) -> int:
        """Number of states."""
        ...

    @property
    def nu(self) -> int:
        """Number of controls."""
        ...

    @property
    def dt(self) -> float:
        """Time step in [s]."""
        ...

    def step(self, x: Array, u: Array) -> Array:
        """Return the next states, [B, nx], for states x [B, nx] and controls u [B, nu]."""
        ...

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return A = df/dx [B, nx, nx] and B = df/du [B, nx, nu] at x [B, nx], u [B, nu]."""
        ...

    def uncertainty(self, x: Array, u: Array) -> Array:
        """Return the standard deviation of the next state, [B, nx]; zeros if not known."""
        ...


@runtime_checkable
class Controller(Protocol):
    """What decides: a state in, a command out."""

    def reset(self, state: ArmState) -> None:
        """Forget the past and start from `state`."""
        ...

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`, at the time of its stamp."""
        ...


@runtime_checkable
class Task(Protocol):
    """What is wanted: where to start, what it costs, when it has succeeded."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def dt(self) -> float:
        """Time step of the cost and of controllers in [s]."""
        ...

    @property
    def steps(self) -> int:
        """Number of those steps in an episode, T."""
        ...

    def draw(self, rng: Generator) -> Condition:
        """Draw where an episode starts and what is wanted in it."""
        ...

    def goal(self, condition: Condition, time: float) -> Goal:
        """Return what is wanted `time` [s] into an episode."""
        ...

    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""
        ...

    def error(self, condition: Condition, trajectory: Trajectory) -> float:
        """Return the distance in [m] by which an episode is judged."""
        ...

    def succeeded(self, condition: Condition, trajectory: Trajectory) -> bool:
        """Say whether an episode was a success."""
        ...
