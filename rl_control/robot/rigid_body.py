"""Rigid-body equations of a serial arm as CasADi SX expressions.

Two numerical preparations keep the expressions short, which is what the kernels' speed is made
of: every link frame is turned so that its joint moves along or about z, and what is symmetric
about a revolute joint's axis is handed to the link before, which leaves most parameters zero.

Sources: Featherstone, "Rigid Body Dynamics Algorithms" (2008): RNEA (ch. 5), CRBA (ch. 6.2),
here with three-dimensional vectors in link coordinates; Gautier and Khalil, "Direct calculation
of minimum set of inertial parameters of serial robots" (1990) for the regrouping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import casadi as ca
import numpy as np

from rl_control.robot.ldl import factorize_ldl, solve_ldl
from rl_control.robot.model import Inertia, Placement, RobotModel
from rl_control.types import Array


@dataclass(frozen=True)
class _Link:
    """A link in its z-aligned frame; rotation and translation are those at q = 0.

    The inertial parameters are regrouped: they give the arm's equations, not one body's.
    """

    prismatic: bool
    rotation: Array
    translation: Array
    damping: float
    mass: float
    moment: Array  # mass times centre of mass, [3]
    inertia: Array  # about the link frame's origin, [3, 3]


class RigidBody:
    """The equations of motion and the kinematics of one arm.

    All arguments and results are CasADi column vectors: q, v, a, u [n] in joint order.
    M(q) a + c(q, v) + g(q) + damping v = u; Coulomb friction is not modelled.
    """

    def __init__(self, robot: RobotModel) -> None:
        self.robot = robot
        links: list[_Link] = []
        turn = Placement.identity()
        for joint in robot.joints:
            align = Placement(_z_to(joint.axis), np.zeros(3))
            at = turn.inverse() @ joint.placement @ align
            body = joint.inertia.transformed(align.inverse())
            links.append(_link(at, body, joint.kind == "prismatic", joint.damping))
            turn = align
        self._links = _regrouped(links)
        at = turn.inverse() @ robot.tip_placement
        self._tip = Placement(_clean(at.rotation), _clean(at.translation))
        self._turns = [Placement(_z_to(joint.axis), np.zeros(3)) for joint in robot.joints]

    def tip(self, q: ca.SX) -> tuple[ca.SX, ca.SX]:
        """Return the tip's position [3] in [m] and rotation [3, 3], in the base frame."""
        rotation, position = self._frames(q)[-1]
        return (
            position + ca.mtimes(rotation, ca.SX(ca.DM(self._tip.translation))),
            ca.mtimes(rotation, _constant(self._tip.rotation)),
        )

    def tip_velocity(self, q: ca.SX, v: ca.SX) -> ca.SX:
        """Return the tip's linear and angular velocity, [6], in base-frame axes."""
        position, _ = self.tip(q)
        linear, angular = ca.SX.zeros(3), ca.SX.zeros(3)
        for i, (rotation, origin) in enumerate(self._frames(q)):
            axis = rotation[:, 2]
            if self._links[i].prismatic:
                linear = linear + axis * v[i]
            else:
                linear = linear + ca.cross(axis, position - origin) * v[i]
                angular = angular + axis * v[i]
        return ca.vertcat(linear, angular)

    def link_placements(self, q: ca.SX) -> list[tuple[ca.SX, ca.SX]]:
        """Return position [3] and rotation [3, 3] of every moving link's URDF frame."""
        return [
            (position, ca.mtimes(rotation, _constant(turn.rotation.T)))
            for (rotation, position), turn in zip(self._frames(q), self._turns, strict=True)
        ]

    def inverse_dynamics(self, q: ca.SX, v: ca.SX, a: ca.SX) -> ca.SX:
        """Return the joint efforts, [n], that give accelerations `a` (RNEA)."""
        transforms = self._transforms(q)
        forces = self._forces(transforms, v, a)
        n = self.robot.n
        efforts: list[ca.SX] = [ca.SX(0)] * n
        force, torque = ca.SX.zeros(3), ca.SX.zeros(3)
        for i in reversed(range(n)):
            link = self._links[i]
            force, torque = force + forces[i][0], torque + forces[i][1]
            effort = force[2] if link.prismatic else torque[2]
            efforts[i] = effort + link.damping * v[i]
            rotation, offset = transforms[i]
            force = rotation.apply(force)
            torque = rotation.apply(torque) + ca.cross(offset, force)
        return ca.vertcat(*efforts)

    def bias(self, q: ca.SX, v: ca.SX) -> ca.SX:
        """Return the efforts of gravity, Coriolis forces and damping, [n]."""
        return self.inverse_dynamics(q, v, ca.SX.zeros(self.robot.n))

    def gravity_torque(self, q: ca.SX) -> ca.SX:
        """Return the efforts that hold the arm still, [n]."""
        zero = ca.SX.zeros(self.robot.n)
        return self.inverse_dynamics(q, zero, zero)

    def mass_matrix(self, q: ca.SX) -> ca.SX:
        """Return the joint-space inertia, [n, n] (CRBA)."""
        n = self.robot.n
        transforms = self._transforms(q)
        matrix = ca.SX.zeros(n, n)
        moment, inertia = ca.SX.zeros(3), ca.SX.zeros(3, 3)
        mass = 0.0
        for i in reversed(range(n)):
            link = self._links[i]
            mass += link.mass
            moment = moment + _constant(link.moment)
            inertia = inertia + _constant(link.inertia)
            if link.prismatic:
                force = ca.vertcat(0, 0, mass)
                torque = ca.vertcat(moment[1], -moment[0], 0)
            else:
                force = ca.vertcat(-moment[1], moment[0], 0)
                torque = inertia[:, 2]
            self._fill_column(matrix, i, transforms, force, torque)
            rotation, offset = transforms[i]
            turned = rotation.apply(moment)
            inertia = rotation.conjugate(inertia) + _shift(turned, offset, mass)
            moment = turned + mass * offset
        return matrix

    def forward_dynamics(self, q: ca.SX, v: ca.SX, u: ca.SX, step: float = 0.0) -> ca.SX:
        """Return the accelerations, [n], under efforts `u` (CRBA, bias and LDL^T).

        Args:
            q: joint positions.
            v: joint velocities.
            u: joint efforts.
            step: time step in [s] of an Euler step v + step a, for which damping shall act at
                its end (implicitly): explicit damping diverges where step * damping / inertia
                exceeds 2, as at a light wrist. 0 gives the acceleration of this instant.
        """
        factor = factorize_ldl(self._stepped_mass(q, step))
        return solve_ldl(factor, u - self.bias(q, v))

    def acceleration_derivatives(
        self, q: ca.SX, v: ca.SX, u: ca.SX, step: float = 0.0
    ) -> tuple[ca.SX, ca.SX, ca.SX, ca.SX]:
        """Return the acceleration a [n] and da/dq, da/dv, da/du, [n, n] each; see above.

        The derivatives are those of the inverse dynamics at the solved acceleration, times
        -M^-1; differentiating the forward dynamics itself costs three times as much.
        Source: Carpentier and Mansard, "Analytical derivatives of rigid body dynamics
        algorithms" (2018), eq. 8.
        """
        n = self.robot.n
        factor = factorize_ldl(self._stepped_mass(q, step))
        a = solve_ldl(factor, u - self.bias(q, v))
        inverse = solve_ldl(factor, ca.SX.eye(n))
        free = ca.SX.sym("a", n)
        efforts = self.inverse_dynamics(q, v, free)
        slopes = ca.Function(
            "slopes", [q, v, free], [ca.jacobian(efforts, q), ca.jacobian(efforts, v)]
        )
        d_q, d_v = slopes(q, v, a)
        return a, -ca.mtimes(inverse, d_q), -ca.mtimes(inverse, d_v), inverse

    def _stepped_mass(self, q: ca.SX, step: float) -> ca.SX:
        """M + step D: what accelerates when damping acts at the step's end."""
        damping = ca.DM([link.damping * step for link in self._links])
        return self.mass_matrix(q) + ca.diag(ca.SX(damping))

    def _transforms(self, q: ca.SX) -> list[tuple[_Turn, ca.SX]]:
        """Each link's rotation and offset into its parent's frame."""
        pairs = []
        for i, link in enumerate(self._links):
            offset = _constant(link.translation)
            if link.prismatic:
                turn = _Turn(link.rotation, None)
                offset = offset + _constant(link.rotation[:, 2]) * q[i]
            else:
                turn = _Turn(link.rotation, q[i])
            pairs.append((turn, offset))
        return pairs

    def _frames(self, q: ca.SX) -> list[tuple[ca.SX, ca.SX]]:
        """Rotation [3, 3] and origin [3] of every z-aligned link frame in the base frame."""
        rotation, origin = ca.SX.eye(3), ca.SX.zeros(3)
        frames = []
        for turn, offset in self._transforms(q):
            origin = origin + ca.mtimes(rotation, offset)
            rotation = ca.mtimes(rotation, turn.matrix())
            frames.append((rotation, origin))
        return frames

    def _forces(
        self, transforms: list[tuple[_Turn, ca.SX]], v: ca.SX, a: ca.SX
    ) -> list[tuple[ca.SX, ca.SX]]:
        """Force and moment about its origin that each link needs to move as it does."""
        spin, spin_rate = ca.SX.zeros(3), ca.SX.zeros(3)
        acceleration = -_constant(self.robot.gravity)
        forces = []
        for i, (turn, offset) in enumerate(transforms):
            link = self._links[i]
            acceleration = acceleration + _swing(spin, spin_rate, offset)
            spin, spin_rate, acceleration = (
                turn.unapply(vector) for vector in (spin, spin_rate, acceleration)
            )
            if link.prismatic:
                slide = ca.vertcat(2 * spin[1] * v[i], -2 * spin[0] * v[i], a[i])
                acceleration = acceleration + slide
            else:
                spin_rate = spin_rate + ca.vertcat(spin[1] * v[i], -spin[0] * v[i], a[i])
                spin = spin + ca.vertcat(0, 0, v[i])
            moment, inertia = _constant(link.moment), _constant(link.inertia)
            force = link.mass * acceleration + _swing(spin, spin_rate, moment)
            torque = (
                ca.mtimes(inertia, spin_rate)
                + ca.cross(spin, ca.mtimes(inertia, spin))
                + ca.cross(moment, acceleration)
            )
            forces.append((force, torque))
        return forces

    def _fill_column(
        self,
        matrix: ca.SX,
        i: int,
        transforms: list[tuple[_Turn, ca.SX]],
        force: ca.SX,
        torque: ca.SX,
    ) -> None:
        """Write the efforts that a unit acceleration of joint i asks of joints i, ..., 0."""
        for j in reversed(range(i + 1)):
            entry = force[2] if self._links[j].prismatic else torque[2]
            matrix[j, i] = matrix[i, j] = entry
            rotation, offset = transforms[j]
            force = rotation.apply(force)
            torque = rotation.apply(torque) + ca.cross(offset, force)


