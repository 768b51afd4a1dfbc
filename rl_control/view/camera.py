"""Where people look from: a start, some presets, and a camera that goes with the tip."""

from __future__ import annotations

from typing import Any

import numpy as np

from rl_control.types import Array

# Directions from the middle of the arm, in its base frame: x is ahead of it.
PRESETS = {
    "start": (1.0, -1.25, 0.62),
    "front": (1.6, 0.0, 0.15),
    "side": (0.0, -1.6, 0.15),
    "top": (0.001, 0.0, 1.7),
}
UP = np.array([0.0, 0.0, 1.0])
_AWAY, _ASIDE = 0.92, 0.14  # in sizes of the arm
_MOVED = 1e-3  # [m]


class Cameras:
    """The cameras of all browsers.

    Args:
        server: of viser.
        middle: what they look at, [3] in [m].
        size: of the arm in [m].
    """

    def __init__(self, server: Any, middle: Array, size: float) -> None:
        self._server, self._middle, self._size = server, middle, size
        self._tip: Array | None = None
        self.follows = False
        server.initial_camera.position, server.initial_camera.look_at = self._from("start")
        server.initial_camera.fov = np.radians(45.0)

    def add_controls(self, gui: Any) -> None:
        """Put the presets into a panel."""
        buttons = gui.add_button_group("Look from", tuple(PRESETS))

        def look(event: Any) -> None:
            client = event.client
            if client is not None:
                with client.atomic():
                    client.camera.position, client.camera.look_at = self._from(event.target.value)

        buttons.on_click(look)

        def follow(event: Any) -> None:
            self.follows, self._tip = bool(event.target.value), None

        gui.add_checkbox("Follow the tip", False).on_update(follow)

    def go_with(self, tip: Array) -> None:
        """Move all cameras as far as the tip has moved, [3] in [m], if they follow it."""
        if not self.follows:
            return
        if self._tip is None:
            self._tip = tip
        step = tip - self._tip
        if float(np.linalg.norm(step)) < _MOVED:
            return
        self._tip = tip
        for client in self._server.get_clients().values():
            with client.atomic():
                look_at = client.camera.look_at + step
                client.camera.position = client.camera.position + step
                client.camera.look_at = look_at

    def _from(self, preset: str) -> tuple[Array, Array]:
        """Where a camera is and what it looks at, [3] in [m] each: the arm, left of the panel."""
        away = np.array(PRESETS[preset])
        right = np.cross(UP, away)
        look_at = self._middle + _ASIDE * self._size * right / np.linalg.norm(right)
        return look_at + _AWAY * self._size * away, look_at
