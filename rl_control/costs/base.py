"""A cost term: one residual, as a CasADi expression of the arm's state and control."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody


@dataclass(frozen=True)
class Symbols:
    """What a residual may be made of; what it leaves out costs nothing.

    Attributes:
        body: equations of the arm, for expressions that are not listed here.
        dt: time step in [s].
        q: joint positions, [n] in [rad] or [m].
        v: joint velocities, [n] in [rad/s] or [m/s].
        u: joint efforts, [n] in [N m] or [N].
        u_prev: efforts of the step before, [n].
        tip_position: in the base frame, [3] in [m].
        tip_rotation: tip frame to base frame, [3, 3].
        tip_velocity: linear and angular, base-frame axes, [6] in [m/s] and [rad/s].
        gravity_torque: efforts that hold the arm still at q, [n].
    """

    body: RigidBody
    dt: float
    q: ca.SX
    v: ca.SX
    u: ca.SX
    u_prev: ca.SX
    tip_position: ca.SX
    tip_rotation: ca.SX
    tip_velocity: ca.SX
    gravity_torque: ca.SX

    @property
    def robot(self) -> RobotModel:
        """The arm: its joints and limits."""
        return self.body.robot

    @staticmethod
    def of(
        body: RigidBody,
        dt: float,
        q: ca.SX | None = None,
        v: ca.SX | None = None,
        u: ca.SX | None = None,
        u_prev: ca.SX | None = None,
    ) -> Symbols:
        """Evaluate the arm at the given expressions, [n] each; fresh symbols where none is given.

        Args:
            body: equations of the arm.
            dt: time step in [s].
            q: joint positions.
            v: joint velocities.
            u: joint efforts.
            u_prev: efforts of the step before.
        """
        n = body.robot.n
        q = ca.SX.sym("q", n) if q is None else q
        v = ca.SX.sym("v", n) if v is None else v
        u = ca.SX.sym("u", n) if u is None else u
        u_prev = ca.SX.sym("u_prev", n) if u_prev is None else u_prev
        position, rotation = body.tip(q)
        return Symbols(
            body=body,
            dt=dt,
            q=q,
            v=v,
            u=u,
            u_prev=u_prev,
            tip_position=position,
            tip_rotation=rotation,
            tip_velocity=body.tip_velocity(q, v),
            gravity_torque=body.gravity_torque(q),
        )


class CostTerm(ABC):
    """One idea of what is wanted: the cost is weight / 2 times the squared norm of a residual.

    Write `name` and `residual`; the rest has defaults. Derivatives are made from the expression.

    Attributes:
        name: unique in a sum; its parameters are "<name>.weight" and "<name>.<parameter>".
        uses_control: the residual depends on u, so there is no such cost at the last node.
        uses_previous_control: the residual depends on u_prev.
    """

    name: str
    uses_control: bool = False
    uses_previous_control: bool = False

    @property
    def parameters(self) -> Mapping[str, int]:
        """Run-time parameters (targets, references): name to number of values."""
        return {}

    @property
    def weight_size(self) -> int:
        """Number of weights: 1, or the residual's size for one weight an entry."""
        return 1

    @abstractmethod
    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the residual, a column vector, zero where all is well.

        Args:
            s: state, control and what follows from them.
            p: the term's run-time parameters, a column vector each.
        """
