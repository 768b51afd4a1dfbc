"""Follow: keep to a joint path in time; the reach's cost with other weights."""

from __future__ import annotations

from dataclasses import replace

from rl_control.tasks.reach_config import ReachConfig, ReachTerminal

_LAST = 0.02  # [s] that the last node counts for, as each of the others does


def follow_config(reach: ReachConfig) -> ReachConfig:
    """Return the reach's settings with the weights that follow a path.

    The last node is one among the others: it is not where the arm shall come to rest.

    Args:
        reach: the reach, whose weights of limits stay.
    """
    follow = replace(
        reach.weights,
        tip_position=reach.follow.tip_position,
        tip_orientation=0.0,
        posture=(reach.follow.posture,),
        velocity=(0.0,),
        effort=(reach.follow.effort,),
    )
    terminal = ReachTerminal(tip_position=_LAST, tip_orientation=0.0, posture=_LAST, velocity=0.0)
    return replace(reach, weights=follow, terminal=terminal)
