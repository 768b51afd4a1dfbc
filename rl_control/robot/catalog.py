"""What is known by name: robots and the tools they can hold, their descriptions and tip links."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from rl_control.errors import MissingDependencyError, UnknownNameError
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


@dataclass(frozen=True)
class NamedTool:
    """A tool that "ROBOT+TOOL" fixes to a robot's tip.

    Attributes:
        name: what users call it.
        file: description file, relative to our urdf folder.
        tip: link of it that becomes the arm's tip.
    """

    name: str
    file: str
    tip: str

    def path(self) -> Path:
        """Return where the description lies."""
        return data_dir("urdf") / self.file


TOOLS = {tool.name: tool for tool in (NamedTool("peg", "peg.urdf", "peg_end"),)}


def robot_names() -> list[str]:
    """Return the names that `load_robot` knows."""
    return list(CATALOG)


def split_tool(name_or_path: str | Path) -> tuple[str | Path, NamedTool | None]:
    """Return the robot's name or path without a "+TOOL" behind it, and that tool if there is one.

    Raises:
        UnknownNameError: if a robot known by name is to hold a tool that is not.
    """
    robot, _, tool = str(name_or_path).rpartition("+")
    if tool in TOOLS and robot:
        return robot, TOOLS[tool]
    if robot in CATALOG:
        raise UnknownNameError("tool", tool, list(TOOLS))
    return name_or_path, None


def _pybullet_data(robot: str) -> Path:
    # Found without importing it: the robots' files are wanted here, not the simulator.
    spec = importlib.util.find_spec("pybullet_data")
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places:
        raise MissingDependencyError("pybullet_data", f"robot '{robot}'", "sim")
    return Path(places[0])
