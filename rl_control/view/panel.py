"""The panel beside the picture: what is going on, and what people can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rl_control.robot.model import RobotModel
from rl_control.view.bars import banner, joint_bars, lines
from rl_control.view.camera_picture import Camera
from rl_control.view.charts import Charts
from rl_control.view.scene import shares
from rl_control.view.snapshot import CAUTION, Snapshot, Source

STOP_HINT = (
    "Brakes the arm and deactivates its controller; the arm's own driver holds it then. "
    "This is no emergency stop."
)


class Panel:
    """Buttons and readings.

    Args:
        gui: of viser.
        source: what is shown.
        allow: called when a person allows or forbids moving the arm.
        set_free: called when a person leaves the orientation free or does not.
        stopped: called before the arm is stopped.
    """

    def __init__(
        self,
        gui: Any,
        source: Source,
        allow: Callable[[bool], None],
        set_free: Callable[[bool], None],
        stopped: Callable[[], None],
    ) -> None:
        self._robot: RobotModel = source.robot
        self._source = source
        self._banner = gui.add_html(banner(CAUTION, source.waiting))
        self._notice = gui.add_html("", visible=False)
        self._refusal = gui.add_html("", visible=False)
        self.move: Any = None
        if source.can_move:
            self._add_control(gui, allow, set_free, stopped)
        self._lines = gui.add_html("")
        self._camera = Camera(gui)
        with gui.add_folder("Joints"):
            self._bars = gui.add_html("")
        with gui.add_folder("Plots"):
            self._plots = gui.add_checkbox("Show plots", True)
            self._charts = Charts(gui, self._robot.limits)

    def _add_control(
        self,
        gui: Any,
        allow: Callable[[bool], None],
        set_free: Callable[[bool], None],
        stopped: Callable[[], None],
    ) -> None:
        source = self._source
        self.move = gui.add_checkbox(
            "Let me move the arm",
            source.may_move,
            hint="Shows a handle at the target. Drag it, and the arm follows.",
        )
        self.move.on_update(lambda event: allow(bool(event.target.value)))
        turn = gui.add_checkbox(
            "Choose the orientation, too", False, hint="Rings at the handle turn the target."
        )
        turn.on_update(lambda event: set_free(not event.target.value))

        def stop(_: Any) -> None:
            stopped()
            self.say(source.stop())

        gui.add_button("STOP the arm", color="red", hint=STOP_HINT).on_click(stop)
        gui.add_button(
            "Start again", color="gray", hint="Activates the controller: the arm stays where it is."
        ).on_click(lambda _: self.say(source.start()))
        if source.can_reset:
            gui.add_button(
                "Reset the simulation",
                color="gray",
                hint="Puts the simulated arm back at its home.",
            ).on_click(lambda _: self.say(source.reset()))

    def say(self, text: str) -> None:
        """Show what came of a button; "" shows nothing."""
        _say(self._notice, text)

    def wait(self, text: str) -> None:
        """Show what is waited for: there is no arm to be seen yet."""
        _write(self._banner, banner(CAUTION, text))

    def state(self, seen: Snapshot) -> None:
        """Show the newest state."""
        _write(self._banner, banner(seen.level, seen.summary))
        _say(self._refusal, seen.refusal)
        _write(self._lines, lines(dict(seen.readings)))
        limits = self._robot.limits
        near = shares(seen.joints.position, seen.joints.effort, limits)
        _write(self._bars, joint_bars(seen.joints, limits, near))
        self._camera.show(seen.picture)

    def note(self, seen: Snapshot) -> None:
        """Remember what the plots show."""
        self._charts.add(seen)

    def draw(self) -> None:
        """Send the plots, unless they are switched off."""
        if self._plots.value:
            self._charts.draw()


def _say(html: Any, text: str) -> None:
    _write(html, banner(CAUTION, text) if text else "")
    if html.visible != bool(text):
        html.visible = bool(text)


def _write(html: Any, text: str) -> None:
    if html.content != text:
        html.content = text
