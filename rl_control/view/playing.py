"""The controls of a recording: where it is, whether it goes on, and how quickly."""

from __future__ import annotations

from typing import Any

from rl_control.view.snapshot import Playback

SPEEDS = ("0.1", "0.25", "0.5", "1", "2", "4")
_STEP = 0.01  # [s]


class PlaybackControls:
    """A slider of time, a button and a choice of speeds.

    Args:
        gui: of viser.
        playback: what they move in.
    """

    def __init__(self, gui: Any, playback: Playback) -> None:
        self._playback = playback
        longest = max(_STEP, round(playback.duration, 2))
        self._slider = gui.add_slider("Time [s]", 0.0, longest, _STEP, 0.0)
        self._button = gui.add_button(self._word(), color="gray")
        speed = gui.add_dropdown("Speed", SPEEDS, initial_value="1")
        self._slider.on_update(self._on_slider)
        self._button.on_click(self._on_button)
        speed.on_update(lambda event: setattr(playback, "speed", float(event.target.value)))

    def follow(self) -> None:
        """Move the slider to where the recording is."""
        time = min(round(self._playback.time, 2), float(self._slider.max))
        if abs(self._slider.value - time) >= _STEP:
            self._slider.value = time
        if self._button.label != self._word():
            self._button.label = self._word()

    def _word(self) -> str:
        return "Pause" if self._playback.playing else "Play"

    def _on_slider(self, event: Any) -> None:
        # Moved by a person: `follow` is no event of any browser's.
        if event.client is not None:
            self._playback.time = float(event.target.value)

    def _on_button(self, _: Any) -> None:
        playback = self._playback
        if not playback.playing and playback.time >= playback.duration - _STEP:
            playback.time = 0.0
        playback.playing = not playback.playing
