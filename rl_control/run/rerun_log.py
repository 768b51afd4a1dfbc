"""Tells the Rerun viewer of a recorded run: curves, text, and the arm in space."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from rl_control.data.bags.cdr_rows import Stamps
from rl_control.data.runs.events import LoggedGoal, LoggedPath
from rl_control.data.runs.log import RunLog
from rl_control.robot.model import RobotModel
from rl_control.run.rerun_links import link_motions, normals
from rl_control.run.rerun_series import (
    Clock,
    Line,
    Series,
    goal_times,
    lines_of,
    series_of,
    thinned,
)

TIMELINE = "time"
POSE_PERIOD = 1.0 / 60.0  # [s] between two poses of the arm
AXES = np.diag([0.1, 0.1, 0.1])  # [m]
UNTURNED = (0.0, 0.0, 0.0, 1.0)
COLORS = [(255, 60, 60), (60, 220, 60), (80, 120, 255)]
PAGES = {
    "joints": ("joints/position", "joints/velocity", "joints/effort"),
    "commands": ("commands/sent", "commands/asked"),
    "tip and plan": ("tip/error_mm", "plan/solve_ms", "plan/iterations"),
    "cost": ("plan/cost", "plan/cost_by_term"),
}
GOAL_COLOR, PATH_COLOR, LINK_COLOR = (255, 120, 40), (60, 230, 90), (150, 160, 175)


def write_run(stream: Any, log: RunLog, robot: RobotModel | None) -> float:
    """Send all of a run to a recording; return how long it is on the arm's clock, in [s].

    Args:
        stream: a rerun.RecordingStream.
        log: the run.
        robot: the arm; None leaves it out of the picture.
    """
    import rerun

    states = log.states
    clock = Clock(states.received, states.stamps)
    curves = series_of(log, clock)
    for series in curves:
        _send_series(rerun, stream, series)
    stream.send_blueprint(_layout(curves))
    _send_lines(rerun, stream, lines_of(log, clock))
    _send_paths(rerun, stream, log.paths, clock)
    _send_goals(rerun, stream, log.goals, clock)
    shown = clock.of(states.received, states.stamps)
    if robot is not None:
        _send_arm(rerun, stream, robot)
        kept = thinned(shown, POSE_PERIOD)
        positions, times = states.positions[kept], _times(rerun, shown[kept])
        for path, motion in zip(
            _paths(rerun, robot)[1:], link_motions(robot, positions), strict=True
        ):
            columns = rerun.Transform3D.columns(
                translation=motion.translations, quaternion=motion.quaternions
            )
            stream.send_columns(path, indexes=[times], columns=columns)
    return 1e-9 * float(shown[-1] - shown[0])


def _layout(series: Sequence[Series]) -> Any:
    """Return how the viewer shall lay out `series`: a page for each kind of curve."""
    import rerun.blueprint as layout

    shown = {one.path for one in series}
    legend = layout.PlotLegend(layout.Corner2D.RightTop)
    pages = []
    for name, paths in PAGES.items():
        views = [
            layout.TimeSeriesView(origin="/", contents=[f"/{path}"], name=path, plot_legend=legend)
            for path in paths
            if path in shown
        ]
        if views:
            pages.append(layout.Vertical(*views, name=name))
    left = layout.Vertical(
        layout.Spatial3DView(origin="/world", name="arm"),
        layout.TextLogView(origin="/log", name="log"),
        row_shares=[3, 1],
    )
    return layout.Blueprint(layout.Horizontal(left, layout.Tabs(*pages)), collapse_panels=True)


def _times(rerun: Any, times: Stamps) -> Any:
    return rerun.TimeColumn(TIMELINE, timestamp=times.astype("datetime64[ns]"))


def _send_series(rerun: Any, stream: Any, series: Series) -> None:
    stream.log(series.path, rerun.SeriesLines(names=list(series.names)), static=True)
    columns = rerun.Scalars.columns(scalars=series.values)
    stream.send_columns(series.path, indexes=[_times(rerun, series.times)], columns=columns)


def _send_lines(rerun: Any, stream: Any, lines: Sequence[Line]) -> None:
    for source in sorted({line.source for line in lines}):
        path = rerun.new_entity_path(["log", source])
        said = [line for line in lines if line.source == source]
        times = np.array([line.time for line in said], dtype=np.int64)
        columns = rerun.TextLog.columns(
            text=[line.text for line in said], level=[line.level for line in said]
        )
        stream.send_columns(path, indexes=[_times(rerun, times)], columns=columns)


def _send_paths(rerun: Any, stream: Any, paths: Iterable[LoggedPath], clock: Clock) -> None:
    for path in paths:
        received, stamp = np.array([path.received]), np.array([path.stamp])
        _set_time(stream, int(clock.of(received, stamp)[0]))
        strip = rerun.LineStrips3D([path.points], radii=[0.003], colors=[PATH_COLOR])
        stream.log("world/plan", strip)


def _send_goals(rerun: Any, stream: Any, goals: Sequence[LoggedGoal], clock: Clock) -> None:
    for goal, time in zip(goals, goal_times(goals, clock), strict=True):
        _set_time(stream, time)
        free = goal.quaternion is None
        place = rerun.Transform3D(
            translation=goal.position, quaternion=UNTURNED if free else goal.quaternion
        )
        point = rerun.Points3D([[0, 0, 0]], radii=[0.012], colors=[GOAL_COLOR])
        stream.log("world/goal", place, point)
        stream.log("world/goal/axes", _arrows(rerun, AXES[:0] if free else AXES))


def _set_time(stream: Any, time: int) -> None:
    stream.set_time(TIMELINE, timestamp=np.datetime64(time, "ns"))


def _arrows(rerun: Any, axes: Any) -> Any:
    return rerun.Arrows3D(vectors=axes, colors=COLORS[: len(axes)])


def _paths(rerun: Any, robot: RobotModel) -> list[str]:
    """Return the places of the base and of the links, each under the one before."""
    paths = ["world/arm"]
    for joint in robot.joints:
        paths.append(f"{paths[-1]}/{rerun.escape_entity_path_part(joint.name)}")
    return paths


def _send_arm(rerun: Any, stream: Any, robot: RobotModel) -> None:
    """Send what does not change: the shapes of the links, and the tip."""
    paths = _paths(rerun, robot)
    if importlib.util.find_spec("trimesh") is None:
        _send_sticks(rerun, stream, robot, paths)
    else:
        _send_shapes(rerun, stream, robot, paths)
    tip = robot.tip_placement
    place = rerun.Transform3D(translation=tip.translation, mat3x3=tip.rotation)
    stream.log(f"{paths[-1]}/tip", place, _arrows(rerun, AXES / 2), static=True)


def _send_shapes(rerun: Any, stream: Any, robot: RobotModel, paths: Sequence[str]) -> None:
    from rl_control.view.shapes import arm_shapes

    for k, shape in enumerate(arm_shapes(robot)):
        mesh = rerun.Mesh3D(
            vertex_positions=shape.vertices,
            vertex_normals=normals(shape.vertices, shape.faces),
            triangle_indices=shape.faces,
            albedo_factor=shape.color,
        )
        stream.log(f"{paths[shape.body]}/shape_{k}", mesh, static=True)


def _send_sticks(rerun: Any, stream: Any, robot: RobotModel, paths: Sequence[str]) -> None:
    """Send a line from each joint to the next: all that can be drawn without a mesh library."""
    ends = [joint.placement.translation for joint in robot.joints]
    for path, end in zip(paths, [*ends, robot.tip_placement.translation], strict=True):
        stick = rerun.LineStrips3D([[np.zeros(3), end]], radii=[0.02], colors=[LINK_COLOR])
        stream.log(f"{path}/stick", stick, static=True)
