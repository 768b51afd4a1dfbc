"""The moving arm inside a URDF tree: the path from base to tip, all else merged into it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from rl_control.errors import RobotDescriptionError, UnknownNameError
from rl_control.robot.lump import carried_rigidly, lumped_inertia
from rl_control.robot.model import Joint, Placement
from rl_control.robot.urdf import MOVABLE, Urdf, UrdfJoint


@dataclass(frozen=True)
class Chain:
    """A serial arm cut out of a tree.

    Attributes:
        base: name of the base link.
        tip: name of the tip link.
        joints: its moving joints from base to tip, each with the inertia of all it carries
            rigidly.
        tip_placement: tip frame in the last moving link's frame.
        locked: positions of all other movable joints of the tree, by name.
    """

    base: str
    tip: str
    joints: tuple[Joint, ...]
    tip_placement: Placement
    locked: dict[str, float]


def cut_chain(
    urdf: Urdf,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
) -> Chain:
    """Cut the arm from `base` to `tip` out of a tree.

    `base` is the root if not given. `tip` is, if not given, the leaf that the most free joints
    move, among these the one the most links away; if two are alike, the caller has to choose.
    A joint in `locked` is held there, also on the path and also if it mimics another. Other
    movable joints off the path are held at zero or at the limit nearest to it, and those that
    mimic a held joint follow it. Links before the base, and joints of kind floating or planar
    off the path, stay where the file puts them.

    Raises:
        UnknownNameError: if `base`, `tip` or a joint in `locked` is not in the tree.
        RobotDescriptionError: if there is no arm between them, or a joint or link of it cannot
            be used.
    """
    base = _known_link(urdf, base) if base is not None else urdf.root
    held = _held(urdf, locked or {})
    tip = _known_link(urdf, tip) if tip is not None else _deepest_leaf(urdf, base, held)
    path = _path(urdf, base, tip)
    moving = [j for j in path if j.kind != "fixed" and _position(urdf, j, held, ()) is None]
    for joint in moving:
        _refuse_unusable(urdf, joint)
    if not moving:
        raise RobotDescriptionError(
            urdf.source,
            f"links '{base}' to '{tip}'",
            "no movable joint lies between them",
            "Choose another base or tip, or lock fewer joints.",
        )
    names = {joint.name for joint in moving}
    positions = _rest_positions(urdf, names, held)
    origin = dict(carried_rigidly(urdf, base, positions, names))
    joints: list[Joint] = []
    for joint in moving:
        frames = dict(carried_rigidly(urdf, joint.child, positions, names))
        joints.append(
            Joint(
                name=joint.name,
                kind=joint.kind,
                axis=joint.axis,
                placement=origin[joint.parent] @ joint.origin,
                link=joint.child,
                inertia=lumped_inertia(urdf, joint, frames),
                damping=joint.damping,
                friction=joint.friction,
            )
        )
        origin = frames
    return Chain(base, tip, tuple(joints), origin[tip], positions)


def _known_link(urdf: Urdf, link: str) -> str:
    if link not in urdf.inertias:
        raise UnknownNameError("link", link, list(urdf.inertias))
    return link


def _held(urdf: Urdf, locked: Mapping[str, float]) -> dict[str, float]:
    """The user's locked joints, checked."""
    movable = {joint.name: joint for joint in urdf.joints.values() if joint.kind in MOVABLE}
    for name, position in locked.items():
        if name not in movable:
            raise UnknownNameError("joint to lock", name, list(movable))
        lower, upper = _range(movable[name])
        if not lower - 1e-9 <= position <= upper + 1e-9 or not math.isfinite(position):
            raise RobotDescriptionError(
                urdf.source,
                f"joint '{name}'",
                f"it is to be locked at {position}, outside its limits [{lower:g}, {upper:g}]",
                "Lock it inside them.",
            )
    return {name: float(position) for name, position in locked.items()}


def _range(joint: UrdfJoint) -> tuple[float, float]:
    """Position limits of a joint that is held; unbounded where the file gives none of use."""
    lower, upper = joint.limit.get("lower", -math.inf), joint.limit.get("upper", math.inf)
    if joint.kind == "continuous" or not lower <= upper:
        return -math.inf, math.inf
    return lower, upper


