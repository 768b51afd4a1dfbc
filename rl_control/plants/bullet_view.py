"""What part of all that a camera could see is in a picture, and where things are in it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from rl_control.plants.bullet_camera import Camera
from rl_control.types import Array

Box = tuple[float, float, float, float]
"""A part of a picture: top, bottom, left, right as shares of its height and width."""


@dataclass(frozen=True)
class View:
    """What a camera shows of a plane that is 1 m ahead of it.

    Attributes:
        camera: where it stands and where it looks.
        left: end on the left, negative beyond the middle, in [m].
        right: end on the right in [m].
        bottom: end below, negative beyond the middle, in [m].
        top: end above in [m].
    """

    camera: Camera
    left: float
    right: float
    bottom: float
    top: float

    @property
    def aspect(self) -> float:
        """Width over height."""
        return (self.right - self.left) / (self.top - self.bottom)

    def part(self, box: Box) -> View:
        """Return a part of it; shares below 0 or above 1 are beyond its edges."""
        top, bottom, left, right = box
        wide, high = self.right - self.left, self.top - self.bottom
        return replace(
            self,
            left=self.left + left * wide,
            right=self.left + right * wide,
            bottom=self.top - bottom * high,
            top=self.top - top * high,
        )

    def seen_at(self, points: Array) -> Array:
        """Return where points are in the picture, [N, 2]: shares from its left and from its top.

        Args:
            points: in front of the camera, [N, 3] in [m] in the base frame.
        """
        camera = self.camera
        ahead = camera.target - camera.eye
        ahead = ahead / np.linalg.norm(ahead)
        right = np.cross(ahead, camera.up)
        right = right / np.linalg.norm(right)
        rays = (points - camera.eye) @ np.stack([right, np.cross(right, ahead), ahead], axis=1)
        x, y = (rays[:, :2] / rays[:, 2:]).T
        wide, high = self.right - self.left, self.top - self.bottom
        return np.stack([(x - self.left) / wide, (self.top - y) / high], axis=1)


def square_view(camera: Camera, half: float) -> View:
    """Return a view to `half` [m] on all sides of the middle, 1 m ahead."""
    return View(camera, -half, half, -half, half)
