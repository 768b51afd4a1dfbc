"""The settings of the node browser_view."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.view.settings import ViewConfig


@dataclass(frozen=True)
class BrowserViewConfig(ViewConfig):
    """Settings of the view's node."""

    robot: str = setting("iiwa7", doc="Robot to show: a name, or the path of a URDF or xacro")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        0, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    controller: str = setting(
        "mpc_controller", doc="Node that targets are sent to, and whose plan is shown"
    )
    simulator: str = setting("arm_sim", doc="Node that can be reset, where there is one")
    state_topic: str = setting("joint_states", doc="Topic of joint states")
    camera_topic: str = setting(
        "",
        doc="Topic of a camera's pictures to show: sensor_msgs/Image, or CompressedImage if the "
        "name ends in /compressed; empty for none",
    )
    camera_rate: float = setting(
        5.0, doc="Pictures of the camera a second, at most", unit="Hz", low=0.1, high=30.0
    )
    open: bool = setting(False, doc="Open the page in this machine's browser")
    may_move: bool = setting(
        False,
        doc="Let people drag the target at once, as with a simulated arm; false waits until they "
        "tick a box",
    )
