"""A trainer's state as files: what is loaded goes on as if never stopped.

A folder holds "state" and "policy-<iteration>". The policy is written first and named by the
state, so that whatever the moment of an interruption the two belong together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from numpy.typing import NDArray

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError
from rl_control.policy.store import load_policy, save_policy
from rl_control.policy.training import Policy

_STATE = "state"

Arrays = Mapping[str, NDArray[Any]]
S = TypeVar("S")


def save_files(
    folder: Path,
    kind: str,
    document: Mapping[str, Any],
    arrays: Arrays,
    iteration: int,
    policy: Policy | None,
) -> None:
    """Write a state into a folder, in the place of the one before.

    Args:
        folder: it must exist.
        kind: of the state; a reader asks for it.
        document: plain values.
        arrays: numbers.
        iteration: iterations made.
        policy: taught last; None before the first iteration.

    Raises:
        DataError: if it cannot be written; the one before is then still there.
    """
    if policy is not None:
        save_policy(folder / _policy_name(iteration), policy)
    document = {"iteration": iteration, "has_policy": policy is not None, **document}
    save_checkpoint(folder / _STATE, kind, document, arrays)
    for path in folder.glob(_policy_name("*")):
        if path.name != _policy_name(iteration):
            path.unlink()


def load_files(
    folder: Path,
    kind: str,
    assemble: Callable[[Mapping[str, Any], Arrays, int, Policy | None], S],
) -> S:
    """Return the state in a folder.

    Args:
        folder: where it is.
        kind: what it must be.
        assemble: makes the state of document, arrays, iteration and policy, as they were saved.

    Raises:
        DataError: if there is none, or it is damaged.
        PolicyError: if the policy in it cannot be used.
    """
    path = folder / _STATE
    document, arrays = load_checkpoint(path, kind)
    try:
        iteration = int(document["iteration"])
        policy = None
        if document["has_policy"]:
            policy, _ = load_policy(folder / _policy_name(iteration))
        return assemble(document, arrays, iteration, policy)
    except (KeyError, ValueError, IndexError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, f"its parts do not fit ({error})", "Train anew.") from error


def _policy_name(iteration: int | str) -> str:
    return f"policy-{iteration}"
