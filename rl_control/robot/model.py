"""The arm as numbers: a serial chain of joints, each carrying one rigid body."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import numpy as np

from rl_control.types import Array, JointLimits

STANDARD_GRAVITY = 9.81  # [m/s^2], stated here because libraries differ in their defaults.


@dataclass(frozen=True)
class Placement:
    """A fixed transform: a point p in the child frame is rotation @ p + translation in the parent.

    Attributes:
        rotation: [3, 3].
        translation: [3] in [m].
    """

    rotation: Array
    translation: Array

    def __matmul__(self, other: Placement) -> Placement:
        """Compose: (self @ other) maps other's child frame into self's parent frame."""
        return Placement(
            self.rotation @ other.rotation,
            self.rotation @ other.translation + self.translation,
        )

    def inverse(self) -> Placement:
        """The transform the other way round."""
        return Placement(self.rotation.T, -self.rotation.T @ self.translation)

    @staticmethod
    def identity() -> Placement:
        """The transform that changes nothing."""
        return Placement(np.eye(3), np.zeros(3))


@dataclass(frozen=True)
class Inertia:
    """A rigid body's mass distribution in its link frame.

    Attributes:
        mass: [kg].
        com: centre of mass, [3] in [m].
        matrix: rotational inertia about the centre of mass, link-frame axes, [3, 3] in [kg m^2].
    """

    mass: float
    com: Array
    matrix: Array

    def __add__(self, other: Inertia) -> Inertia:
        """Lump two bodies of one frame into one (parallel axis theorem)."""
        mass = self.mass + other.mass
        if mass == 0.0:
            return Inertia(0.0, self.com, self.matrix + other.matrix)
        com = (self.mass * self.com + other.mass * other.com) / mass
        matrix = self._about(com) + other._about(com)
        return Inertia(mass, com, matrix)

    def transformed(self, placement: Placement) -> Inertia:
        """The same body seen from the parent frame of `placement`."""
        rotation = placement.rotation
        return Inertia(
            self.mass,
            rotation @ self.com + placement.translation,
            rotation @ self.matrix @ rotation.T,
        )

    def _about(self, point: Array) -> Array:
        arm = self.com - point
        return self.matrix + self.mass * (arm @ arm * np.eye(3) - np.outer(arm, arm))

    @staticmethod
    def zero() -> Inertia:
        """A body without mass."""
        return Inertia(0.0, np.zeros(3), np.zeros((3, 3)))


@dataclass(frozen=True)
class Joint:
    """One movable joint and the link it moves (fixed links behind it merged in).

    Attributes:
        name: joint name.
        kind: "revolute", "continuous" or "prismatic".
        axis: unit vector in the joint frame, [3].
        placement: joint frame in the previous movable link's frame (the base frame for the first).
        link: name of the link it moves; its frame is the joint frame moved by the joint.
        inertia: of the moved link and everything fixed to it, in that link's frame.
        damping: viscous friction in [N m s/rad] or [N s/m].
        friction: Coulomb friction in [N m] or [N].
    """

    name: str
    kind: str
    axis: Array
    placement: Placement
    link: str
    inertia: Inertia
    damping: float = 0.0
    friction: float = 0.0


@dataclass(frozen=True)
class RobotModel:
    """A serial arm from base to tip.

    Attributes:
        name: short name of the robot.
        joints: the movable joints from base to tip, [n].
        limits: joint limits, as the URDF or the user gives them.
        base: name of the base link.
        tip: name of the tip link.
        tip_placement: tip frame in the last movable link's frame.
        gravity: acceleration of free fall in the base frame, [3] in [m/s^2].
        home: a comfortable rest position, [n].
        locked: positions of the movable joints that are not part of the chain, by name.
        urdf: the URDF text (xacro expanded), with which a simulator loads the very same arm.
        source: path the description came from (for mesh look-up and messages).
    """

    name: str
    joints: tuple[Joint, ...]
    limits: JointLimits
    base: str
    tip: str
    tip_placement: Placement
    gravity: Array
    home: Array
    locked: dict[str, float]
    urdf: str
    source: str

    @property
    def n(self) -> int:
        """Number of movable joints."""
        return len(self.joints)

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names from base to tip, [n]."""
        return tuple(joint.name for joint in self.joints)

    @property
    def identifier(self) -> str:
        """The name as part of a function's name: letters, digits and single underscores."""
        plain = "_".join(re.findall(r"[A-Za-z0-9]+", self.name))
        return plain if plain[:1].isalpha() else f"arm_{plain}".rstrip("_")

    def without_damping(self) -> RobotModel:
        """The same arm with frictionless joints."""
        joints = tuple(replace(joint, damping=0.0, friction=0.0) for joint in self.joints)
        return replace(self, joints=joints)
