"""The node dynamics_learner: listens to an arm, and leaves ever better models of it in a folder."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray

from rl_control.data.claim import Claim
from rl_control.data.store import load_transitions, save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError, RlControlError
from rl_control.models.fit import at_step
from rl_control.models.learned import LearnedModel
from rl_control.models.moving import moving
from rl_control.robot.description import load_robot
from rl_control.ros import convert, diagnostics, qos
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.learner_config import LearnerConfig, check_fit
from rl_control.ros.model_shelf import DATA, newest, version_path
from rl_control.ros.motion_data import MotionData, control_period
from rl_control.ros.motion_messages import MotionReader
from rl_control.ros.motion_recorder import MotionRecorder
from rl_control.ros.node import ManagedNode
from rl_control.ros.plannable import load_plannable, nominal_model
from rl_control.ros.prediction_monitor import no_errors, step_errors
from rl_control.ros.prediction_topic import prediction_message
from rl_control.ros.process import StopRequest
from rl_control.ros.refit import NO_FIT, Refitted, Refitter
from rl_control.ros.side_process import SideProcess

HEARD = 2000  # messages that may wait while this process does other things
COLLECT_PERIOD = 0.1  # [s]
NICENESS = 5  # commands come first, but messages must not be lost


class DynamicsLearner(ManagedNode):
    """Collects motion; a process of its own refits the model to it."""

    node_name = "dynamics_learner"
    config_class = LearnerConfig
    live_groups = ("save_period", "diagnostics_rate", "refit")

    def __init__(self, stop: StopRequest) -> None:
        """Declare the parameters."""
        super().__init__(stop)
        check_fit(self.config.fit)

    def build(self) -> None:
        """Load the robot, the motion and the newest version that are in the folder.

        Raises:
            DataError: if the folder cannot be made, another process learns in it, or a file in it
                is damaged.
            ModelError: if it has models of another arm or step.
        """
        self.release()
        config = self.config
        self._robot = load_robot(config.robot, tip=config.tip or None)
        self._order = JointOrder(config.command_joints, self._robot.names, "command_joints")
        self._folder = folder = _made(Path(config.folder).expanduser())
        self._claim = Claim(folder)
        self._nominal = nominal_model(self._robot, config.fit.dt)
        self._model: LearnedModel = self._nominal
        self._version = newest(folder)
        if self._version:
            path = version_path(folder, self._version)
            self._model, _ = load_plannable(path, self._robot, config.fit.dt)
        period = control_period(config.rate, config.fit.dt)
        data = TransitionDataset.empty(self._robot.names, period)
        if (folder / DATA).is_file():
            data = data.join(load_transitions(folder / DATA))
        self._motion = MotionData(data, self._robot.limits, config.keep_seconds)
        self._refitting = SideProcess(
            "refit", Refitter, self._robot, folder, config.refit, config.fit
        )

    def start(self) -> None:
        """Begin to listen."""
        with suppress(OSError):
            os.nice(max(0, NICENESS - os.nice(0)))
        config = self.config
        self._recorder = MotionRecorder(
            self._robot.names, config.rollout_seconds, config.state_topic
        )
        reader = convert.JointStateReader(self._robot.names)
        self._messages = MotionReader(reader, self._order, self._recorder)
        self._saved, self._fitted_at = time.monotonic(), -math.inf
        self._unsaved = False
        self._new_seconds = 0.0 if self._version else self._motion.data.seconds
        self._draws, self._accepted, self._fit_seconds = 0, 0, 0.0
        self._rejections: Counter[str] = Counter()
        self._decision, self._fault = "", ""
        self._judged_version = 0
        self._errors = self._nominal_errors = no_errors(self._robot.n)
        states = qos.states(config.state_reliable, depth=HEARD)
        self.subscribe(JointStateMessage, config.state_topic, self._messages.state, states)
        commands = qos.events(HEARD)
        self.subscribe(Float64MultiArray, config.command_topic, self._messages.command, commands)
        self._predictions = self.publisher(Float64MultiArray, "~/prediction", qos.events())
        self._reports = self.publisher(DiagnosticArray, "/diagnostics", qos.events())
        self.every(COLLECT_PERIOD, self._collect)
        self.every(COLLECT_PERIOD, self._refit)
        self.every(lambda: 1.0 / self.config.diagnostics_rate, self._report)

    def halt(self) -> None:
        """Keep the motion and stop listening."""
        self._recorder.close()
        self._collect()
        self._save()
        self.close_topics()

    def release(self) -> None:
        """End the fit, and give the folder free."""
        if hasattr(self, "_refitting"):
            self._refitting.close()
        if hasattr(self, "_claim"):
            self._claim.close()

    def _collect(self) -> None:
        """Take whole recordings, judge the newest version on them, and keep them."""
        while (recording := self._recorder.take()) is not None:
            self._motion, rollout = self._motion.with_recording(recording)
            if rollout.size:
                self._unsaved = True
                self._new_seconds += rollout.seconds
                self._judge(rollout)
        if self._unsaved and time.monotonic() - self._saved > self.config.save_period:
            self._save()

    def _judge(self, rollout: TransitionDataset) -> None:
        """Publish how the newest version foretold a rollout that no version has seen."""
        try:
            data = moving(at_step(rollout, self.config.fit.dt), self._robot.limits)
        except DataError:
            return  # too short for one step
        if not data.size:
            return
        self._nominal_errors = step_errors(self._nominal, data)
        if self._version:
            self._judged_version = self._version
            self._errors = step_errors(self._model, data)
            message = prediction_message(self._version, self._robot.names, self._errors)
            self._predictions.publish(message)

    def _refit(self) -> None:
        """Hear what became of the last fit; begin the next one when it is due."""
        try:
            answer = self._refitting.take()
        except RlControlError as error:
            answer = Refitted(0, None, NO_FIT, str(error), 0.0)
        if answer is not None:
            self._hear(answer)
        config = self.config.refit
        due = time.monotonic() - self._fitted_at >= config.period
        enough = self._new_seconds >= max(config.least_new, config.judged)
        ready = self._motion.data.seconds >= self.config.fit.least_seconds + config.judged
        if due and enough and ready and not self._refitting.busy and self._save():
            self._fitted_at, self._new_seconds = time.monotonic(), 0.0
            self._draws += 1
            self._refitting.ask(self._draws)

    def _hear(self, answer: Refitted) -> None:
        self._decision, self._fit_seconds = answer.reason, answer.seconds
        if answer.model is None:
            self._rejections[answer.rejection] += 1
            self.get_logger().info(f"no new version ({answer.rejection}): {answer.reason}")
            return
        self._accepted += 1
        self._model = answer.model.assembled(self._nominal.mechanics)
        self._version = answer.number
        self.get_logger().info(f"version {answer.number}: {answer.reason}")

    def _save(self) -> bool:
        """Write the motion to the folder; say whether it is there."""
        if not self._unsaved:
            return True
        self._saved = time.monotonic()
        try:
            save_transitions(self._folder / DATA, self._motion.data)
        except DataError as error:
            if self._fault != str(error):
                self._fault = str(error)
                self.get_logger().error(self._fault)
            return False
        self._unsaved, self._fault = False, ""
        return True

    def _report(self) -> None:
        level, summary = self._summary()
        stamp = self.get_clock().now().to_msg()
        self._reports.publish(
            diagnostics.diagnostic_message(
                self.get_name(), self._robot.name, level, summary, self._values(), stamp
            )
        )

    def _summary(self) -> tuple[bytes, str]:
        if self._fault:
            return diagnostics.ERROR, self._fault
        if self._recorder.newest is None:
            return diagnostics.WARN, f"no joint states on {self.config.state_topic}"
        return diagnostics.OK, "fitting" if self._refitting.busy else "listening"

    def _values(self) -> dict[str, Any]:
        data = self._motion.data
        return {
            "version": self._version,
            "fitting": int(self._refitting.busy),
            "fits": self._draws,
            "accepted": self._accepted,
            "rejected": dict(self._rejections),
            "last_decision": self._decision,
            "last_fit_s": self._fit_seconds,
            "dataset_s": data.seconds,
            "dataset_rollouts": len(set(data.rollouts.tolist())),
            "new_s": self._new_seconds,
            "left_out": {**self._messages.rejected, **self._motion.rejected},
            "judged_version": self._judged_version,
            "speed_error": self._errors.speed_error,
            "nominal_speed_error": self._nominal_errors.speed_error,
            "coverage_90": self._errors.coverage.mean(),
        }


def _made(folder: Path) -> Path:
    """Make a folder if it is missing.

    Raises:
        DataError: if that is impossible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            folder, f"cannot be made ({error.strerror})", "Name a folder that may be written to."
        ) from error
    return folder