def _position(
    urdf: Urdf, joint: UrdfJoint, held: Mapping[str, float], asked: tuple[str, ...]
) -> float | None:
    """Where a joint is held by the user, itself or through the joint it mimics; else None."""
    if joint.name in held:
        return held[joint.name]
    if joint.mimic is None:
        return None
    if joint.name in asked:
        raise _fail(urdf, joint, "mimic/joint leads back to itself", "Break the circle.")
    position = _position(urdf, _leader(urdf, joint), held, (*asked, joint.name))
    return None if position is None else joint.mimic.multiplier * position + joint.mimic.offset


def _leader(urdf: Urdf, joint: UrdfJoint) -> UrdfJoint:
    name = joint.mimic.joint if joint.mimic else ""
    if name not in urdf.joints:
        raise _fail(
            urdf, joint, f"mimic/joint '{name}' is not a joint of this file", "Correct the name."
        )
    return urdf.joints[name]


def _rest_positions(urdf: Urdf, moving: set[str], held: Mapping[str, float]) -> dict[str, float]:
    """Positions of all movable joints that do not move."""
    positions = dict(held)
    others = [j for j in urdf.joints.values() if j.kind in MOVABLE and j.name not in moving]
    for joint in others:
        if joint.mimic is None and joint.name not in held:
            lower, upper = _range(joint)
            positions[joint.name] = min(max(0.0, lower), upper)
    for joint in others:
        if joint.name in positions:
            continue
        position = _position(urdf, joint, positions, ())
        if position is None:
            leader = joint.mimic.joint if joint.mimic else ""
            raise _fail(
                urdf,
                joint,
                f"it mimics '{leader}', which moves with the arm",
                f"Lock it: locked={{'{joint.name}': ...}}.",
            )
        positions[joint.name] = position
    return {joint.name: positions[joint.name] for joint in others}


def _deepest_leaf(urdf: Urdf, base: str, held: Mapping[str, float]) -> str:
    depths: dict[str, tuple[int, int]] = {}
    stack = [(base, 0, 0)]
    while stack:
        link, free, length = stack.pop()
        children = urdf.child_joints(link)
        if not children:
            depths[link] = (free, length)
        for joint in children:
            moves = joint.kind in MOVABLE and _position(urdf, joint, held, ()) is None
            stack.append((joint.child, free + moves, length + 1))
    deepest = max(depths.values())
    leaves = [link for link in urdf.inertias if depths.get(link) == deepest]
    if len(leaves) > 1:
        raise RobotDescriptionError(
            urdf.source,
            f"links {', '.join(leaves)}",
            "each of them could be the tip of the arm",
            "Say which with tip=... (any link of the arm will do).",
        )
    return leaves[0]


def _path(urdf: Urdf, base: str, tip: str) -> list[UrdfJoint]:
    path: list[UrdfJoint] = []
    link = tip
    while link != base:
        joint = urdf.parent_joint(link)
        if joint is None:
            raise RobotDescriptionError(
                urdf.source,
                f"links '{base}' to '{tip}'",
                "the tip is not carried by the base",
                f"Choose a base among: {', '.join(_ancestors(path, tip))}.",
            )
        path.append(joint)
        link = joint.parent
    return path[::-1]


def _ancestors(path: list[UrdfJoint], tip: str) -> list[str]:
    return [joint.parent for joint in path] or [tip]


def _refuse_unusable(urdf: Urdf, joint: UrdfJoint) -> None:
    if joint.kind not in MOVABLE:
        raise _fail(
            urdf,
            joint,
            f"type is '{joint.kind}', which an arm's joint cannot have",
            f"Valid: {', '.join(MOVABLE)}; or choose a base beyond it.",
        )
    if joint.mimic is not None:
        raise _fail(
            urdf,
            joint,
            f"it lies in the arm and mimics '{joint.mimic.joint}'",
            f"Lock it: locked={{'{joint.name}': ...}}, or choose another tip.",
        )


def _fail(urdf: Urdf, joint: UrdfJoint, problem: str, remedy: str) -> RobotDescriptionError:
    return RobotDescriptionError(urdf.source, f"joint '{joint.name}'", problem, remedy)
