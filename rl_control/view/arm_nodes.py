"""An arm as nested nodes of a scene: one number a joint moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl_control.robot.model import RobotModel
from rl_control.types import Array
from rl_control.view.frames import joint_pose
from rl_control.view.shapes import Color, Shape

_STILL = 1e-5  # [rad] or [m] below which a joint has not moved
_SHADES = 16  # steps of a colour between plain and warning


class ArmNodes:
    """One arm in a scene.

    The frame of each body hangs below that of the body before, so a joint that moves is one
    message, and bodies behind it follow by themselves.

    Args:
        scene: of viser.
        path: name of the node above all others, such as "/arm".
        robot: the arm.
        shapes: what it looks like.
        color: of all shapes; None for their own.
        opacity: 0 to 1; None for an arm that is no ghost.
    """

    def __init__(
        self,
        scene: Any,
        path: str,
        robot: RobotModel,
        shapes: Sequence[Shape],
        color: Color | None = None,
        opacity: float | None = None,
    ) -> None:
        self._joints = robot.joints
        self._root = scene.add_frame(path, show_axes=False)
        self._frames: list[Any] = []
        paths = [path]
        for joint in robot.joints:
            paths.append(f"{paths[-1]}/{len(paths)}")
            wxyz, position = joint_pose(joint, 0.0)
            frame = scene.add_frame(paths[-1], show_axes=False, wxyz=wxyz, position=position)
            self._frames.append(frame)
        self._meshes: list[list[tuple[Any, Color]]] = [[] for _ in paths]
        for k, shape in enumerate(shapes):
            mesh = scene.add_mesh_simple(
                f"{paths[shape.body]}/shape{k}",
                vertices=shape.vertices,
                faces=shape.faces,
                color=color or shape.color,
                opacity=opacity,
                cast_shadow=opacity is None,
                receive_shadow=opacity is None,
            )
            self._meshes[shape.body].append((mesh, color or shape.color))
        self._q = np.zeros(robot.n)
        self._shades = [0] * len(paths)

    def show(self, visible: bool) -> None:
        """Show the arm or hide it."""
        if self._root.visible != visible:
            self._root.visible = visible

    def pose(self, q: Array) -> None:
        """Move the joints to `q`, [n] in [rad] or [m]."""
        for i in np.flatnonzero(np.abs(q - self._q) > _STILL):
            joint, frame = self._joints[i], self._frames[i]
            wxyz, position = joint_pose(joint, float(q[i]))
            if joint.kind == "prismatic":
                frame.position = position
            else:
                frame.wxyz = wxyz
            self._q[i] = q[i]

    def warn(self, shares: Array, color: Color) -> None:
        """Turn the body behind each joint towards `color` by `shares`, [n] from 0 to 1."""
        for body, share in enumerate(shares, start=1):
            shade = round(float(np.clip(share, 0.0, 1.0)) * _SHADES)
            if shade == self._shades[body]:
                continue
            self._shades[body] = shade
            for mesh, own in self._meshes[body]:
                mesh.color = mixed(own, color, shade / _SHADES)


def mixed(first: Color, second: Color, share: float) -> Color:
    """Return the colour that is `share` of the way from `first` to `second`."""
    r, g, b = (round(a + share * (c - a)) for a, c in zip(first, second, strict=True))
    return r, g, b
