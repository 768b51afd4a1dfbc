"""The three-dimensional picture: floor, arm, plan, trail and target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.quaternions import quaternion_from_rotation
from rl_control.types import Array
from rl_control.view.arm_nodes import ArmNodes
from rl_control.view.shapes import Color, Shape, coarse
from rl_control.view.size import reach_of
from rl_control.view.snapshot import Snapshot, Target
from rl_control.view.trail import POINTS, Trail, fading, pieces

WARNING: Color = (224, 49, 49)
_GHOST: Color = (64, 140, 255)
_PLAN: Color = (34, 110, 240)
_TRAIL: Color = (214, 80, 0)
_GROUND: Color = (250, 226, 205)
_GOAL: Color = (32, 168, 110)
_NEAR_LIMIT = 0.1  # share of a joint's range at either end in which it is shown to be near it
_NEAR_EFFORT = 0.7  # share of the greatest effort from which it is shown
_GHOST_DETAIL = 0.006  # [m]
_PLAN_STILL = 2e-3  # [m] of the tip that a plan must change by to be drawn again
_PLAN_MOVES = 0.02  # [m] that the tip must have to go for the plan to be drawn


class ArmScene:
    """Draws snapshots; sends only what has changed.

    Args:
        scene: of viser.
        robot: the arm.
        shapes: what it looks like.
    """

    def __init__(self, scene: Any, robot: RobotModel, shapes: Sequence[Shape]) -> None:
        self._robot = robot
        self._kinematics = Kinematics(robot)
        self.reach = reach_of(robot)
        self._trail = Trail()
        self._plan_path: Array | None = None
        self.show_plan = self.show_ghost = self.show_trail = True
        self.tip = self._kinematics.tip(robot.home)
        _stage(scene, self.reach)
        self._arm = ArmNodes(scene, "/arm", robot, shapes)
        ghosts = [coarse(shape, _GHOST_DETAIL) for shape in shapes if shape.body]
        self._ghost = ArmNodes(scene, "/ghost", robot, ghosts, _GHOST, opacity=0.3)
        self._ghost.show(False)
        nowhere = np.zeros((1, 2, 3))
        self._line = scene.add_line_segments(
            "/plan", nowhere, _PLAN, thickness=3.0, thickness_units="screen", visible=False
        )
        self._past = scene.add_line_segments(
            "/trail",
            np.zeros((POINTS - 1, 2, 3)),
            fading(_TRAIL, _GROUND, POINTS - 1).astype(np.uint8),
            thickness=3.0,
            thickness_units="screen",
            visible=False,
        )

    def pose(self, seen: Snapshot) -> None:
        """Move the arm to where it is."""
        q = seen.joints.position
        self._arm.pose(q)
        self.tip = self._kinematics.tip(q)
        self._trail.add(self.tip.position)

    def rest(self, seen: Snapshot) -> None:
        """Draw what need not be drawn at every frame: plan, ghost, trail and warnings."""
        joints, limits = seen.joints, self._robot.limits
        self._arm.warn(shares(joints.position, joints.effort, limits), WARNING)
        trail = self._trail.take()
        if trail is not None:
            self._past.points = trail.astype(np.float32)
        _show(self._past, self.show_trail)
        self._draw_plan(seen.plan)

    def _draw_plan(self, plan: Array | None) -> None:
        path = np.empty((0, 3)) if plan is None else self._kinematics.tips(plan)[0]
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        moves = float(steps.sum()) > _PLAN_MOVES
        self._ghost.show(moves and self.show_ghost)
        _show(self._line, moves and self.show_plan)
        if plan is None or not moves:
            return
        self._ghost.pose(plan[-1])
        old = self._plan_path
        if old is None or old.shape != path.shape or np.abs(old - path).max() > _PLAN_STILL:
            self._plan_path = path
            self._line.points = pieces(path).astype(np.float32)


class TargetNodes:
    """The handle that people drag, and what marks the target.

    Args:
        scene: of viser.
        robot: the arm; the handle begins at its home.
    """

    def __init__(self, scene: Any, robot: RobotModel) -> None:
        tip, reach = Kinematics(robot).tip(robot.home), reach_of(robot)
        self.handle = scene.add_transform_controls(
            "/target",
            scale=0.17 * reach,
            line_width=3.0,
            position=tip.position,
            disable_axes=True,
            disable_sliders=True,
            disable_rotations=True,
            depth_test=False,
        )
        self._ball = scene.add_icosphere(
            "/target/ball", radius=0.022 * reach, color=_GOAL, cast_shadow=False
        )
        self._word = scene.add_label("/target/word", "", visible=False, anchor="bottom-center")
        self._open = (False, False)
        self._refused = ""

    def offer(self, moves: bool, turns: bool) -> None:
        """Let the handle be moved and turned, or not."""
        if (moves, turns) == self._open:
            return
        self._open = (moves, turns)
        self.handle.disable_axes = self.handle.disable_sliders = not moves
        self.handle.disable_rotations = not (moves and turns)

    def put(self, target: Target) -> None:
        """Move the handle to `target`, if it is not there; free orientations turn nothing."""
        if np.abs(self.handle.position - target.position).max() > 1e-4:
            self.handle.position = target.position
        if target.rotation is not None and self._open[1]:
            self.turn(target.rotation)

    def turn(self, rotation: Array) -> None:
        """Turn the handle to `rotation`, [3, 3], if it is not there."""
        wxyz = _wxyz(rotation)
        if abs(float(np.dot(wxyz, self.handle.wxyz))) < 1.0 - 1e-7:
            self.handle.wxyz = wxyz

    def refuse(self, reason: str) -> None:
        """Show that the target is refused, and why; "" shows that it is not."""
        if reason == self._refused:
            return
        self._refused = reason
        self._ball.color = WARNING if reason else _GOAL
        self._word.text = f"refused: {reason.partition('. ')[0]}"
        self._word.visible = bool(reason)


def shares(position: Array, effort: Array, limits: Any) -> Array:
    """Return how near each joint is to a limit of position or effort, [n]: 0 fine, 1 there."""
    span = limits.upper - limits.lower
    left = np.minimum(position - limits.lower, limits.upper - position)
    with np.errstate(invalid="ignore", divide="ignore"):
        edge = np.where(np.isfinite(span), 1.0 - left / (_NEAR_LIMIT * span), 0.0)
        load = np.where(limits.effort > 0.0, np.abs(effort) / limits.effort, 0.0)
    strain = (load - _NEAR_EFFORT) / (1.0 - _NEAR_EFFORT)
    return np.clip(np.nan_to_num(np.maximum(edge, strain)), 0.0, 1.0)


def _stage(scene: Any, reach: float) -> None:
    scene.set_up_direction("+z")
    scene.configure_environment_map("warehouse", environment_intensity=0.35)
    scene.configure_default_lights(True, cast_shadow=True)
    scene.add_grid(
        "/floor",
        width=6.0 * reach,
        height=6.0 * reach,
        cell_size=0.1,
        section_size=0.5,
        cell_color=(222, 225, 230),
        section_color=(190, 195, 203),
        fade_distance=8.0 * reach,
        fade_from="origin",
        shadow_opacity=0.2,
    )
    scene.add_frame("/base", axes_length=0.14 * reach, axes_radius=0.004 * reach)


def _show(node: Any, visible: bool) -> None:
    if node.visible != visible:
        node.visible = visible


def _wxyz(rotation: Array) -> Array:
    x, y, z, w = quaternion_from_rotation(rotation)
    return np.array([w, x, y, z])
