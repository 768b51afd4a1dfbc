from collections.abc import Callable
from pathlib import Path

import pytest

from rl_control.robot.description import load_robot
from rl_control.robot.model import RobotModel

PENDULUM = """<robot name="pendulum">
<link name="base"/>
<link name="rod"><inertial><origin xyz="0 0 -{length}"/><mass value="{mass}"/>
  <inertia {inertia}/></inertial>{shape}</link>
<joint name="hinge" type="{kind}"><parent link="base"/><child link="rod"/>
  <origin xyz="0 0 2"/><axis xyz="{axis}"/>
  <limit lower="{lower}" upper="{upper}" effort="{effort}" velocity="{velocity}"/>
  <dynamics damping="{damping}" friction="{friction}"/></joint>
<link name="tip"/>
<joint name="weld" type="fixed"><parent link="rod"/><child link="tip"/>
  <origin xyz="0 0 -1"/></joint>
</robot>"""

# The moment of inertia about the hinge is iyy + mass * length^2 = 0.37 kg m^2.
DEFAULTS = {
    "length": 0.5,
    "mass": 1.0,
    "inertia": 'ixx="0.1" iyy="0.12" izz="0.05" ixy="0" ixz="0" iyz="0"',
    "shape": "",
    "kind": "revolute",
    "axis": "0 1 0",
    "lower": -3,
    "upper": 3,
    "effort": 10,
    "velocity": 5,
    "damping": 0,
    "friction": 0,
}
MOMENT = 0.37


@pytest.fixture
def pendulum(tmp_path: Path) -> Callable[..., RobotModel]:
    """Make a pendulum hanging down at zero; keywords replace `DEFAULTS`."""

    def make(**changes: object) -> RobotModel:
        path = tmp_path / "pendulum.urdf"
        path.write_text(PENDULUM.format(**{**DEFAULTS, **changes}))
        return load_robot(path)

    return make
