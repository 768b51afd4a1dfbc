"""A search on one rig: build it once, try settings on it, and compare in the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.config import flatten
from rl_control.errors import DataError
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.reach_settings import RigConfig
from rl_control.run.rig import Rig, make_rig
from rl_control.run.rig_settings import arm_from_file, from_file, planner_of, retuned
from rl_control.run.tune_files import Asked
from rl_control.run.tune_score import Episode, cost_of, mean_episode, run_episode
from rl_control.run.tune_search import Search, Trial
from rl_control.run.tune_space import Dimension, numbers_of, read_search, with_numbers
from rl_control.tasks.reach import sample_targets
from rl_control.types import Array, Goal

_CANDIDATES = 3  # of the search that are compared with the start


@dataclass(frozen=True)
class Held:
    """Settings on targets that the search never saw.

    Attributes:
        numbers: value of each dimension, by key.
        episodes: one a target.
        costs: of the episodes, [as many].
    """

    numbers: Mapping[str, float]
    episodes: tuple[Episode, ...]
    costs: Array

    @property
    def reached(self) -> int:
        """Number of targets that were reached."""
        return sum(episode.reached for episode in self.episodes)

    @property
    def spread(self) -> float:
        """Standard deviation of the costs."""
        return float(np.std(self.costs, ddof=1)) if len(self.costs) > 1 else 0.0


@dataclass(frozen=True)
class Verdict:
    """What came of a search.

    Attributes:
        before: the settings at the start.
        after: those that were taken: found, or again those at the start.
    """

    before: Held
    after: Held

    @property
    def better(self) -> bool:
        """Whether anything was found."""
        return self.after is not self.before

    @property
    def gain(self) -> float:
        """Share of the cost that was saved."""
        return 1.0 - float(self.after.costs.mean() / self.before.costs.mean())


class TuneRun:
    """What a search is made on.

    Args:
        asked: what is searched.

    Attributes:
        arm: the simulated arm.
        start: the settings at the start.
        dimensions: what is varied.

    Raises:
        RlControlError: if the arm, the settings or the targets cannot be used.
    """

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self.dimensions: tuple[Dimension, ...] = read_search(asked.search)
        base = RigConfig()
        chosen = from_file(asked.params, base) if asked.params else base
        self.arm = _arm_of(asked)
        self.rig: Rig = make_rig(
            asked.robot,
            asked.base or None,
            asked.tip or None,
            planner=planner_of(chosen),
            arm=self.arm,
        )
        own = self.rig.config
        self.start: RigConfig = from_file(asked.params, own) if asked.params else own
        self.present = numbers_of(self.start, self.dimensions)
        self._goals = self._find_goals()

    def search(self, trials: Sequence[Trial] = ()) -> Search:
        """Return the search, which goes on from earlier trials if there are any."""
        asked = self._asked
        return Search(
            self.dimensions, self.present, asked.objective, asked.targets, asked.episodes,
            asked.seed, lambda numbers, k: self._episode(numbers, self._goals[k]), trials,
        )  # fmt: skip

    def settings(self, numbers: Mapping[str, float]) -> RigConfig:
        """Return the settings with these numbers."""
        return with_numbers(self.start, numbers)

    def verdict(self, search: Search) -> Verdict:
        """Compare the best with the start on targets that the search never saw.

        The search's own order decides who comes first, and the first that is better is taken:
        the least of several costs on those targets would flatter itself.
        """
        scale = mean_episode(search.start.episodes)
        before = self._held(search.start.numbers, scale)
        for trial in search.leaders(_CANDIDATES):
            if trial is search.start:
                continue
            after = self._held(trial.numbers, scale)
            if after.reached >= before.reached and after.costs.mean() < before.costs.mean():
                return Verdict(before, after)
        return Verdict(before, before)

    def values(self, config: RigConfig) -> dict[str, object]:
        """Return what a parameter file must give for these settings, by key."""
        plain = flatten(RigConfig())
        keys = {d.key for d in self.dimensions} | {
            key for key, value in flatten(self.start).items() if value != plain[key]
        }
        own = (
            "robot",
            "base",
            "tip",
            "rate",
            "lock_step",
            "mpc.time_budget",
            "sampling.time_budget",
        )
        return {key: value for key, value in flatten(config).items() if key in keys - set(own)}

    def arm_values(self) -> dict[str, object]:
        """Return what a parameter file must give the node arm_sim for this arm, by key."""
        plain = flatten(BulletConfig())
        return {
            f"plant.{key}": value
            for key, value in flatten(self.arm).items()
            if value != plain[key] and key not in ("gui", "floor")
        }

    def held_out(self, numbers: Mapping[str, float]) -> list[Episode]:
        """Return the episodes of settings on the targets that no search sees."""
        goals = self._goals[2 * self._asked.targets :]
        return [self._episode(numbers, goal) for goal in goals]

    def close(self) -> None:
        """Release the simulation."""
        self.rig.close()

    def _episode(self, numbers: Mapping[str, float], goal: Goal) -> Episode:
        self.rig = retuned(self.rig, self.settings(numbers))
        return run_episode(self.rig, goal)

    def _held(self, numbers: Mapping[str, float], scale: Episode) -> Held:
        episodes = tuple(self.held_out(numbers))
        costs = np.array([cost_of(e, self._asked.objective, scale) for e in episodes])
        return Held(dict(numbers), episodes, costs)

    def _find_goals(self) -> list[Goal]:
        """Goals of the trials, of the finalists, and those held out."""
        asked = self._asked
        count = 2 * asked.targets + asked.held_out
        rng = np.random.default_rng(asked.seed)
        if not asked.bag:
            targets = sample_targets(self.rig.robot, count, rng, self.rig.checker.collides)
            return [self.rig.goal(target) for target in targets]
        goals = bag_goals(Path(asked.bag), self.rig)
        rng.shuffle(goals)  # type: ignore[arg-type]
        held = max(1, len(goals) // 4)
        if len(goals) < 2:
            raise DataError(
                asked.bag,
                f"found {len(goals)} goal(s) that differ",
                "A search needs some to try settings on and some to compare on: record more.",
            )
        tried, rest = goals[:-held], goals[-held:]
        return [tried[k % len(tried)] for k in range(2 * asked.targets)] + rest


def _arm_of(asked: Asked) -> BulletConfig:
    """The simulated arm: that of the parameter file, with what the command line says on top."""
    arm = arm_from_file(asked.params) if asked.params else BulletConfig()
    flags: dict[str, Any] = {}
    if asked.payload is not None:
        flags["payload"] = asked.payload
    if asked.damping is not None:
        flags["damping"] = (asked.damping,)
    if asked.friction is not None:
        flags["friction"] = (asked.friction,)
    return replace(arm, **flags)


def bag_goals(bag: Path, rig: Rig) -> list[Goal]:
    """Return the goals that a recording's controller aimed at, each once, reached from home.

    Raises:
        DataError: if the recording cannot be read.
        UnreachableTargetError: if the arm cannot get to one of them.
    """
    from rl_control.data.runs.log import read_log

    log = read_log(bag, names=rig.robot.names)
    home = rig.model.tip(rig.robot.home).position
    positions: list[Array] = []
    for goal in log.goals:
        # The first goal of a controller is where the arm was: nothing is learned from that.
        new = all(np.linalg.norm(goal.position - other) > 1e-3 for other in [home, *positions])
        if new:
            positions.append(goal.position)
    return [rig.goal(position) for position in positions]
