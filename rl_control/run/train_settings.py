"""What a training run is: all that decides what comes out of it, as plain values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from rl_control.config import flatten, from_flat, setting
from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.errors import DataError, UnknownNameError
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.initial import InitialConfig
from rl_control.gps.policy_fit import PolicyFitConfig
from rl_control.gps.settings import MdgpsConfig
from rl_control.models.linear_gaussian import LinearGaussianConfig
from rl_control.plants.bullet_config import BulletConfig
from rl_control.policy.partial import PERFECT
from rl_control.policy.training_settings import PolicyConfig
from rl_control.run.episodes import EpisodeSpec, usual_cost
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import find_task
from rl_control.tasks.reach_config import ReachConfig, ReachTerminal, ReachWeights

if TYPE_CHECKING:
    from rl_control.gps.task_model import TaskModel
    from rl_control.gps.trainer import Trainer

_FIRST, _MORE = 20, 3  # iterations of a plan that is asked for: the first of a way, the others


@dataclass(frozen=True)
class TrainConfig:
    """What is trained on, and how the policy is tried in between."""

    conditions: int = setting(
        1, doc="situations to train on; a task's own first, then drawn ones", low=1, high=10_000
    )
    trials: int = setting(
        10, doc="situations not trained on that the policy is tried in alone", low=1, high=10_000
    )
    every: int = setting(1, doc="iterations between two such tries", low=1, high=10_000)


@dataclass(frozen=True)
class Method:
    """A way to train.

    Attributes:
        help: what it is, in a few words.
        config: its settings, if nothing else is asked for.
        trainer: makes it, of a task in numbers and of all settings.
        weights: of the cost of reaching, where it learns better with others than the usual ones.
        terminal: the same of the multipliers at the end.
        of_task: its settings for some tasks, in the place of `config`.
    """

    help: str
    config: Any
    trainer: Callable[[TaskModel, TrainSettings], Trainer]
    weights: Mapping[str, float] = field(default_factory=dict)
    terminal: Mapping[str, float] = field(default_factory=dict)
    of_task: Mapping[str, Any] = field(default_factory=dict)

    def cost(self, robot: str, task: str) -> ReachConfig:
        """Return the usual weights of a task's cost.

        Raises:
            ConfigError: if the robot's settings file cannot be used.
        """
        usual = usual_cost(robot, task)
        if task not in ("reach", "reach_pose"):
            return usual
        weights = usual.weights.replaced(self.weights)
        return replace(usual, weights=weights, terminal=replace(usual.terminal, **self.terminal))


def _mdgps(model: TaskModel, settings: TrainSettings) -> Trainer:
    from rl_control.gps.trainer import MdgpsTrainer  # brings torch, which --help needs not

    return MdgpsTrainer(model, settings.train.conditions, settings.how)


def _guided(model: TaskModel, settings: TrainSettings) -> Trainer:
    from rl_control.gps.guided import Guide
    from rl_control.gps.guided_trainer import GuidedTrainer
    from rl_control.gps.teacher import PlannerTeacher
    from rl_control.models.rigid import RigidModel
    from rl_control.run.assemble import reach_mpc

    robot, how = model.task.robot, settings.how
    # Simulated time stands still meanwhile: a plan may take its time.
    config = MpcConfig(first_iterations=_FIRST, iterations=_MORE, time_budget=NO_BUDGET)
    teacher = PlannerTeacher(reach_mpc(robot, config, settings.cost))
    return GuidedTrainer(Guide(model, RigidModel(robot, settings.plant.period), teacher, how))


# The arm is known but for the contact. Where it is the same wherever the hole is, the policy that
# sees nothing else learns it from few holes.
_INSERT = MdgpsConfig(
    kl_step=0.5,
    base="dynamics",
    output_weight=0.1,
    replay=5,
    relative=0.5,
    aside=(3.0, 10.0),
    initial=InitialConfig(kind="plan", noise=0.02),
    dynamics=LinearGaussianConfig(ridge=1e-8),
    linearised=PolicyFitConfig(ridge=1e-10),
    policy=PolicyConfig(floor=0.02, epochs=150, batch=1024),
)

METHODS: Mapping[str, Method] = {
    "mdgps": Method(
        "mirror descent guided policy search",
        # With less noise a policy that has converged tells nothing new of the arm.
        MdgpsConfig(policy=PolicyConfig(floor=0.05)),
        _mdgps,
        # What is wanted is the end: a costly way would be hurried along at the end's expense.
        weights={"posture": 1.0, "velocity": 2.0},
        terminal={"tip_position": 20.0, "posture": 20.0},
        of_task={"insert": _INSERT},
    ),
    "guided": Method("a planner (MPC) teaches in states of the policy", GuidedConfig(), _guided),
}


@dataclass(frozen=True)
class TrainSettings:
    """What a run is about.

    Attributes:
        task: name of the task, see `tasks/catalog.py`.
        robot: name or description file of the arm.
        base: base link; None for the root of the tree.
        tip: tip link; None for the robot's own.
        method: one of `METHODS`.
        seed: of everything random.
        from_nothing: whether masses, inertias and friction of the description are not used.
        episode: settings of the task that differ from its defaults.
        plant: the simulated arm.
        weights: of the task's cost.
        terminal: multipliers of the weights at the end.
        train: what is trained on.
        how: settings of the method.
    """

    task: str = "reach"
    robot: str = "iiwa7"
    base: str | None = None
    tip: str | None = None
    method: str = "mdgps"
    seed: int = 0
    from_nothing: bool = False
    episode: Mapping[str, Any] = field(default_factory=dict)
    plant: BulletConfig = field(default_factory=BulletConfig)
    weights: ReachWeights = field(default_factory=ReachWeights)
    terminal: ReachTerminal = field(default_factory=ReachTerminal)
    train: TrainConfig = field(default_factory=TrainConfig)
    how: Any = field(default_factory=lambda: METHODS["mdgps"].config)

    @property
    def cost(self) -> ReachConfig:
        """Weights of the task's cost."""
        return replace(ReachConfig(), weights=self.weights, terminal=self.terminal)

    @property
    def spec(self) -> EpisodeSpec:
        """What its episodes are about."""
        return EpisodeSpec(
            robot=self.robot,
            task=self.task,
            settings=self.episode,
            plant=self.plant,
            base=self.base,
            tip=self.tip,
            cost=self.cost,
            known=not self.from_nothing,
            measured=getattr(self.how, "measured", PERFECT),
        )


