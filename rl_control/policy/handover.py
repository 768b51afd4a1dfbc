"""Who acts, the policy or the MPC that shadows it: a decision with hysteresis.

The policy acts until an observation lies further from those it was trained on than they are apart
by themselves, or until what it is foretold to cost exceeds the MPC's plan by a margin. Then the
MPC acts, and gives back when both have been well below their bounds for a while:

    takes over:  d > outside d*              or  J_policy > (1 + margin) J_mpc + slack
    gives back:  d <= inside d*  for back_time,  J_policy <= (1 + back_margin) J_mpc + slack
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from rl_control.config import setting
from rl_control.errors import ConfigError

Actor = Literal["policy", "mpc"]


@dataclass(frozen=True)
class HandoverConfig:
    """When the MPC takes over from the policy, and when it gives back."""

    outside: float = setting(
        1.5,
        doc="Times the distance that bounds the training observations, beyond which the policy "
        "does not act",
        low=0.1,
        high=1e3,
        live=True,
    )
    inside: float = setting(
        1.2, doc="Times that distance, within which it may act again", low=0.0, high=1e3, live=True
    )
    margin: float = setting(
        1.0,
        doc="Share of the MPC's cost by which the policy's may exceed it",
        low=0.0,
        high=1e6,
        live=True,
    )
    back_margin: float = setting(
        0.5,
        doc="Share by which it may do so for the policy to act again",
        low=0.0,
        high=1e6,
        live=True,
    )
    slack: float = setting(
        0.02,
        doc="Cost by which it may exceed it besides: near the target both are next to nothing",
        low=0.0,
        high=1e6,
        live=True,
    )
    back_time: float = setting(
        0.5,
        doc="Time without a fault after which the policy acts again",
        unit="s",
        low=0.0,
        high=60.0,
        live=True,
    )
    blend_time: float = setting(
        0.05,
        doc="Time in which the command goes over from one to the other",
        unit="s",
        low=0.0,
        high=2.0,
        live=True,
    )
    foresee_every: int = setting(
        5, doc="The policy's cost is foretold from every so many plans", low=1, high=1000, live=True
    )

    def __post_init__(self) -> None:
        """Refuse bounds for the way back beyond those for the way out.

        Raises:
            ConfigError: if so.
        """
        for back, out in (("inside", "outside"), ("back_margin", "margin")):
            if getattr(self, back) > getattr(self, out):
                raise ConfigError(
                    "handover",
                    back,
                    f"found {getattr(self, back):g}, above {out} = {getattr(self, out):g}",
                    f"Give at most {out}: else the two would take turns at every state.",
                )


@dataclass(frozen=True)
class Reading:
    """What is known at one state.

    Attributes:
        time: of the state in [s].
        distance: of the observation from those of the training, in units of the distance that
            bounds these; not finite counts as outside.
        policy_cost: along the horizon, as foretold; None if it is not foretold; not finite counts
            as too much.
        mpc_cost: of the plan from the same state; None without a usable one.
    """

    time: float
    distance: float
    policy_cost: float | None = None
    mpc_cost: float | None = None


@dataclass(frozen=True)
class Watch:
    """Who acts, and since when.

    Attributes:
        actor: the policy or the MPC.
        calm_since: time since which the policy could act in [s]; None if it cannot, or acts.
        cause: of the last change, with its numbers; "" before the first.
    """

    actor: Actor = "policy"
    calm_since: float | None = None
    cause: str = ""


def decide(watch: Watch, reading: Reading, config: HandoverConfig) -> Watch:
    """Return who acts from this state on."""
    if watch.actor == "policy":
        fault = _fault(reading, config.outside, config.margin, config.slack)
        return Watch("mpc", None, fault) if fault else watch
    if _fault(reading, config.inside, config.back_margin, config.slack):
        return Watch("mpc", None, watch.cause)
    since = reading.time if watch.calm_since is None else watch.calm_since
    calm = reading.time - since
    if calm < config.back_time:
        return Watch("mpc", since, watch.cause)
    return Watch("policy", None, f"no fault for {calm:.2f} s")


def _fault(reading: Reading, bound: float, margin: float, slack: float) -> str:
    """What keeps the policy from acting, with its numbers; "" for nothing."""
    if not reading.distance <= bound:
        return f"observation at {reading.distance:.3g} times the bound, allowed {bound:g}"
    cost, other = reading.policy_cost, reading.mpc_cost
    if cost is None:
        return ""
    if not math.isfinite(cost):
        return "the policy's foretold cost is not finite"
    if other is None or not math.isfinite(other):
        return ""  # nobody does better
    allowed = (1.0 + margin) * other + slack
    if cost <= allowed:
        return ""
    return f"foretold cost {cost:.3g}, the MPC's {other:.3g}, allowed {allowed:.3g}"
