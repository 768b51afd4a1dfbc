"""The search for better settings: propose, try target by target, give up early, remember.

Proposals come from the tree-structured Parzen estimator of Optuna. Every trial has the same
targets, so that trials are compared on what they did and not on what they were asked. A trial that
falls behind the best one is given up after the episode in which it does. The last episodes try the
best few on as many new targets: what won on four by chance shall not win.

Source: Bergstra et al., "Algorithms for hyper-parameter optimization" (2011).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_control.errors import MissingDependencyError
from rl_control.run.tune_score import Episode, cost_of, mean_episode
from rl_control.run.tune_space import Dimension

_BEHIND = 1.25  # times the best trial's cost on the same targets at which one is given up
_AT_RANDOM = 6  # trials before proposals follow those that did well
_FINALISTS = 3

RunEpisode = Callable[[Mapping[str, float], int], Episode]


@dataclass(frozen=True)
class Trial:
    """Settings that were tried.

    Attributes:
        numbers: value of each dimension, by key.
        episodes: on the first targets, in order.
        costs: what they cost, [as many].
    """

    numbers: Mapping[str, float]
    episodes: tuple[Episode, ...]
    costs: tuple[float, ...]

    @property
    def cost(self) -> float:
        """Mean cost of the episodes that were made."""
        return float(np.mean(self.costs))


class Search:
    """Tries settings, one trial after another; the first is what there is.

    A search that is given earlier trials goes on as if it had made them itself.

    Args:
        dimensions: what is varied.
        present: value of each dimension at the start, by key.
        objective: what an episode costs; one of `tune_score.OBJECTIVES`.
        targets: number of targets of a trial.
        budget: number of episodes in all.
        seed: of the proposals.
        run: makes the episode of settings on a target; there are twice as many targets, the second
            half for those that are tried again.
        trials: earlier ones.

    Attributes:
        trials: so far.

    Raises:
        MissingDependencyError: if optuna is not installed.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        present: Mapping[str, float],
        objective: str,
        targets: int,
        budget: int,
        seed: int,
        run: RunEpisode,
        trials: Sequence[Trial] = (),
    ) -> None:
        self.trials = list(trials)
        self._dimensions, self._present, self._objective = dimensions, present, objective
        self._targets, self._budget, self._seed, self._run = targets, budget, seed, run
        self._optuna = _optuna()
        self._distributions = {d.key: self._distribution(d) for d in dimensions}

    @property
    def spent(self) -> int:
        """Episodes made so far."""
        return sum(len(trial.episodes) for trial in self.trials)

    @property
    def start(self) -> Trial:
        """The first trial: the settings there were."""
        return self.trials[0]

    @property
    def best(self) -> Trial:
        """The best of the finalists if there are any, else of the trials on every target."""
        finalists = [trial for trial in self.trials if self._final(trial)]
        return min(finalists or self._whole, key=lambda trial: trial.cost)

    def leaders(self, count: int) -> list[Trial]:
        """Return the best trials, finalists first."""
        ordered = sorted(self._whole, key=lambda trial: (not self._final(trial), trial.cost))
        return ordered[:count]

    @property
    def over(self) -> bool:
        """Whether no episode is left for one more trial, and the finalists have been tried."""
        return not self._affords_trial and not self._open_finalists

    def step(self) -> Trial:
        """Make one more trial, or try a finalist again."""
        if self._affords_trial or not self.trials:
            self.trials.append(self._trial(self._proposal() if self.trials else self._present))
            return self.trials[-1]
        place = self.trials.index(self._open_finalists[0])
        trial = self.trials[place]
        more = [self._run(trial.numbers, k) for k in range(self._targets, 2 * self._targets)]
        costs = [self._cost(episode) for episode in more]
        self.trials[place] = Trial(trial.numbers, (*trial.episodes, *more), (*trial.costs, *costs))
        return self.trials[place]

    def is_whole(self, trial: Trial) -> bool:
        """Say whether a trial was not given up."""
        return len(trial.episodes) >= self._targets

    def standing(self, trial: Trial) -> float:
        """Return a trial's cost on the targets that all trials have.

        One that was given up is taken to be as far behind the best on all as on those it tried.
        """
        costs, best = trial.costs[: self._targets], self.best.costs[: self._targets]
        return float(np.mean(best) + np.mean(costs) - np.mean(best[: len(costs)]))

    def importance(self) -> dict[str, float]:
        """Return each dimension's share of what made costs differ; zeros if it is not known."""
        study = self._study()
        evaluator = self._optuna.importance.PedAnovaImportanceEvaluator()
        shares = dict.fromkeys(self._distributions, 0.0)
        if len({round(trial.value, 12) for trial in study.trials}) > 3:
            shares |= self._optuna.importance.get_param_importances(study, evaluator=evaluator)
        return shares

    @property
    def _whole(self) -> list[Trial]:
        return [trial for trial in self.trials if self.is_whole(trial)]

    def _final(self, trial: Trial) -> bool:
        return len(trial.episodes) > self._targets

    @property
    def _affords_trial(self) -> bool:
        final = any(self._final(trial) for trial in self.trials)
        reserved = _FINALISTS * self._targets
        if self._budget < 2 * (reserved + self._targets):
            reserved = 0  # too few episodes for a second round
        return not final and self.spent + self._targets + reserved <= self._budget

    @property
    def _open_finalists(self) -> list[Trial]:
        """The best trials that have not been tried again, and which the budget has episodes for."""
        whole = sorted(self._whole, key=lambda trial: sum(trial.costs[: self._targets]))
        best = [trial for trial in whole[:_FINALISTS] if not self._final(trial)]
        return best[: max(0, (self._budget - self.spent) // self._targets)]

    def _trial(self, numbers: Mapping[str, float]) -> Trial:
        episodes: list[Episode] = []
        costs: list[float] = []
        while len(episodes) < self._targets and not self._hopeless(costs):
            episodes.append(self._run(numbers, len(episodes)))
            costs.append(self._cost(episodes[-1]))
        return Trial(dict(numbers), tuple(episodes), tuple(costs))

    def _cost(self, episode: Episode) -> float:
        scale = mean_episode(self.start.episodes) if self.trials else None
        return cost_of(episode, self._objective, scale)

    def _hopeless(self, costs: Sequence[float]) -> bool:
        if not (self.trials and costs):
            return False
        best = self.best.costs[: self._targets]
        ahead = sum(best[: len(costs)])
        return sum(costs) > _BEHIND * ahead or sum(costs) >= sum(best)

    def _proposal(self) -> dict[str, float]:
        found = self._study().ask(self._distributions).params
        # Nobody wants sixteen digits in a parameter file.
        return {
            d.key: min(max(float(f"{found[d.key]:.4g}"), d.low), d.high) for d in self._dimensions
        }

    def _study(self) -> Any:
        """What Optuna is to know: every trial, in the order they were made."""
        # A seed of its own for every proposal: it is the same whether or not one was interrupted.
        sampler = self._optuna.samplers.TPESampler(
            seed=int(np.random.SeedSequence([self._seed, len(self.trials)]).generate_state(1)[0]),
            multivariate=True,
            n_startup_trials=_AT_RANDOM,
        )
        study = self._optuna.create_study(sampler=sampler)
        for trial in self.trials:
            if all(self._inside(d, trial.numbers[d.key]) for d in self._dimensions):
                study.add_trial(self._told(trial))
        return study

    def _told(self, trial: Trial) -> Any:
        params = {
            d.key: round(trial.numbers[d.key]) if d.whole else trial.numbers[d.key]
            for d in self._dimensions
        }
        return self._optuna.trial.create_trial(
            params=params,
            distributions=self._distributions,
            value=self.standing(trial),
        )

    @staticmethod
    def _inside(dimension: Dimension, number: float) -> bool:
        return dimension.low <= number <= dimension.high

    def _distribution(self, d: Dimension) -> Any:
        of = self._optuna.distributions
        if d.whole:
            return of.IntDistribution(int(np.ceil(d.low)), int(np.floor(d.high)), log=d.log)
        return of.FloatDistribution(d.low, d.high, log=d.log)


def _optuna() -> Any:
    """Return Optuna, quiet.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise MissingDependencyError("optuna", "'rl_control tune'", "tune") from error
    optuna.logging.set_verbosity(logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return optuna