def find_method(name: str) -> Method:
    """Return a method.

    Raises:
        UnknownNameError: if there is none of that name.
    """
    if name not in METHODS:
        raise UnknownNameError("method", name, list(METHODS))
    return METHODS[name]


def trainer_of(settings: TrainSettings, task: ArmTask) -> Trainer:
    """Return the trainer of a task that settings ask for."""
    from rl_control.gps.task_model import TaskModel

    return find_method(settings.method).trainer(TaskModel(task), settings)


def check_episode(task: str, values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """Return settings of a task, each of the right type.

    Raises:
        UnknownNameError: if there is no such task.
        ConfigError: if one is unknown or not allowed.
    """
    config = flatten(from_flat(find_task(task).settings, values, source))
    return {name: config[name] for name in values}


_PLAIN = ("task", "robot", "base", "tip", "method", "seed", "from_nothing")
_GROUPS: Mapping[str, type] = {
    "plant": BulletConfig,
    "weights": ReachWeights,
    "terminal": ReachTerminal,
    "train": TrainConfig,
}


def as_plain(settings: TrainSettings) -> dict[str, Any]:
    """Return settings as values that JSON knows, by dotted names."""
    values: dict[str, Any] = {name: getattr(settings, name) for name in _PLAIN}
    groups = {name: flatten(getattr(settings, name)) for name in _GROUPS}
    groups |= {"episode": dict(settings.episode), settings.method: flatten(settings.how)}
    for group, named in groups.items():
        values |= {f"{group}.{name}": value for name, value in named.items()}
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items()
    }


def of_plain(values: Mapping[str, Any], source: str) -> TrainSettings:
    """Return settings from the values that `as_plain` gave.

    Raises:
        DataError: if a value is missing.
        RlControlError: if a value is not allowed.
    """
    lacking = [name for name in _PLAIN if name not in values]
    if lacking:
        raise DataError(source, f"it lacks {', '.join(lacking)}", "Train anew.")
    parts: dict[str, Any] = {name: values[name] for name in _PLAIN}
    method = find_method(parts["method"])
    for name, group in _GROUPS.items():
        parts[name] = from_flat(group, _under(values, name), source)
    parts["how"] = from_flat(type(method.config), _under(values, parts["method"]), source)
    parts["episode"] = check_episode(parts["task"], _under(values, "episode"), source)
    return TrainSettings(**parts)


def differences(one: TrainSettings, other: TrainSettings) -> list[str]:
    """Return what differs, as "name: value of one, value of the other"."""
    first, second = as_plain(one), as_plain(other)
    names = [*first, *(name for name in second if name not in first)]
    return [
        f"{name}: {first.get(name, 'not set')}, {second.get(name, 'not set')}"
        for name in names
        if first.get(name) != second.get(name)
    ]


def _under(values: Mapping[str, Any], group: str) -> dict[str, Any]:
    start = f"{group}."
    return {name[len(start) :]: value for name, value in values.items() if name.startswith(start)}
