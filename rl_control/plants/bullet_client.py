"""PyBullet, imported without its noise, and one physics world a caller."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import weakref
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from scipy.spatial.transform import Rotation

from rl_control.errors import MissingDependencyError, PlantError
from rl_control.types import Pose


@cache
def import_pybullet(feature: str = "the simulated arm") -> ModuleType:
    """Return the module pybullet; its banner is kept off the terminal.

    Raises:
        MissingDependencyError: if it is not installed.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        # The banner is written by C code, past sys.stderr.
        os.dup2(nowhere, 2)
        import pybullet
    except ImportError as error:
        raise MissingDependencyError("pybullet", feature, "sim") from error
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
    return pybullet


class World:
    """One physics world, closed at the latest when the object or the process ends.

    Functions of pybullet are called as methods, with this world's client filled in.

    Args:
        gui: open a window.

    Raises:
        MissingDependencyError: if pybullet is not installed.
        PlantError: if there is no screen for the window, or no world to be had.
    """

    def __init__(self, gui: bool = False) -> None:
        self.bullet = import_pybullet()
        if gui and sys.platform.startswith("linux") and not os.environ.get("DISPLAY"):
            # PyBullet would end the whole process.
            raise PlantError("no screen for the simulator's window: set DISPLAY, or gui to false")
        self.client: int = self.bullet.connect(self.bullet.GUI if gui else self.bullet.DIRECT)
        if self.client < 0:
            raise PlantError("PyBullet gives no further world: close plants that are not used")
        self.close = weakref.finalize(self, _disconnect, self.bullet, self.client, os.getpid())

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return not self.close.alive

    def __getattr__(self, name: str) -> Any:
        function = getattr(self.bullet, name)
        client = self.client

        def call(*args: Any, **kwargs: Any) -> Any:
            return function(*args, physicsClientId=client, **kwargs)

        # Kept, so that the next look-up costs nothing.
        self.__dict__[name] = call
        return call

    def load_fixed(self, urdf: str, exact: bool = False) -> int:
        """Load a URDF text with its base fixed at the origin; return the body.

        Args:
            urdf: the text.
            exact: see `load_file`.

        Raises:
            PlantError: if PyBullet refuses it.
        """
        with tempfile.TemporaryDirectory(prefix="rl_control-") as folder:
            path = Path(folder) / "arm.urdf"
            path.write_text(urdf, encoding="utf-8")
            return self.load_file(path, "the arm", exact=exact)

    def load_file(
        self, path: Path, what: str, pose: Pose | None = None, exact: bool = False
    ) -> int:
        """Load a URDF file with its base link fixed at a pose; return the body.

        Args:
            path: the file.
            what: what it is, for messages.
            pose: in the world's frame; the origin if not given.
            exact: cylinders touch as what they are. By default they are prisms, thicker by the
                simulator's collision margin of 1 mm.

        Raises:
            PlantError: if PyBullet refuses it.
        """
        bullet = self.bullet
        # Without the first flag, inertias are made up from collision shapes.
        flags = bullet.URDF_USE_INERTIA_FROM_FILE
        if exact:
            flags |= bullet.URDF_USE_IMPLICIT_CYLINDER
        place = {} if pose is None else _place(pose)
        try:
            return int(self.loadURDF(str(path), useFixedBase=True, flags=flags, **place))
        except bullet.error as error:
            raise PlantError(f"PyBullet cannot load {what} ({error}). Check its URDF.") from error


def _place(pose: Pose) -> dict[str, list[float]]:
    turn = Rotation.from_matrix(pose.rotation).as_quat()
    return {"basePosition": pose.position.tolist(), "baseOrientation": turn.tolist()}


def _disconnect(bullet: ModuleType, client: int, owner: int) -> None:
    if os.getpid() != owner:
        return  # a forked child must not close its parent's window
    # A window closed by hand has taken its world with it.
    with contextlib.suppress(bullet.error):
        bullet.disconnect(physicsClientId=client)
