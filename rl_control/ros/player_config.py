"""The settings of the node bag_player."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class PlayerConfig:
    """What of a bag is published again, and how."""

    bag: str = setting("", doc="Folder of a run or of a bag, or one .mcap or .db3 file")
    rate: float = setting(1.0, doc="Seconds of the bag a second", low=0.01, high=100.0)
    start: float = setting(0.0, doc="Offset into the bag", unit="s", low=0.0, high=1e9)
    duration: float = setting(
        0.0, doc="Length in the bag's time; 0 for all of it", unit="s", low=0.0, high=1e9
    )
    loop: bool = setting(False, doc="Begin again at the end")
    paused: bool = setting(False, doc="Begin paused; the service ~/pause goes on")
    topics: tuple[str, ...] = setting(
        (), doc="Topics, or patterns such as /mpc_controller/*; none for all"
    )
    remap: tuple[str, ...] = setting((), doc="New names of topics, each as /OLD:=/NEW")
    clock: bool = setting(
        False, doc="Publish /clock on the bag's time; a bag's own /clock goes before"
    )
    clock_rate: float = setting(
        100.0, doc="Messages on /clock a second", unit="Hz", low=1.0, high=1000.0
    )
    with_commands: bool = setting(
        False, doc="Also topics that arms obey; only while nobody listens but heard_by"
    )
    heard_by: tuple[str, ...] = setting(
        (
            "bag_recorder",
            "run_recorder",
            "rosbag2_recorder*",
            "dynamics_learner",
            "_ros2cli*",
            "plotjuggler*",
            "foxglove_bridge*",
        ),
        doc="Nodes that may hear replayed commands because they move nothing; patterns are allowed",
    )
    anyway: bool = setting(
        False, doc="Publish states though others publish them, or a controller acts on them"
    )
    discovery_time: float = setting(
        3.5,
        doc="Time after the start in which others become known; nodes make themselves known "
        "every 3 s",
        unit="s",
        low=0.0,
        high=60.0,
    )
    leave: bool = setting(
        False, doc="End the process at the end of the bag, instead of staying for late subscribers"
    )
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        0, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    diagnostics_rate: float = setting(
        2.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0
    )
