"""Rigid-body equations of a serial arm as CasADi SX expressions.

Source: Featherstone, "Rigid Body Dynamics Algorithms" (2008): RNEA (ch. 5), CRBA (ch. 6.2), here
with three-dimensional vectors in link coordinates.
"""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.robot.ldl import factorize_ldl, solve_ldl
from rl_control.robot.links import regrouped, tip_in_last_link, turned_links, z_to
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import with_parameters
from rl_control.types import Array


class RigidBody:
    """The equations of motion and the kinematics of one arm.

    All arguments and results are CasADi column vectors: q, v, a, u [n] in joint order.
    M(q) a + c(q, v) + g(q) + damping v = u; Coulomb friction is left to who knows the speed.

    Args:
        robot: the arm.
        parameters: symbols in place of the robot's inertial parameters, damping and friction,
            laid out as `robot.parameters.parameter_vector` does; the robot's own where None.
    """

    def __init__(self, robot: RobotModel, parameters: ca.SX | None = None) -> None:
        self.robot = robot
        self.parameters = ca.SX(0, 1) if parameters is None else parameters
        links = regrouped(turned_links(robot))
        self._links = links if parameters is None else with_parameters(links, parameters)
        self._tip = tip_in_last_link(robot)
        self._turns = [z_to(joint.axis) for joint in robot.joints]

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
            (position, ca.mtimes(rotation, _constant(turn.T)))
            for (rotation, position), turn in zip(self._frames(q), self._turns, strict=True)
        ]

    def link_moments(self, q: ca.SX) -> list[tuple[ca.SX, ca.SX]]:
        """Return every link's mass, and its first moment about the base's origin, [3].

        Those of the regrouped links, which gravity pulls at as at the links themselves.
        """
        return [
            (ca.SX(link.mass), link.mass * origin + ca.mtimes(rotation, _constant(link.moment)))
            for link, (rotation, origin) in zip(self._links, self._frames(q), strict=True)
        ]

    def inverse_dynamics(self, q: ca.SX, v: ca.SX, a: ca.SX, step: float | ca.SX = 0.0) -> ca.SX:
        """Return the joint efforts, [n], that give accelerations `a` (RNEA).

        Args:
            q: joint positions.
            v: joint velocities.
            a: joint accelerations.
            step: time step in [s] of an Euler step with damping at its end; see
                `forward_dynamics`, which this is the inverse of.
        """
        transforms = self._transforms(q)
        forces = self._forces(transforms, v, a)
        n = self.robot.n
        efforts: list[ca.SX] = [ca.SX(0)] * n
        force, torque = ca.SX.zeros(3), ca.SX.zeros(3)
        for i in reversed(range(n)):
            link = self._links[i]
            force, torque = force + forces[i][0], torque + forces[i][1]
            effort = force[2] if link.prismatic else torque[2]
            efforts[i] = effort + link.damping * (v[i] + step * a[i])
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
            "slopes",
            [q, v, free, self.parameters],
            [ca.jacobian(efforts, q), ca.jacobian(efforts, v)],
        )
        d_q, d_v = slopes(q, v, a, self.parameters)
        return a, -ca.mtimes(inverse, d_q), -ca.mtimes(inverse, d_v), inverse

    def _stepped_mass(self, q: ca.SX, step: float) -> ca.SX:
        """M + step D: what accelerates when damping acts at the step's end."""
        damping = ca.vertcat(*[link.damping * step for link in self._links])
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


def _constant(values: Array | ca.SX) -> ca.SX:
    if isinstance(values, ca.SX):
        return values
    return ca.SX(ca.sparsify(ca.DM(np.asarray(values, dtype=np.float64))))


def _swing(spin: ca.SX, spin_rate: ca.SX, arm: ca.SX) -> ca.SX:
    """Acceleration of a point at `arm` due to rotation (times mass: a force)."""
    return ca.cross(spin_rate, arm) + ca.cross(spin, ca.cross(spin, arm))


def _shift(moment: ca.SX, offset: ca.SX, mass: float) -> ca.SX:
    """What moving the reference point by `offset` adds to a rotational inertia."""
    both = 2 * ca.dot(moment, offset) + mass * ca.dot(offset, offset)
    mixed = ca.mtimes(moment, offset.T)
    return both * ca.SX.eye(3) - mixed - mixed.T - mass * ca.mtimes(offset, offset.T)
