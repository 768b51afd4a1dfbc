"""A camera's topic, of which a view takes a picture now and then."""

from __future__ import annotations

import math

from rl_control.errors import RlControlError
from rl_control.ros.images import Picture, kind_of, picture_of
from rl_control.ros.node import ManagedNode
from rl_control.ros.unwaited import Newest
from rl_control.ros.view_config import BrowserViewConfig

WIDEST = 480  # pixels of a picture in the panel


class CameraTopic:
    """The newest picture of a topic, no more often than `rate` a second.

    Args:
        node: listens; what cannot be shown is logged once.
        topic: of the pictures.
        rate: pictures a second [Hz].
    """

    def __init__(self, node: ManagedNode, topic: str, rate: float) -> None:
        self._log = node.get_logger()
        self._messages = Newest(node, kind_of(topic), topic)
        self._period, self._taken = 1.0 / rate, -math.inf
        self._picture: Picture | None = None
        self._refused = ""

    def newest(self, now: float) -> Picture | None:
        """Return the newest picture, [H, W, 3]; None before the first. `now` is in [s]."""
        if now - self._taken < self._period:
            return self._picture
        message = self._messages.take()
        if message is not None:
            self._taken = now
            try:
                self._picture = picture_of(message, WIDEST)
            except RlControlError as error:
                if self._refused != str(error):
                    self._refused = str(error)
                    self._log.warning(self._refused)
        return self._picture

    def close(self) -> None:
        """Stop listening."""
        self._messages.close()


def camera_of(node: ManagedNode, config: BrowserViewConfig) -> CameraTopic | None:
    """Return the camera that the settings name, or None."""
    topic = config.camera_topic
    return CameraTopic(node, topic, config.camera_rate) if topic else None