class _Turn:
    """A rotation into the parent frame: a constant one, then one about z by `angle`."""

    def __init__(self, constant: Array, angle: ca.SX | None) -> None:
        self._constant = _constant(constant)
        self._pair = None if angle is None else (ca.cos(angle), ca.sin(angle))

    def apply(self, vector: ca.SX) -> ca.SX:
        """From the link frame to the parent frame."""
        if self._pair is not None:
            c, s = self._pair
            x, y = vector[0], vector[1]
            vector = ca.vertcat(c * x - s * y, s * x + c * y, vector[2])
        return ca.mtimes(self._constant, vector)

    def unapply(self, vector: ca.SX) -> ca.SX:
        """From the parent frame to the link frame."""
        vector = ca.mtimes(self._constant.T, vector)
        if self._pair is None:
            return vector
        c, s = self._pair
        x, y = vector[0], vector[1]
        return ca.vertcat(c * x + s * y, c * y - s * x, vector[2])

    def matrix(self) -> ca.SX:
        """The rotation matrix, [3, 3]."""
        if self._pair is None:
            return self._constant
        c, s = self._pair
        about_z = ca.vertcat(ca.horzcat(c, -s, 0), ca.horzcat(s, c, 0), ca.horzcat(0, 0, 1))
        return ca.mtimes(self._constant, ca.sparsify(about_z))

    def conjugate(self, tensor: ca.SX) -> ca.SX:
        """R T R^T of a symmetric tensor."""
        if self._pair is not None:
            c, s = self._pair
            xx, yy, xy = tensor[0, 0], tensor[1, 1], tensor[0, 1]
            xz, yz = tensor[0, 2], tensor[1, 2]
            cc, ss, cs = c * c, s * s, c * s
            mixed = 2 * cs * xy
            turned_xx = cc * xx + ss * yy - mixed
            turned_xy = cs * (xx - yy) + (cc - ss) * xy
            turned_xz, turned_yz = c * xz - s * yz, s * xz + c * yz
            tensor = ca.vertcat(
                ca.horzcat(turned_xx, turned_xy, turned_xz),
                ca.horzcat(turned_xy, xx + yy - turned_xx, turned_yz),
                ca.horzcat(turned_xz, turned_yz, tensor[2, 2]),
            )
        return ca.mtimes([self._constant, tensor, self._constant.T])


