"""One view: a source, a scene and a panel, kept together picture after picture."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np

from rl_control.robot.quaternions import rotation_from_quaternion
from rl_control.types import Array
from rl_control.view.aim import Aim
from rl_control.view.camera import Cameras
from rl_control.view.panel import Panel
from rl_control.view.playing import PlaybackControls
from rl_control.view.scene import ArmScene, TargetNodes
from rl_control.view.server import address, close_server, open_server
from rl_control.view.settings import ViewConfig
from rl_control.view.shapes import arm_shapes
from rl_control.view.size import stage_of
from rl_control.view.snapshot import Snapshot, Source

REST_PERIOD = 0.1  # [s] between two drawings of what need not be drawn at every picture
PANEL_PERIOD = 0.2  # [s]
PLOT_PERIOD = 0.4  # [s]


class View:
    """Shows a source to whoever opens the page; draws only while somebody does.

    Args:
        source: what is shown.
        config: where, and how often.

    Attributes:
        url: address of the page.

    Raises:
        ConfigError: if nothing can listen there.
    """

    def __init__(self, source: Source, config: ViewConfig) -> None:
        self._source = source
        shapes = arm_shapes(source.robot)
        self._server: Any = open_server(config.host, config.port, source.title)
        self.url = address(self._server)
        self._due = {"rest": 0.0, "panel": 0.0, "plots": 0.0}
        self._aim = Aim(source.may_move)
        gui, scene = self._server.gui, self._server.scene
        self._scene = ArmScene(scene, source.robot, shapes)
        self._target = TargetNodes(scene, source.robot)
        self._free, self._closed = True, False
        self._cameras = Cameras(self._server, *stage_of(source.robot))
        self._playing = None
        if source.playback is not None:
            self._playing = PlaybackControls(gui, source.playback)
        self._panel = Panel(gui, source, self._allow, self._set_free, self._stopped)
        with gui.add_folder("View"):
            self._cameras.add_controls(gui)
            self._add_layers(gui)
        self._offer()
        self._target.handle.on_update(self._on_drag)
        self._server.on_client_disconnect(self._on_leave)

    @property
    def watchers(self) -> int:
        """How many browsers have the page open."""
        return len(self._server.get_clients())

    def turn(self, now: float) -> None:
        """Draw the next picture at time `now` [s], and send what people have dragged."""
        target = self._aim.due(now)
        if target is not None:
            self._panel.say("")
            self._source.send(target)
        if not self._server.get_clients():
            return
        seen = self._source.look()
        with self._server.atomic():
            if seen is None:
                self._panel.wait(self._source.waiting)
            else:
                self._draw(seen, now)

    def close(self) -> None:
        """End the server; pages that are open say so."""
        self._closed = True
        close_server(self._server)

    def _draw(self, seen: Snapshot, now: float) -> None:
        self._scene.pose(seen)
        seen = self._measured(seen)
        self._panel.note(seen)
        home = self._aim.home(seen, now)
        if home is not None:
            self._target.put(home)
        self._target.refuse(seen.refusal if home is None else "")
        self._cameras.go_with(self._scene.tip.position)
        if self._playing is not None:
            self._playing.follow()
        if self._is_due("rest", REST_PERIOD, now):
            self._scene.rest(seen)
        if self._is_due("panel", PANEL_PERIOD, now):
            self._panel.state(seen)
        if self._is_due("plots", PLOT_PERIOD, now):
            self._panel.draw()

    def _measured(self, seen: Snapshot) -> Snapshot:
        """Add how far the tip is from the goal."""
        if seen.goal is None:
            return seen
        error = 1e3 * float(np.linalg.norm(self._scene.tip.position - seen.goal.position))
        return replace(
            seen,
            measures={**seen.measures, "tip_error_mm": error},
            readings={"tip error": f"{error:.1f} mm", **seen.readings},
        )

    def _is_due(self, what: str, period: float, now: float) -> bool:
        if now < self._due[what]:
            return False
        self._due[what] = now + period
        return True

    def _add_layers(self, gui: Any) -> None:
        for label, name in (
            ("Plan", "show_plan"),
            ("Where the plan ends", "show_ghost"),
            ("Trail of the tip", "show_trail"),
        ):

            def change(event: Any, name: str = name) -> None:
                setattr(self._scene, name, bool(event.target.value))

            gui.add_checkbox(label, True).on_update(change)

    def _allow(self, allowed: bool) -> None:
        self._aim.allow(allowed)
        self._offer()

    def _set_free(self, free: bool) -> None:
        self._free = free
        self._aim.set_free(free)
        # The handle stands along the base's axes, or as the tip does: nothing turns by itself.
        self._target.turn(np.eye(3) if free else self._scene.tip.rotation)
        self._offer()

    def _stopped(self) -> None:
        """Nobody moves the arm on by a handle that is still in hand."""
        self._aim.allow(False)
        self._panel.move.value = False
        self._offer()

    def _offer(self) -> None:
        moves = self._source.can_move and self._aim.allowed
        self._target.offer(moves, turns=not self._free)

    async def _on_drag(self, event: Any) -> None:
        # A coroutine is called in the order in which the browser sent what it tells.
        x, y, z = event.target.position
        w, i, j, k = event.target.wxyz
        rotation: Array = rotation_from_quaternion(np.array([i, j, k, w]), "handle")
        now, last = time.monotonic(), event.phase == "end"
        self._aim.drag(np.array([x, y, z]), rotation, now, last=last)

    async def _on_leave(self, _: Any) -> None:
        if not (self._closed or self._server.get_clients()):
            self._aim.forget()
            if self._panel.move is not None:
                self._panel.move.value = self._aim.allowed
            self._offer()
