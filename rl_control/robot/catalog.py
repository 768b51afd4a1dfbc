"""The robots known by name: where their description lies and which link is their tip."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from rl_control.errors import MissingDependencyError
from rl_control.paths import data_dir


@dataclass(frozen=True)
class NamedRobot:
    """One entry of the catalogue.

    Attributes:
        name: what users call it.
        about: one line for lists.
        file: description file, relative to our urdf folder or to the pybullet_data package.
        tip: tip link used if the caller names none.
        borrowed: whether the file comes from the pybullet_data package.
    """

    name: str
    about: str
    file: str
    tip: str
    borrowed: bool = False

    def path(self) -> Path:
        """Return where the description lies.

        Raises:
            MissingDependencyError: if it is borrowed and pybullet_data is not installed.
        """
        return (_pybullet_data(self.name) if self.borrowed else data_dir("urdf")) / self.file


_ROBOTS = (
    NamedRobot("planar2", "two joints swinging in the vertical x-z plane", "planar2.urdf", "tip"),
    NamedRobot("arm7", "seven-joint torque arm, 0.9 m reach, primitives only", "arm7.urdf", "tip"),
    NamedRobot(
        "iiwa7", "KUKA LBR iiwa, seven joints", "kuka_iiwa/model.urdf", "lbr_iiwa_link_7", True
    ),
    NamedRobot(
        "panda",
        "Franka Emika Panda, seven joints, fingers locked, tip between them",
        "franka_panda/panda.urdf",
        "panda_grasptarget",
        True,
    ),
)
CATALOG = {robot.name: robot for robot in _ROBOTS}


def robot_names() -> list[str]:
    """Return the names that `load_robot` knows."""
    return list(CATALOG)


def _pybullet_data(robot: str) -> Path:
    # Found without importing it: the robots' files are wanted here, not the simulator.
    spec = importlib.util.find_spec("pybullet_data")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise MissingDependencyError("pybullet_data", f"robot '{robot}'", "sim")
    return Path(places[0])