def _link(at: Placement, body: Inertia, prismatic: bool, damping: float) -> _Link:
    com = body.com
    return _Link(
        prismatic=prismatic,
        rotation=_clean(at.rotation),
        translation=_clean(at.translation),
        damping=damping,
        mass=body.mass,
        moment=body.mass * com,
        inertia=body.matrix + body.mass * (com @ com * np.eye(3) - np.outer(com, com)),
    )


def _regrouped(links: list[_Link]) -> list[_Link]:
    """Hand what a revolute joint's rotation leaves unchanged to the link before, tip to base.

    That is the mass on the joint's axis with the inertia (Iyy, Iyy, 0); link 0's goes to the base.
    """
    links = list(links)
    for i in reversed(range(len(links))):
        link = links[i]
        if link.prismatic:
            continue
        moment = np.array([0.0, 0.0, link.moment[2]])
        inertia = np.diag([link.inertia[1, 1], link.inertia[1, 1], 0.0])
        links[i] = replace(
            link, mass=0.0, moment=link.moment - moment, inertia=link.inertia - inertia
        )
        if i > 0:
            links[i - 1] = _joined(links[i - 1], link, moment, inertia)
    return [
        replace(link, moment=_clean(link.moment), inertia=_clean(link.inertia)) for link in links
    ]


