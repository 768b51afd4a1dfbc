"""The node browser_view: shows an arm in browsers, and lets people move it from there."""

from __future__ import annotations

import logging
import os
import time
import webbrowser
from contextlib import suppress

from rl_control.robot.description import load_robot
from rl_control.ros.node import ManagedNode
from rl_control.ros.view_config import BrowserViewConfig
from rl_control.ros.view_source import TopicSource
from rl_control.view.server import is_loopback
from rl_control.view.view import View

NICENESS = 10  # control comes first
POLL_PERIOD = 0.05  # [s]
OPEN_HINT = "anybody on the network can see the arm and move it; use 127.0.0.1 to keep it here"


class _Passed(logging.Handler):
    """Lets the node say what the view has to say."""

    def __init__(self, node: ManagedNode) -> None:
        super().__init__(logging.WARNING)
        self._node = node

    def emit(self, record: logging.LogRecord) -> None:
        """Pass a message on."""
        self._node.get_logger().warning(record.getMessage())


class BrowserView(ManagedNode):
    """Puts a `View` on topics."""

    node_name = "browser_view"
    config_class = BrowserViewConfig

    def build(self) -> None:
        """Load the robot."""
        self._robot = load_robot(self.config.robot, tip=self.config.tip or None)

    def start(self) -> None:
        """Listen to the arm, and to browsers.

        Raises:
            ConfigError: if the port is taken.
        """
        with suppress(OSError):
            os.nice(max(0, NICENESS - os.nice(0)))
        config = self.config
        logging.getLogger("rl_control.view").addHandler(_Passed(self))
        self._source = TopicSource(self, self._robot, config)
        try:
            self._view = View(self._source, config)
        except Exception:
            self._source.close()
            raise
        self.every(1.0 / config.frame_rate, self._turn)
        self.every(POLL_PERIOD, self._source.poll)
        if not is_loopback(config.host):
            self.get_logger().warning(OPEN_HINT)
        self.get_logger().info(f"the arm is shown at {self._view.url}")
        if config.open:
            webbrowser.open(self._view.url)

    def halt(self) -> None:
        """End the server, and stop listening."""
        self._view.close()
        self._source.close()
        self.close_topics()

    def _turn(self) -> None:
        self._view.turn(time.monotonic())
