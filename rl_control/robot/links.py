"""An arm's links as its equations see them: turned to their joints' axes, and regrouped.

Two preparations keep the equations short, which is what the kernels' speed is made of: every link
frame is turned so that its joint moves along or about z, and what is symmetric about a revolute
joint's axis is handed to the link before, which leaves most parameters zero.

Source: Gautier and Khalil, "Direct calculation of minimum set of inertial parameters of serial
robots" (1990) for the regrouping.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rl_control.robot.model import Inertia, Placement, RobotModel
from rl_control.types import Array


@dataclass(frozen=True)
class Link:
    """A link in its z-aligned frame; rotation and translation are those at q = 0.

    The inertial parameters are regrouped: they give the arm's equations, not one body's. They,
    damping and friction are numbers, or CasADi expressions where they may change while running.

    Attributes:
        prismatic: whether the joint slides along z rather than turns about it.
        rotation: link frame to parent frame, [3, 3].
        translation: of the link frame's origin in the parent frame, [3] in [m].
        damping: viscous friction in [N m s/rad] or [N s/m].
        friction: Coulomb friction in [N m] or [N].
        mass: [kg].
        moment: mass times centre of mass, [3] in [kg m].
        inertia: about the link frame's origin, [3, 3] in [kg m^2].
    """

    prismatic: bool
    rotation: Array
    translation: Array
    damping: Any
    friction: Any
    mass: Any
    moment: Any
    inertia: Any


def turned_links(robot: RobotModel) -> list[Link]:
    """The links of `robot` in z-aligned frames, each with all of its own mass."""
    links: list[Link] = []
    turn = Placement.identity()
    for joint in robot.joints:
        align = Placement(z_to(joint.axis), np.zeros(3))
        at = turn.inverse() @ joint.placement @ align
        body = joint.inertia.transformed(align.inverse())
        links.append(
            Link(
                prismatic=joint.kind == "prismatic",
                rotation=clean(at.rotation),
                translation=clean(at.translation),
                damping=joint.damping,
                friction=joint.friction,
                mass=body.mass,
                moment=body.mass * body.com,
                inertia=_about_origin(body),
            )
        )
        turn = align
    return links


def regrouped(links: Sequence[Link]) -> list[Link]:
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
    return [replace(link, moment=clean(link.moment), inertia=clean(link.inertia)) for link in links]


def tip_in_last_link(robot: RobotModel) -> Placement:
    """The tip frame in the last link's z-aligned frame."""
    turn = Placement(z_to(robot.joints[-1].axis), np.zeros(3))
    at = turn.inverse() @ robot.tip_placement
    return Placement(clean(at.rotation), clean(at.translation))


def z_to(axis: Array) -> Array:
    """A rotation that takes z to `axis`, a permutation of axes where one exists."""
    main = int(np.argmax(np.abs(axis)))
    helper = np.eye(3)[(main + 1) % 3]
    x = np.cross(helper, axis)
    x /= np.linalg.norm(x)
    return np.column_stack([x, np.cross(axis, x), axis])


def clean(values: Array) -> Array:
    """Drop rounding dust, so that structural zeros and ones stay so in the expressions."""
    rounded = np.round(values)
    return np.where(np.abs(values - rounded) < 1e-12, rounded, values)


def _about_origin(body: Inertia) -> Array:
    com = body.com
    return body.matrix + body.mass * (com @ com * np.eye(3) - np.outer(com, com))


def _joined(parent: Link, child: Link, moment: Array, inertia: Array) -> Link:
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
