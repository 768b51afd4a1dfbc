"""How an arm learns."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.control.excite_settings import ExcitationConfig
from rl_control.control.planner_settings import PlannerConfig
from rl_control.models.fit_settings import FitConfig


@dataclass(frozen=True)
class LearnConfig(PlannerConfig):
    """How much an arm moves to learn, and when a new model is believed."""

    rollouts: int = setting(4, doc="Rollouts of excitation before the first fit", low=1, high=1000)
    rollout_seconds: float = setting(5.0, doc="Length of each", unit="s", low=0.5, high=600.0)
    episodes: int = setting(4, doc="Episodes of planning on the model", low=0, high=10_000)
    episode_seconds: float = setting(2.5, doc="Length of each", unit="s", low=0.5, high=600.0)
    refit_every: int = setting(
        2, doc="Episodes after which the model is fitted anew", low=1, high=10_000
    )
    worse: float = setting(
        1.1,
        doc="Factor by which a new model's prediction of the newest motion may be worse than the "
        "present one's, or its episodes cost more, before it is given up",
        low=1.0,
        high=10.0,
    )
    doubt: float = setting(
        0.01,
        doc="Cost of plans on whose accelerations an ensemble disagrees; much of it keeps the arm "
        "away from targets that it has not learned about",
        low=0.0,
        high=1e4,
    )
    excitation: ExcitationConfig = setting(
        default_factory=ExcitationConfig, doc="Motion before there is a model"
    )
    fit: FitConfig = setting(default_factory=FitConfig, doc="The model")
