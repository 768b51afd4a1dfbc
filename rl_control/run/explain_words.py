"""What can go wrong with a command, in plain words, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.control.receding import NO_PLAN, PLAN_TOO_OLD
from rl_control.safety.reasons import Reason

DIVERGED, LATE = "diverged", "late"


@dataclass(frozen=True)
class Words:
    """A reason in words.

    Attributes:
        what: what happened.
        remedy: what to do about it.
    """

    what: str
    remedy: str


WORDS: dict[str, Words] = {
    Reason.EFFORT_LIMIT.value: Words(
        "the planner asked for more effort than allowed; the safety filter cut it to the limit",
        "Raise effort_scale if the arm bears more, or ask for less: smaller steps of the target, "
        "a higher task.weights.effort.",
    ),
    Reason.EFFORT_RATE.value: Words(
        "the effort was to change faster than allowed; the safety filter slowed the change, of all "
        "joints alike",
        "After a new target this is usual. If it goes on, let the target move on slowly, or raise "
        "safety.effort_rate.",
    ),
    Reason.COMMAND_MISMATCH.value: Words(
        "the command did not fit the arm's joints; motion was stopped",
        "Check command_joints and the robot's description against each other.",
    ),
    Reason.COMMAND_NOT_FINITE.value: Words(
        "the command was not a finite number; motion was stopped",
        "Look at the state before it: a model that foretells nonsense there is the usual cause. "
        "Go back to the model before, or plan on the described arm.",
    ),
    Reason.PLANNER_FAILED.value: Words(
        "the planner failed with an error; motion was stopped",
        "The error is in the node's log (/rosout). Activate the node anew.",
    ),
    Reason.STATE_MISMATCH.value: Words(
        "a joint was missing in the joint states; motion was stopped",
        "Let the driver publish all joints of the arm in one message.",
    ),
    Reason.STATE_NOT_FINITE.value: Words(
        "a joint state was not a finite number; motion was stopped",
        "Check the sensor of the joint named.",
    ),
    Reason.STATE_STALE.value: Words(
        "the newest joint state was too old; motion was stopped",
        "Look why the driver paused (its process, the network), or raise safety.state_timeout if "
        "such pauses are harmless.",
    ),
    Reason.STATE_FROM_FUTURE.value: Words(
        "a joint state was stamped later than the present; motion was stopped",
        "Synchronise the clocks of driver and controller.",
    ),
    Reason.POSITION_LIMIT.value: Words(
        "a joint was beyond its position limit and the margin; motion was stopped",
        "Move the arm back by hand, activate the node anew, and choose targets whose way keeps "
        "clear of the limit; a higher task.weights.position_limits keeps plans further away.",
    ),
    Reason.VELOCITY_LIMIT.value: Words(
        "a joint was faster than its limit and the margin; motion was stopped",
        "Lower velocity_scale, so that plans keep a distance from the limit, or raise "
        "task.weights.velocity_limits; tell the controller of delays (mpc.actuation_delay).",
    ),
    Reason.STOP_REQUESTED.value: Words(
        "the controller only held the arm, because it was told to stop",
        "Nothing, if the node was being stopped; else activate it anew.",
    ),
    NO_PLAN: Words(
        "there was no plan yet; the arm was held",
        "Usual at the first state. If it goes on, all plans diverge: look at the target and the "
        "model.",
    ),
    PLAN_TOO_OLD: Words(
        "no new plan had come for too long; the arm was held",
        "Plans are too slow for the rate of states: lower mpc.horizon or mpc.iterations, lower "
        "'rate', or give the process a core of its own.",
    ),
    DIVERGED: Words(
        "the newest plan diverged and was rejected; the plan before it stayed in use",
        "A target or a state far outside what the model knows is the usual cause: choose a nearer "
        "target, raise task.weights.effort, or go back to the model before.",
    ),
    LATE: Words(
        "the state's own plan was not ready in time; it was answered from the plan before, "
        "corrected for what the arm had done since",
        "Now and then this is harmless. If it is often: lower mpc.horizon, ask for "
        "realtime_priority, or leave the processor to the controller.",
    ),
}
"""By reason: the safety filter's, the planner's, and how a plan was rejected."""


def in_words(reason: str) -> Words:
    """Return a reason in words; one that is not known as itself."""
    return WORDS.get(reason, Words(reason, "Look into the node's log."))