def _joined(parent: _Link, child: _Link, moment: Array, inertia: Array) -> _Link:
    """The parent with a part of the child's mass, moment and inertia added."""
    turned, offset, mass = child.rotation @ moment, child.translation, child.mass
    mixed = np.outer(turned, offset)
    shift = (2 * turned @ offset + mass * offset @ offset) * np.eye(3)
    shift -= mixed + mixed.T + mass * np.outer(offset, offset)
    return replace(
        parent,
        mass=parent.mass + mass,
        moment=parent.moment + turned + mass * offset,
        inertia=parent.inertia + child.rotation @ inertia @ child.rotation.T + shift,
    )


def _z_to(axis: Array) -> Array:
    """A rotation that takes z to `axis`, a permutation of axes where one exists."""
    main = int(np.argmax(np.abs(axis)))
    helper = np.eye(3)[(main + 1) % 3]
    x = np.cross(helper, axis)
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(axis, x), axis])


def _clean(values: Array) -> Array:
    """Drop rounding dust, so that structural zeros and ones stay so in the expressions."""
    rounded = np.round(values)
    return np.where(np.abs(values - rounded) < 1e-12, rounded, values)


def _constant(values: Array | Sequence[float]) -> ca.SX:
    return ca.SX(ca.sparsify(ca.DM(np.asarray(values, dtype=np.float64))))


def _swing(spin: ca.SX, spin_rate: ca.SX, arm: ca.SX) -> ca.SX:
    """Acceleration of a point at `arm` due to rotation (times mass: a force)."""
    return ca.cross(spin_rate, arm) + ca.cross(spin, ca.cross(spin, arm))


def _shift(moment: ca.SX, offset: ca.SX, mass: float) -> ca.SX:
    """What moving the reference point by `offset` adds to a rotational inertia."""
    both = 2 * ca.dot(moment, offset) + mass * ca.dot(offset, offset)
    mixed = ca.mtimes(moment, offset.T)
    return both * ca.SX.eye(3) - mixed - mixed.T - mass * ca.mtimes(offset, offset.T)
