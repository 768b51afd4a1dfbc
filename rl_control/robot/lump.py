"""What a moving link carries rigidly, lumped into one body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from rl_control.errors import RobotDescriptionError
from rl_control.robot.model import Inertia, Placement
from rl_control.robot.urdf import Urdf, UrdfJoint
from rl_control.types import Array


def carried_rigidly(
    urdf: Urdf, link: str, positions: Mapping[str, float], moving: set[str]
) -> Iterator[tuple[str, Placement]]:
    """Yield every link that keeps its place in `link`'s frame, itself first, with that place.

    Joints held at `positions` count as rigid; the joints `moving` end the search.
    """
    stack = [(link, Placement.identity())]
    while stack:
        link, frame = stack.pop()
        yield link, frame
        for joint in urdf.child_joints(link):
            if joint.name not in moving:
                held = joint.motion(positions.get(joint.name, 0.0))
                stack.append((joint.child, frame @ joint.origin @ held))


def lumped_inertia(urdf: Urdf, joint: UrdfJoint, frames: Mapping[str, Placement]) -> Inertia:
    """Return the inertia of the links placed at `frames` in the frame of `joint`'s link.

    The link itself needs a positive mass and a positive definite inertia where it has an
    <inertial> at all; links fixed to it may be bare frames, with neither or without mass.

    Raises:
        RobotDescriptionError: if a mass is not positive or an inertia not positive definite.
    """
    own = urdf.inertias[joint.child]
    if own is not None:
        if own.mass <= 0.0:
            raise _bad_mass(urdf, joint, joint.child, own.mass)
        _refuse_indefinite(urdf, joint, joint.child, own.matrix, margin=1e-12)
    parts = [
        inertia.transformed(frame)
        for link, frame in frames.items()
        if (inertia := _judged(urdf, joint, link)) is not None
    ]
    total = sum(sorted(parts, key=lambda part: -part.mass), start=Inertia.zero())
    if total.mass <= 0.0:
        raise _fail(urdf, joint, joint.child, "inertial/mass is missing", "Give a positive mass.")
    _refuse_indefinite(urdf, joint, joint.child, total.matrix, margin=1e-12)
    return total


def _judged(urdf: Urdf, joint: UrdfJoint, link: str) -> Inertia | None:
    inertia = urdf.inertias[link]
    if inertia is None:
        return None
    if inertia.mass < 0.0:
        raise _bad_mass(urdf, joint, link, inertia.mass)
    _refuse_indefinite(urdf, joint, link, inertia.matrix, margin=-1e-9)
    return inertia


def _refuse_indefinite(
    urdf: Urdf, joint: UrdfJoint, link: str, matrix: Array, margin: float
) -> None:
    """Raise unless the least principal moment is at least `margin` of the largest entry."""
    least = float(np.linalg.eigvalsh(matrix)[0])
    largest = float(np.abs(matrix).max())
    if least < margin * largest or (margin > 0.0 and largest == 0.0):
        raise _fail(
            urdf,
            joint,
            link,
            f"inertial/inertia is not positive definite (least principal moment {least:g} kg m^2)",
            "Correct ixx ... izz so that all principal moments are positive.",
        )


def _bad_mass(urdf: Urdf, joint: UrdfJoint, link: str, mass: float) -> RobotDescriptionError:
    remedy = "Give it a positive mass, in [kg]."
    return _fail(urdf, joint, link, f"inertial/mass/value is {mass:g}", remedy)


def _fail(
    urdf: Urdf, joint: UrdfJoint, link: str, problem: str, remedy: str
) -> RobotDescriptionError:
    where = f"link '{link}' (moved by joint '{joint.name}')"
    return RobotDescriptionError(urdf.source, where, problem, remedy)
