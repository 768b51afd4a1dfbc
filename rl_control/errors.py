"""One exception tree; each error carries its data and says what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """Return the entry of `valid` most like `name`, or None if none is close."""
    found = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return found[0] if found else None


def _suggest(name: str, valid: Sequence[str]) -> str:
    best = nearest(name, valid)
    hint = f"did you mean '{best}'? " if best else ""
    return f"{hint}Valid: {', '.join(valid)}."


class RlControlError(Exception):
    """Base of every error this package raises on bad input."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Let an error travel between processes with its data, whatever its constructor takes."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(kind: type[RlControlError], args: tuple[Any, ...], data: Any) -> RlControlError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(data)
    return error


class ShapeError(RlControlError, ValueError):
    """A vector or matrix of the wrong size."""

    def __init__(self, what: str, found: object, expected: object) -> None:
        self.what, self.found, self.expected = what, found, expected
        super().__init__(f"{what}: found {found} values, expected {expected}. Give one a joint.")


class NonFiniteError(RlControlError, ValueError):
    """A NaN or an infinity where a finite number is needed."""

    def __init__(self, what: str, where: object) -> None:
        self.what, self.where = what, where
        super().__init__(f"{what}: not finite at {where}. Check the source of these values.")


class JointMismatchError(RlControlError, KeyError):
    """Joints that are needed are not there."""

    def __init__(self, missing: Sequence[str], available: Sequence[str]) -> None:
        self.missing, self.available = list(missing), list(available)
        super().__init__(
            f"missing joint(s) {', '.join(self.missing)}; found {', '.join(self.available)}. "
            "Check the joint names of the robot and of the state's source."
        )

    def __str__(self) -> str:
        return str(self.args[0])


class UnknownNameError(RlControlError, KeyError):
    """A name that is not one of the valid ones."""

    def __init__(self, kind: str, name: str, valid: Sequence[str]) -> None:
        self.kind, self.name, self.valid = kind, name, list(valid)
        super().__init__(f"unknown {kind} '{name}': {_suggest(name, self.valid)}")

    def __str__(self) -> str:
        return str(self.args[0])


class RobotDescriptionError(RlControlError, ValueError):
    """A URDF that cannot be used, naming the element and its attribute."""

    def __init__(self, source: str, element: str, problem: str, remedy: str) -> None:
        self.source, self.element, self.problem, self.remedy = source, element, problem, remedy
        super().__init__(f"{source}: {element}: {problem}. {remedy}")


class ConfigError(RlControlError, ValueError):
    """A setting that is unknown, of the wrong type or out of its range."""

    def __init__(self, source: str, key: str, problem: str, remedy: str) -> None:
        self.source, self.key, self.problem, self.remedy = source, key, problem, remedy
        super().__init__(f"{source}: {key}: {problem}. {remedy}")


class UnreachableTargetError(RlControlError, ValueError):
    """A target no joint vector within the limits brings the tip to."""

    def __init__(self, target: Sequence[float], nearest_miss_m: float, tolerance_m: float) -> None:
        self.target = [float(c) for c in target]
        self.nearest_miss_m, self.tolerance_m = nearest_miss_m, tolerance_m
        at = ", ".join(f"{c:.3f}" for c in self.target)
        super().__init__(
            f"target ({at}) m cannot be reached: the tip comes no nearer than "
            f"{nearest_miss_m * 1e3:.1f} mm (allowed {tolerance_m * 1e3:.1f} mm) within the joint "
            "limits. Choose a target inside the workspace, or another tip frame."
        )


class PlantError(RlControlError, RuntimeError):
    """A plant that cannot go on (closed, lost, or given a command it must refuse)."""


class MissingDependencyError(RlControlError, ImportError):
    """A library that a feature needs is not installed; `extra` brings it, "" if the package does.

    An installation by colcon lacks what has no rosdep key.
    """

    def __init__(self, library: str, feature: str, extra: str) -> None:
        self.library, self.feature, self.extra = library, feature, extra
        what = f"'rl_control[{extra}]'" if extra else library
        super().__init__(
            f"{feature} needs {library}, which is not installed. "
            f"Install it with: pip install {what}"
        )


