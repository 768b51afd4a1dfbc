"""An arm behind topics as the place of a training."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from rl_control.errors import ConfigError
from rl_control.robot.arm_model import ArmModel
from rl_control.ros.planning_behind import planning_in_time
from rl_control.ros.plant import RosPlant
from rl_control.ros.plant_config import RosPlantConfig
from rl_control.ros.recording_beside import recording_beside
from rl_control.ros.train_episodes import Say, TopicRollouts
from rl_control.ros.train_records import EpisodeFiles
from rl_control.ros.train_requests import Requests
from rl_control.ros.train_stand import Stand
from rl_control.run.episodes import EpisodeRunner
from rl_control.run.run_files import free_bag
from rl_control.run.train_place import EPISODES
from rl_control.run.train_settings import TrainSettings
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.base import ArmTask
from rl_control.types import Array


class ArmBehindTopics:
    """A `Place`: one arm that is there already, arm_sim or a real one.

    Args:
        settings: what is trained; the period of its plant is that of the arm's states.
        topics: of the arm; the period is taken from the settings.
        requests: what people ask meanwhile.
        say: is told what a human at the arm should know.
        safety: rules for everything that moves it.
        record: leave a bag of all that is said, in the run's folder.

    Raises:
        ConfigError: if the task needs things about the arm that nobody can put there.
        RlControlError: if robot or task cannot be used.
        PlantError: if there is no such arm.
        CommandConflictError: if somebody else commands it.
    """

    def __init__(
        self,
        settings: TrainSettings,
        topics: RosPlantConfig,
        requests: Requests,
        say: Say = print,
        safety: SafetyConfig | None = None,
        record: bool = False,
    ) -> None:
        self._requests, self._say, self._record = requests, say, record
        self._recording = ExitStack()
        self._rules = safety or SafetyConfig()
        topics = replace(topics, period=settings.plant.period)
        self._runner = EpisodeRunner(settings.spec, planning_in_time(topics.period))
        # What brings the arm to its starts, and keeps it still, is the description.
        self._model = ArmModel(self._runner.robot)
        try:
            self._refuse_fixtures()
            self._plant = self._opened(topics)
        except BaseException:
            self._runner.close()
            raise

    @property
    def task(self) -> ArmTask:
        """The task, of the arm as control knows it."""
        return self._runner.task

    def rollouts(self, folder: Path) -> TopicRollouts:
        """Return what makes rollouts and keeps each episode in the run's folder."""
        if self._record:
            beside = recording_beside(free_bag(folder), self._plant.heard_by, self._say)
            self._recording.enter_context(beside)
        files = EpisodeFiles(folder / EPISODES, self._plant.period)
        safety = self._safety()
        stand = Stand(self._plant, safety, self._model.inverse_dynamics)
        return TopicRollouts(
            self._runner, self._plant, stand, safety, self._requests, files.keep, self._say
        )

    def close(self) -> None:
        """Bring the arm to rest with a safe last command, and end the recording of that."""
        self._plant.close()
        self._runner.close()
        self._recording.close()

    def _opened(self, topics: RosPlantConfig) -> RosPlant:
        model, home = self._model, self._runner.robot.home

        def efforts(q: Array, v: Array, a: Array) -> Array:
            self._requests.refuse_motion()  # a move asks at every state, and is stopped by this
            return model.inverse_dynamics(q, v, a)

        return RosPlant(self._safety(), efforts, home, topics, model.tip, self._runner.collides)

    def _safety(self) -> SafetyFilter:
        model = self._model
        limits = self._runner.robot.limits
        return SafetyFilter(limits, self._rules, model.gravity_torque, model.mass_matrix)

    def _refuse_fixtures(self) -> None:
        if self.task.fixtures:
            raise ConfigError(
                f"task {self.task.name}",
                "fixtures",
                f"{', '.join(self.task.fixtures)} would have to stand elsewhere in each episode",
                "Train it on a simulated arm of this process (without --ros), then deploy it.",
            )
