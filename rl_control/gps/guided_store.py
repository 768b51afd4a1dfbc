"""The state of a guided policy search by a planner as files; what is loaded is the same to the bit.

A folder holds "state" and "policy-<iteration>". The policy is written first and named by the
state, so that whatever the moment of an interruption the two belong together.
"""

from __future__ import annotations

from pathlib import Path

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError
from rl_control.gps.guided import GuidedState
from rl_control.policy.store import load_policy, save_policy

KIND = "guided policy search by a planner"
_STATE = "state"
_ARRAYS = ("observations", "outputs", "costs")


def save_guided(folder: Path, state: GuidedState) -> None:
    """Write a state into a folder, in the place of the one before.

    Raises:
        DataError: if it cannot be written; the one before is then still there.
    """
    if state.policy is not None:
        save_policy(folder / _policy_name(state.iteration), state.policy)
    document = {
        "iteration": state.iteration,
        "seconds": state.seconds,
        "has_policy": state.policy is not None,
    }
    arrays = {name: getattr(state, name) for name in _ARRAYS}
    save_checkpoint(folder / _STATE, KIND, document, arrays)
    for path in folder.glob(_policy_name("*")):
        if path.name != _policy_name(state.iteration):
            path.unlink()


def load_guided(folder: Path) -> GuidedState:
    """Return the state in a folder.

    Raises:
        DataError: if there is none, or it is damaged.
        PolicyError: if the policy in it cannot be used.
    """
    path = folder / _STATE
    document, arrays = load_checkpoint(path, KIND)
    try:
        iteration = int(document["iteration"])
        policy = None
        if document["has_policy"]:
            policy, _ = load_policy(folder / _policy_name(iteration))
        return GuidedState(
            **{name: arrays[name] for name in _ARRAYS},
            iteration=iteration,
            policy=policy,
            seconds=float(document["seconds"]),
        )
    except (KeyError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, f"its parts do not fit ({error})", "Train anew.") from error


def _policy_name(iteration: int | str) -> str:
    return f"policy-{iteration}"