class InstallationError(RlControlError, FileNotFoundError):
    """Files that ship with the package are not where it is installed."""

    def __init__(self, missing: str, beside: object) -> None:
        self.missing, self.beside = missing, beside
        super().__init__(
            f"no {missing} in any folder above {beside}: the installation is incomplete. "
            "Install the package again with pip or colcon."
        )


class CommandConflictError(RlControlError, RuntimeError):
    """Somebody else sends commands to the same arm."""

    def __init__(self, topic: str, publishers: Sequence[str]) -> None:
        self.topic, self.publishers = topic, list(publishers)
        super().__init__(
            f"another publisher on {topic}: {', '.join(self.publishers)}. An arm takes commands "
            "from one controller only: stop the other one, or choose another command_topic."
        )


class RefusedTargetError(UnreachableTargetError):
    """A target the tip can come to, but not as demanded (orientation, free of collision)."""

    def __init__(self, target: Sequence[float], cause: str, remedy: str) -> None:
        self.target = [float(c) for c in target]
        self.nearest_miss_m = self.tolerance_m = 0.0
        self.cause, self.remedy = cause, remedy
        at = ", ".join(f"{c:.3f}" for c in self.target)
        RlControlError.__init__(self, f"target ({at}) m cannot be reached {cause}. {remedy}")


class GoalSearchError(RlControlError, RuntimeError):
    """The search for a goal's joint vector could not be made."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"no goal could be looked for: {problem}. Deactivate and activate the controller: "
            "that starts the search anew."
        )


class DataError(RlControlError, ValueError):
    """Recorded motion, or a file of it, that cannot be used."""

    def __init__(self, source: object, problem: str, remedy: str) -> None:
        self.source, self.problem, self.remedy = str(source), problem, remedy
        super().__init__(f"{source}: {problem}. {remedy}")


class ModelError(RlControlError, ValueError):
    """A dynamics model that cannot be used: not this arm's, damaged, or worse than none."""

    def __init__(self, source: object, problem: str, remedy: str) -> None:
        self.source, self.problem, self.remedy = str(source), problem, remedy
        super().__init__(f"{source}: {problem}. {remedy}")


class PolicyError(RlControlError, ValueError):
    """A policy that cannot be used, or training that cannot go on."""

    def __init__(self, source: object, problem: str, remedy: str) -> None:
        self.source, self.problem, self.remedy = str(source), problem, remedy
        super().__init__(f"{source}: {problem}. {remedy}")


class ConditionError(RlControlError, ValueError):
    """A start of an episode that the arm cannot or must not be brought to."""

    def __init__(self, task: str, problem: str, remedy: str) -> None:
        self.task, self.problem, self.remedy = task, problem, remedy
        super().__init__(f"start of an episode of '{task}': {problem}. {remedy} Nothing has moved.")


class WorkerError(RlControlError, RuntimeError):
    """A process that makes rollouts has died, and so has the one in its place."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"a worker process died twice on one episode: {problem}. What was trained so far is "
            "kept: look for memory or a crash of the simulation, and go on with --resume."
        )


class TrustRegionError(RlControlError, ValueError):
    """A trust region around a policy that no controller is within."""

    def __init__(self, blame: str, bound: float, remedy: str) -> None:
        self.blame, self.bound, self.remedy = blame, bound, remedy
        super().__init__(
            f"trust region: the {blame} to blame: no controller is within {bound:.3g} nats of the "
            f"policy, however near it is asked. {remedy}"
        )


class ReplayConflictError(RlControlError, RuntimeError):
    """A topic on which a replayed recording would meet others: an arm, or a second source."""

    def __init__(self, topic: str, problem: str, remedy: str) -> None:
        self.topic, self.problem, self.remedy = topic, problem, remedy
        super().__init__(f"{topic}: {problem}. {remedy}")
