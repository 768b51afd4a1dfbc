"""Every episode of a training on an arm, kept as soon as it ends."""

from __future__ import annotations

from pathlib import Path

from rl_control.data.store import save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.gps.episode import Episode
from rl_control.run.output import write_json
from rl_control.types import Trajectory


class EpisodeFiles:
    """Two files an episode: its motion, as `rl_control fit` reads it, and how it came about.

    Args:
        folder: is made with the first; numbers go on where others in it end.
        period: time between two states in [s].
    """

    def __init__(self, folder: Path, period: float) -> None:
        self._folder, self._period = folder, period

    def keep(self, episode: Episode, trajectory: Trajectory, ended: str) -> None:
        """Write an episode.

        Args:
            episode: what was asked for.
            trajectory: what came of it.
            ended: how, in words.

        Raises:
            DataError: if the motion cannot be written.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.stem) for path in self._folder.glob("*.json")]
        path = self._folder / f"{max(numbers, default=0) + 1:04d}"
        data = TransitionDataset.of(trajectory, self._period, f"episode {path.name}")
        save_transitions(path.with_suffix(".safetensors"), data)
        write_json(path.with_suffix(".json"), about(episode, trajectory, ended))


def about(episode: Episode, trajectory: Trajectory, ended: str) -> dict[str, object]:
    """Return how an episode came about, as plain values."""
    condition, goal = episode.condition, episode.condition.goal
    reasons = trajectory.extra["reason"].tolist()
    return {
        "ended": ended,
        "seconds": float(trajectory.extra["stamp"][-1] - trajectory.extra["stamp"][0]),
        "began": float(trajectory.extra["stamp"][0]),
        "names": trajectory.names,
        "start": condition.q,
        "goal": {
            "position": goal.position,
            "posture": goal.posture,
            "rotation": goal.rotation,
        },
        "actor": "planner" if episode.actor is None else type(episode.actor).__name__,
        "seed": episode.seed,
        "planned": episode.planned,
        "reasons": sorted(set(reasons) - {""}),
    }
