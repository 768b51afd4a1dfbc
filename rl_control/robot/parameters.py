"""An arm's dynamic parameters as one vector, for equations in which they may change while running.

Order, joint by joint from base to tip: the regrouped inertial parameters (of a revolute joint mx,
my, Ixx, Ixy, Ixz, Iyz, Izz; of a prismatic one m, mx, my, mz, Ixx, Ixy, Ixz, Iyy, Iyz, Izz); then
the damping of all joints; then their friction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import casadi as ca
import numpy as np

from rl_control.robot.links import Link, regrouped, turned_links, z_to
from rl_control.robot.model import Inertia, Placement, RobotModel
from rl_control.types import Array

FULL = 10  # m, mx, my, mz, Ixx, Ixy, Ixz, Iyy, Iyz, Izz of one link, about its frame's origin
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
_KEPT = (1, 2, 4, 5, 6, 8, 9)  # of a revolute joint: where regrouping leaves something


def parameter_vector(robot: RobotModel) -> Array:
    """The parameters of `robot`, [parameter_count(robot)]."""
    links = regrouped(turned_links(robot))
    inertial = [_full(link)[list(_kept(link))] for link in links]
    damping = [link.damping for link in links]
    friction = [link.friction for link in links]
    return np.concatenate([*inertial, damping, friction])


def inertial_count(robot: RobotModel) -> int:
    """How many parameters come before damping and friction."""
    return sum(FULL if joint.kind == "prismatic" else len(_KEPT) for joint in robot.joints)


def parameter_count(robot: RobotModel) -> int:
    """Length of the parameter vector."""
    return inertial_count(robot) + 2 * robot.n


def with_parameters(links: Sequence[Link], parameters: ca.SX) -> list[Link]:
    """The links with the entries of `parameters` in place of their numbers."""
    found, at, n = [], 0, len(links)
    total = parameters.numel()
    for i, link in enumerate(links):
        kept = _kept(link)
        full: list[ca.SX] = [ca.SX(1, 1)] * FULL  # structural zeros
        for place, index in enumerate(kept):
            full[index] = parameters[at + place]
        at += len(kept)
        inertia = ca.SX(3, 3)
        for (row, column), entry in zip(_PAIRS, full[4:], strict=True):
            if entry.nnz():
                inertia[row, column] = inertia[column, row] = entry
        found.append(
            replace(
                link,
                mass=full[0] if full[0].nnz() else 0.0,
                moment=ca.vertcat(*full[1:4]),
                inertia=inertia,
                damping=parameters[total - 2 * n + i],
                friction=parameters[total - n + i],
            )
        )
    return found


def full_parameters(robot: RobotModel) -> Array:
    """Every link's own ten parameters, [n, 10], about its z-aligned frame's origin."""
    return np.array([_full(link) for link in turned_links(robot)])


def regrouping(robot: RobotModel) -> Array:
    """The matrix that takes full parameters, raveled [10 n], to the regrouped inertial ones."""
    links = turned_links(robot)
    columns = []
    for i in range(len(links)):
        for unit in np.eye(FULL):
            changed = [_filled(link, np.zeros(FULL)) for link in links]
            changed[i] = _filled(links[i], unit)
            grouped = regrouped(changed)
            columns.append(np.concatenate([_full(link)[list(_kept(link))] for link in grouped]))
    return np.array(columns).T


def with_full_parameters(
    robot: RobotModel, full: Array, damping: Array, friction: Array
) -> RobotModel:
    """The arm with other links.

    Args:
        robot: the arm.
        full: every link's ten parameters, [n, 10], as `full_parameters` gives them.
        damping: viscous friction, [n].
        friction: Coulomb friction, [n].
    """
    joints = []
    for i, (joint, link) in enumerate(zip(robot.joints, turned_links(robot), strict=True)):
        other = _filled(link, full[i])
        com = other.moment / other.mass
        about_com = other.inertia - other.mass * (com @ com * np.eye(3) - np.outer(com, com))
        turn = Placement(z_to(joint.axis), np.zeros(3))
        inertia = Inertia(other.mass, com, about_com).transformed(turn)
        joints.append(
            replace(joint, inertia=inertia, damping=float(damping[i]), friction=float(friction[i]))
        )
    return replace(robot, joints=tuple(joints))


def _kept(link: Link) -> Sequence[int]:
    return range(FULL) if link.prismatic else _KEPT


def _full(link: Link) -> Array:
    inertia = [link.inertia[row, column] for row, column in _PAIRS]
    return np.array([link.mass, *link.moment, *inertia])


def _filled(link: Link, full: Array) -> Link:
    inertia = np.zeros((3, 3))
    for (row, column), entry in zip(_PAIRS, full[4:], strict=True):
        inertia[row, column] = inertia[column, row] = entry
    return replace(link, mass=full[0], moment=full[1:4], inertia=inertia)
