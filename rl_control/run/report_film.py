"""Pictures of the arm along a recorded run, for its report."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from rl_control.errors import MissingDependencyError
from rl_control.plants.bullet_camera import Camera, camera_for
from rl_control.plants.bullet_stage import Stage
from rl_control.plants.bullet_view import View, square_view
from rl_control.report.html.page import Film
from rl_control.report.run_sheet import RunSheet
from rl_control.report.video import Frame, box_around, crop, moved_in
from rl_control.robot.model import RobotModel
from rl_control.types import Array

Progress = Callable[[Sequence[float]], Iterable[float]]

FPS = 12.5
MOST = 200  # pictures; what would take more is shown in longer steps
HEIGHT = 420  # pixels of a picture
_DRAWN = 640  # pixels, before it is made smaller for smooth edges
_SCOUT = 120  # pixels where only motion is looked for
_SCOUTED = 24  # pictures in which it is
_ALL = 0.8  # half of what can be of interest, 1 m before the camera
_MARGIN = 0.05  # around what moves, as a share of that
_AWAY = np.array([0.0, 0.0, -1e3])  # [m], where nobody sees the ball
_QUALITY = 72  # of WebP, in percent


def film_of(robot: RobotModel, sheet: RunSheet, progress: Progress = lambda times: times) -> Film:
    """Return the arm at times spread over a run; a red ball is the goal in force.

    Args:
        robot: the arm.
        sheet: the run.
        progress: wraps the times while pictures are drawn.

    Raises:
        MissingDependencyError: if Pillow, or PyBullet, is not installed.
        PlantError: if the arm cannot be drawn.
    """
    try:
        from PIL import features
    except ImportError as error:
        raise MissingDependencyError("Pillow", "a film of the arm", "viz") from error
    kind = "WEBP" if features.check("webp") else "JPEG"
    times = times_of(sheet.span)
    stage = Stage(robot, {})
    try:
        view = _view(stage, camera_for(robot), sheet, times)
        images = []
        for time in progress(times):
            _pose(stage, sheet, time)
            frame = crop(stage.picture(view, _DRAWN), (0.0, 1.0, 0.0, 1.0), HEIGHT)
            images.append(_file(frame, kind))
    finally:
        stage.close()
    return Film(times, images, f"image/{kind.lower()}")


def times_of(span: tuple[float, float]) -> list[float]:
    """Return when pictures are taken in [s]: evenly, the ends among them."""
    length = span[1] - span[0]
    count = int(np.clip(np.ceil(FPS * length), 1, MOST - 1))
    return [float(time) for time in np.linspace(*span, count + 1)]


def _pose(stage: Stage, sheet: RunSheet, time: float) -> None:
    index = min(int(np.searchsorted(sheet.times, time)), len(sheet.times) - 1)
    stage.pose(sheet.positions[index], _target(sheet, time, index))


def _target(sheet: RunSheet, time: float, index: int) -> Array:
    taken = [goal.at(index) for goal in sheet.goals if goal.start <= time + 1e-9]
    return taken[-1] if taken else _AWAY


def _view(stage: Stage, camera: Camera, sheet: RunSheet, times: Sequence[float]) -> View:
    """All of the arm, and of what moves, at any of the times."""
    wide = square_view(camera, _ALL)
    frames, arms = [], []
    for time in np.array(times)[np.unique(np.linspace(0, len(times) - 1, _SCOUTED).astype(int))]:
        _pose(stage, sheet, float(time))
        frames.append(stage.picture(wide, _SCOUT))
        arms.append(stage.arm_in(wide, _SCOUT))
    seen = moved_in(frames) | np.any(arms, axis=0)
    top, bottom, left, right = box_around(seen, _MARGIN)
    # At least as wide as high, as the place for it is.
    middle, half = 0.5 * (left + right), 0.5 * max(right - left, bottom - top)
    return wide.part((top, bottom, middle - half, middle + half))


def _file(frame: Frame, kind: str) -> bytes:
    from PIL import Image

    raw = io.BytesIO()
    Image.fromarray(frame).save(raw, kind, quality=_QUALITY)
    return raw.getvalue()
