"""Settings that episodes of tasks have."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class EpisodeConfig:
    """Length and step of an episode, and when it is a success."""

    duration: float = setting(3.0, doc="Length of an episode", unit="s", low=0.05, high=600.0)
    dt: float = setting(
        0.02, doc="Time step of the cost and of controllers", unit="s", low=0.001, high=0.5
    )
    tolerance: float = setting(
        0.01,
        doc="Greatest distance of the tip from its goal that is a success",
        unit="m",
        low=1e-5,
        high=1.0,
    )
    spread: float = setting(
        0.0, doc="Standard deviation of the start around home", unit="rad", low=0.0, high=3.0
    )


@dataclass(frozen=True)
class ReachEpisodes(EpisodeConfig):
    """What reaching is about: one target, or targets from the whole middle workspace."""

    target: tuple[float, ...] = setting(
        (), doc="The one target of the tip, x y z; none to draw them", unit="m"
    )


@dataclass(frozen=True)
class TrackEpisodes(EpisodeConfig):
    """What is followed: a figure of eight around the tip at home."""

    duration: float = setting(8.0, doc="Length of an episode", unit="s", low=0.05, high=600.0)
    tolerance: float = setting(
        0.02,
        doc="Greatest distance of the tip from the target, once caught up, that is a success",
        unit="m",
        low=1e-5,
        high=1.0,
    )
    plane: str = setting(
        "yz", doc="Axes of the figure: of its width, of its height", choices=("yz", "xz", "xy")
    )
    width: float = setting(0.2, doc="Width of the figure", unit="m", low=0.0, high=2.0)
    height: float = setting(0.1, doc="Height of the figure", unit="m", low=0.0, high=2.0)
    period: float = setting(4.0, doc="Time for one round", unit="s", low=0.2, high=600.0)
    shift: float = setting(
        0.05, doc="Greatest shift of the figure's middle along each axis", unit="m", low=0.0
    )
    catch_up: float = setting(
        1.0, doc="Time to have caught up with the target in", unit="s", low=0.0, high=60.0
    )


@dataclass(frozen=True)
class InsertEpisodes(EpisodeConfig):
    """Where the hole may be, and how the peg gets into it."""

    duration: float = setting(5.0, doc="Length of an episode", unit="s", low=0.05, high=600.0)
    tolerance: float = setting(
        0.005,
        doc="Greatest distance of the peg's end from where it should be that is a success",
        unit="m",
        low=1e-5,
        high=1.0,
    )
    middle: tuple[float, ...] = setting(
        (0.6, 0.0, 0.15), doc="Middle of the box that holes are drawn from", unit="m", length=3
    )
    size: tuple[float, ...] = setting(
        (0.2, 0.2), doc="Size of that box along x and y", unit="m", length=2, low=0.0
    )
    positions: tuple[float, ...] = setting(
        (-0.1, -0.1, 0.1, -0.1, -0.1, 0.1, 0.1, 0.1),
        doc="Holes to train on, x and y of each from the box's middle",
        unit="m",
    )
    height: float = setting(
        0.1, doc="Height of the peg's end above the hole at the start", unit="m", low=0.0, high=1.0
    )
    depth: float = setting(
        0.05, doc="How deep the peg's end shall come", unit="m", low=0.001, high=0.055
    )
    points: float = setting(
        60.0, doc="Weight of the peg's distance from the hole's axis", unit="1/m^2", low=0.0
    )
