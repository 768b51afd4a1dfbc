"""The settings of a recorded controller, and what is to be different in a counterfactual one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_control.config import fields_of, from_flat, setting
from rl_control.config.assignments import assignments, read_text
from rl_control.config.build import Given, build
from rl_control.config.reader import read_values
from rl_control.data.runs.log import RunLog
from rl_control.errors import DataError
from rl_control.policy.handover import HandoverConfig
from rl_control.run.reach_settings import RigConfig


@dataclass(frozen=True)
class DoubtConfig:
    """What of a learned model's settings matters to a plan."""

    doubt: float = setting(
        0.01, doc="Cost of plans on whose accelerations an ensemble disagrees", low=0.0, high=1e4
    )


@dataclass(frozen=True)
class ReplayConfig(RigConfig):
    """The settings of a controller that its commands depend on; keys are those of the nodes."""

    lock_step: bool = setting(False, doc="Whether time stood still while a plan was made")
    model: str = setting("", doc="Learned model to plan on: a file, or a folder of versions")
    learned: DoubtConfig = setting(default_factory=DoubtConfig, doc="Planning on such a model")
    policy: str = setting("", doc="Policy that acts: a file, or a folder of versions")
    shadow: str = setting("mpc", doc="What takes over", choices=("mpc", "none"))
    handover: HandoverConfig = setting(
        default_factory=HandoverConfig, doc="When the MPC takes over and gives back"
    )


def recorded_config(log: RunLog, index: int, changes: Mapping[str, Any]) -> ReplayConfig:
    """Return the settings that were in force from entry `index` of `log.settings` on.

    Args:
        log: the run.
        index: which of its settings.
        changes: values by key that win over the recorded ones; a `Given` says where it is from.

    Raises:
        DataError: if the bag holds no settings of a controller.
        ConfigError: if a key of `changes` is unknown, or a value is not allowed.
    """
    recorded = log.settings[index].values
    known = {info.key for info in fields_of(ReplayConfig)}
    base = from_flat(
        ReplayConfig, {k: v for k, v in recorded.items() if k in known}, f"{log.path}, settings"
    )
    # What the controller has, but its commands do not depend on, may stand in a parameter file.
    foreign = set(recorded) - known
    own = {
        key: value if isinstance(value, Given) else Given(value, "changes")
        for key, value in changes.items()
        if key not in foreign
    }
    return build(ReplayConfig, own, base)


def require_settings(log: RunLog) -> None:
    """Refuse a bag that does not tell how the controller was set.

    Raises:
        DataError: if so.
    """
    if not log.settings:
        raise DataError(
            log.path,
            "no settings of a controller in it (topic ~/settings)",
            "Record all topics of the controller: it is made anew from its settings.",
        )


def given_changes(sets: Sequence[str], params: str | None, model: str | None) -> dict[str, Given]:
    """Return the values that the command line asks for, by key.

    Args:
        sets: texts "NAME=VALUE"; they win over the file.
        params: a parameter file, or None.
        model: a learned model, or None.

    Raises:
        ConfigError: if a text is malformed, or the file cannot be read.
    """
    changes: dict[str, Given] = {}
    if params is not None:
        changes |= read_values(Path(params), ReplayConfig, "mpc_controller")
    fields = {info.key: info for info in fields_of(ReplayConfig)}
    for key, text in assignments(sets, "--set").items():
        info = fields.get(key)
        value = text if info is None else read_text(key, info.type, info.is_list, text)
        changes[key] = Given(value, "--set")
    if model is not None:
        changes["model"] = Given(model, "--model")
    return changes
