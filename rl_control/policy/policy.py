"""What every neural policy is: an observation in, the mean of a Gaussian over controls out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from rl_control.errors import PolicyError
from rl_control.policy.observation import ObservationLayout
from rl_control.types import Array

ACCELERATIONS = ("inertia", "dynamics")  # bases of outputs that are these
BASES = ("none", "gravity", *ACCELERATIONS)


def check_base(base: str) -> None:
    """Refuse what efforts cannot stand on.

    Raises:
        PolicyError: if the base is unknown.
    """
    if base not in BASES:
        raise PolicyError("policy", f"found base '{base}'", f"Known are: {', '.join(BASES)}.")


@dataclass(frozen=True)
class Seen:
    """The observations of the training, as a Gaussian and a bound.

    Attributes:
        mean: [no].
        precision: inverse covariance, [no, no].
        bound: distance that nearly all of them lie within.
    """

    mean: Array
    precision: Array
    bound: float

    def distance(self, o: Array) -> Array:
        """Return how far observations [B, no] lie from those of the training, [B].

        In units of the bound: above one, the policy has seen next to nothing like it.
        """
        away = o - self.mean
        squares = ((away @ self.precision) * away).sum(axis=1)
        return np.asarray(np.sqrt(np.maximum(squares, 0.0)) / self.bound)


@dataclass(frozen=True)
class PolicyFacts:
    """What is true of a policy, whatever its network.

    Attributes:
        task: name of the task it was trained on.
        layout: what it sees, and of which joints.
        dt: time between two of its ticks in [s].
        base: what makes efforts of its output: "none" for nothing; "gravity" adds the efforts that
            hold the arm; "dynamics" takes it for accelerations over `dt`, and the efforts are those
            that give them; "inertia" does so as if the arm were at rest, which needs no velocities.
        covariance: of its controls, [nu, nu].
        seen: the observations of its training.

    Raises:
        PolicyError: if the base is unknown.
    """

    task: str
    layout: ObservationLayout
    dt: float
    base: str
    covariance: Array
    seen: Seen

    def __post_init__(self) -> None:
        check_base(self.base)

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [nu]."""
        return self.layout.names


@runtime_checkable
class NeuralPolicy(Protocol):
    """A network with what is true of it. One without memory has a memory of no entries."""

    @property
    def facts(self) -> PolicyFacts:
        """What is true of it."""
        ...

    def start(self, batch: int) -> Array:
        """Return the memory at the start of a run, [batch, m]."""
        ...

    def step(self, o: Array, memory: Array) -> tuple[Array, Array]:
        """Return the mean output, before the base, [B, nu], and the memory after, [B, m].

        Args:
            o: observations, [B, no].
            memory: of before, [B, m].
        """
        ...


def check_policy(
    source: object,
    policy: NeuralPolicy,
    names: tuple[str, ...],
    task: str | None = None,
    dt: float | None = None,
    layout: ObservationLayout | None = None,
) -> None:
    """Refuse a policy that was not made for this use.

    Args:
        source: where it comes from, for the message.
        policy: it.
        names: joints of the arm.
        task: that it must be of; None for any.
        dt: control period that it must have in [s]; None for any.
        layout: what it must see; None for anything.

    Raises:
        PolicyError: if it is of another arm, task, control period or observation.
    """
    facts = policy.facts
    if facts.names != names:
        raise PolicyError(
            source,
            f"it is for the joints {', '.join(facts.names)}",
            f"Give a policy for {', '.join(names)}.",
        )
    if task is not None and facts.task != task:
        raise PolicyError(
            source, f"it was trained on the task '{facts.task}'", f"Give one of '{task}'."
        )
    if dt is not None and abs(facts.dt - dt) > 1e-9:
        raise PolicyError(
            source, f"it acts every {facts.dt:g} s", f"Give one that acts every {dt:g} s."
        )
    if layout is not None and facts.layout != layout:
        raise PolicyError(
            source,
            f"it observes {', '.join(facts.layout.parts)}",
            f"Give one that observes {', '.join(layout.parts)}.",
        )
