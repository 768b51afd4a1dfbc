"""The node gps_trainer: trains a policy on the arm behind its topics, watched over by a human."""

from __future__ import annotations

import argparse
import threading
from dataclasses import replace
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from std_srvs.srv import SetBool

from rl_control.ros import diagnostics, qos
from rl_control.ros.node import ManagedNode
from rl_control.ros.process import Stopped
from rl_control.ros.train_place import ArmBehindTopics
from rl_control.ros.train_requests import Requests
from rl_control.ros.trainer_config import TrainerConfig, arguments
from rl_control.run import train
from rl_control.run.train_flags import asked
from rl_control.run.train_run import TrainRun
from rl_control.run.train_settings import TrainSettings

WATCH_PERIOD = 0.1  # [s] between two looks at the training
REST_TIME = 0.5  # [s] in which an arm that is told to stand still does


class GpsTrainer(ManagedNode):
    """Runs `rl_control train` on a thread of its own, and ends with it."""

    node_name = "gps_trainer"
    config_class = TrainerConfig
    live_groups = ("diagnostics_rate",)

    def build(self) -> None:
        """Check what is to be trained.

        Raises:
            RlControlError: if a setting is not allowed.
        """
        asked(arguments(self.config))

    def start(self) -> None:
        """Begin to train, or go on with the run in the folder."""
        config = self.config
        # Topics of a node that is no part of this one: its names must be whole.
        self._topics = replace(
            config.topics,
            state_topic=self.resolve_topic_name(config.state_topic),
            command_topic=self.resolve_topic_name(config.command_topic),
        )
        self._run: TrainRun | None = None
        self._error: BaseException | None = None
        self._requests = Requests(lambda: self._stop.requested)
        self._training = threading.Thread(
            target=self._train, args=(arguments(config),), name="training", daemon=True
        )
        self.serve(SetBool, "~/pause", self._on_pause)
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        self.every(WATCH_PERIOD, self._watch)
        self.every(lambda: 1.0 / self.config.diagnostics_rate, self._report)
        self._training.start()

    def winding_down(self) -> bool:
        """Let the arm come to rest; say whether it needs more time."""
        return self.active and self._training.is_alive()

    def halt(self) -> None:
        """Bring the arm to rest and end the training after the last iteration that is whole."""
        self._requests.end()
        self._training.join(REST_TIME)
        self.close_topics()

    def _train(self, args: argparse.Namespace) -> None:
        try:
            train.train_with(args, self._place, self._note)
        except BaseException as error:  # whatever it was, the node ends with it
            self._error = error

    def _place(self, settings: TrainSettings) -> ArmBehindTopics:
        say, safety = self.get_logger().warning, self.config.safety
        return ArmBehindTopics(settings, self._topics, self._requests, say, safety)

    def _note(self, run: TrainRun) -> None:
        self._run = run

    def _watch(self) -> None:
        """End when the training has.

        Raises:
            Stopped: if it is over.
            RlControlError: what made it impossible.
        """
        if self._training.is_alive():
            return
        self._report()
        self.deliver(self._reports)
        if self._error is None or isinstance(self._error, KeyboardInterrupt):
            raise Stopped
        raise self._error

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        if request.data:
            self._requests.pause()
        else:
            self._requests.resume()
        response.success = True
        response.message = (
            "paused: the arm comes to rest and stays there" if request.data else "going on"
        )
        self.get_logger().warning(response.message)
        return response

    def _report(self) -> None:
        level, summary = self._summary()
        stamp = self.get_clock().now().to_msg()
        self._reports.publish(
            diagnostics.diagnostic_message(
                self.get_name(), self.config.robot, level, summary, self._values(), stamp
            )
        )

    def _summary(self) -> tuple[bytes, str]:
        if self._requests.paused:
            return diagnostics.WARN, "paused"
        if not self._training.is_alive():
            return diagnostics.OK, "finished"
        if self._run is None:
            return diagnostics.OK, "looking for the arm"
        return diagnostics.OK, "moving" if self._requests.moving else "learning"

    def _values(self) -> dict[str, Any]:
        run = self._run
        row = run.rows[-1] if run is not None and run.rows else {}
        return {
            "iteration": 0 if run is None else run.iterations,
            "iterations": self.config.iterations,
            "paused": int(self._requests.paused),
            "cost": row.get("cost", float("nan")),
            "success": row.get("success", float("nan")),
            "motion_s": row.get("seconds", 0.0),
        }
