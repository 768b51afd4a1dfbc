"""The simulated arm: PyBullet behind the Plant protocol, driven by joint efforts."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.config import fields_of, validate
from rl_control.errors import NonFiniteError, PlantError
from rl_control.plants.bullet_arm import damping_torque, load_arm, set_friction, set_payload
from rl_control.plants.bullet_client import World
from rl_control.plants.bullet_config import BulletConfig, per_joint
from rl_control.plants.bullet_fixtures import Fixtures
from rl_control.plants.bullet_scene import Scene
from rl_control.plants.bullet_urdf import Payload
from rl_control.plants.delay import DelayLine
from rl_control.robot.model import RobotModel
from rl_control.types import ArmState, Array, Command, JointState, Pose, as_vector, joint_index


@dataclass(frozen=True)
class _Sample:
    """What the sensors see at one instant, before noise."""

    stamp: float
    q: Array
    v: Array
    effort: Array
    tip: Pose


class BulletPlant:
    """An arm in a physics world of its own.

    Like a real drive it clips efforts to the robot's limits (and counts it in `clipped`), does
    not limit speed (but counts in `overspeed`), keeps the last effort between commands and
    reports the effort it applies. Viscous friction -damping * v acts implicitly in time,

        (M + h D) a = u - bias - D v,  friction torque = -D (v + h a),

    which is the model's damping term and, unlike PyBullet's own, stable for any D and substep h;
    where there is Coulomb friction too, a is what it leaves.
    Coulomb friction is a velocity motor at rest with limited force. Stamps are simulated time,
    which runs on over a reset. Links pass through each other and through the floor; fixtures are
    solid.

    All methods may be called from any thread.

    Args:
        robot: the arm; links off the chain are fixed where the robot model locks them.
        config: what is different from the URDF.
        rng: makes the sensor noise; seeded with 0 if not given.
        fixtures: URDF file of each thing that can be placed about the arm, by its name.

    Raises:
        ConfigError: if a setting is not allowed.
        MissingDependencyError: if pybullet is not installed.
        PlantError: if PyBullet refuses the arm, a fixture's file is not there, or a window cannot
            be opened.
    """

    def __init__(
        self,
        robot: RobotModel,
        config: BulletConfig | None = None,
        rng: Generator | None = None,
        fixtures: Mapping[str, Path] | None = None,
    ) -> None:
        self.robot = robot
        self.config = config or BulletConfig()
        validate(self.config, "BulletConfig")
        self._substeps = self.config.substeps
        n = robot.n
        self._damping, self._friction = self._resistance(self.config)
        self._gravity = as_vector(self.config.gravity or robot.gravity, 3, "gravity")
        self._rng = rng or np.random.default_rng(0)
        self._rest = [0.0] * n
        self._lock = threading.RLock()
        self._ticks = 0
        self.clipped = 0
        self.overspeed = 0
        self._build(fixtures or {})
        self.reset()

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self.robot.names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self.config.period

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Bring the arm to `q` [n] (home if not given) and `v` [n] (rest); observe.

        Raises:
            ShapeError: if a vector has the wrong length.
            NonFiniteError: if a value is not finite.
            PlantError: if the plant is closed.
        """
        n = self.robot.n
        q = as_vector(self.robot.home if q is None else q, n, "reset position")
        v = as_vector(self._rest if v is None else v, n, "reset velocity")
        for what, values in (("reset position", q), ("reset velocity", v)):
            bad = np.flatnonzero(~np.isfinite(values))
            if bad.size:
                raise NonFiniteError(what, self.names[bad[0]])
        with self._lock:
            world = self._open_world()
            for joint, position, velocity in zip(self._arm.joints, q, v, strict=True):
                world.resetJointState(self._arm.body, joint, position, velocity)
            step = self.config.substep
            self._effort = np.zeros(n)
            self._efforts = DelayLine(round(self.config.command_latency / step), self._effort)
            lag = round(self.config.observation_latency / step)
            self._samples = DelayLine(lag, self._sample())
            # A state is sampled so that it arrives at the end of a period.
            self._phase = (self._ticks - lag) % self._substeps
            self._state = self._read()
            return self._state

    def step(self, command: Command) -> ArmState:
        """Apply the command's effort for one period; return the state that has arrived by then.

        A refused command leaves the arm as it was.

        Raises:
            JointMismatchError: if the command lacks a joint.
            ShapeError: if its effort has the wrong length.
            PlantError: if it is not finite, the simulation diverged, or the plant is closed.
        """
        effort, clipped = self._accept(command)
        with self._lock:
            world = self._open_world()
            self.clipped += clipped
            self._efforts.send(self._ticks, effort)
            for _ in range(self._substeps):
                self._advance(world)
                if self._ticks % self._substeps == self._phase:
                    self._samples.send(self._ticks, self._sample())
            self._state = self._read()
            return self._state

    def observe(self) -> ArmState:
        """Return the newest state that has arrived.

        Raises:
            PlantError: if the plant is closed.
        """
        with self._lock:
            self._open_world()
            return self._state

    def truth(self) -> ArmState:
        """Return the state as it is now, without noise and latency: for measuring only.

        Raises:
            PlantError: if the plant is closed.
        """
        with self._lock:
            self._open_world()
            return self._state_of(self._sample())

    def place(self, scene: Mapping[str, Pose]) -> None:
        """Put fixtures at poses in the base frame; those that are not named are taken away.

        Raises:
            UnknownNameError: if a name is not that of a fixture.
            NonFiniteError: if a pose is not finite.
            PlantError: if PyBullet refuses a fixture, or the plant is closed.
        """
        with self._lock:
            self._open_world()
            self._fixtures.place(scene)

    def touches_fixture(self) -> bool:
        """Say whether the arm, as it stands, touches a fixture or is inside one.

        Raises:
            PlantError: if the plant is closed.
        """
        with self._lock:
            self._open_world()
            return self._fixtures.touched()

    def contact_force(self) -> float:
        """Return the sum of the normal forces between arm and fixtures in the last substep in [N].

        Raises:
            PlantError: if the plant is closed.
        """
        with self._lock:
            self._open_world()
            return self._fixtures.force()

    def check(self, config: BulletConfig) -> None:
        """Refuse settings that `configure` cannot take.

        Raises:
            ConfigError: if one is not allowed, or there is friction of neither one joint nor all.
        """
        validate(config, "BulletConfig")
        self._resistance(config)

    def configure(self, config: BulletConfig) -> None:
        """Take new values of the settings that may change while running, from the next step on.

        These are payload (at its place), damping, friction and noise.

        Raises:
            ConfigError: if one is not allowed; nothing has changed.
            PlantError: if the plant is closed.
        """
        live = {
            info.key: getattr(config, info.key) for info in fields_of(BulletConfig) if info.live
        }
        new = replace(self.config, **live)
        self.check(new)
        with self._lock:
            world = self._open_world()
            self.config = new
            self._damping, self._friction = self._resistance(new)
            set_friction(world, self._arm, self._friction)
            set_payload(world, self._arm, Payload(new.payload, new.payload_com))

    def show_target(self, position: Sequence[float] | Array) -> None:
        """Draw a red ball at `position`, [3] in [m] in the base frame; it has no substance.

        Raises:
            PlantError: if the plant is closed.
        """
        at = as_vector(position, 3, "target position")
        with self._lock:
            self._open_world()
            self._scene.show_target(at)

    def frame(self, width: int = 640, height: int = 480) -> NDArray[np.uint8]:
        """Return a picture of the arm, [height, width, 3], drawn without a screen.

        Raises:
            PlantError: if the plant is closed.
        """
        with self._lock:
            self._open_world()
            return self._scene.frame(width, height)

    def close(self) -> None:
        """Release the physics world; calling it twice is harmless."""
        with self._lock:
            self._world.close()

    def _resistance(self, config: BulletConfig) -> tuple[Array, Array]:
        """Viscous and Coulomb friction of each joint, [n] each."""
        joints = self.robot.joints
        return (
            per_joint(config.damping, np.array([j.damping for j in joints]), "damping"),
            per_joint(config.friction, np.array([j.friction for j in joints]), "friction"),
        )

    def _build(self, fixtures: Mapping[str, Path]) -> None:
        """Make the world and load the arm into it."""
        config = self.config
        world = self._world = World(config.gui)
        world.setGravity(*self._gravity.tolist())
        world.setPhysicsEngineParameter(
            fixedTimeStep=config.substep, numSubSteps=0, deterministicOverlappingPairs=1
        )
        payload = Payload(config.payload, config.payload_com)
        self._arm = load_arm(world, self.robot, payload, self._friction, exact=bool(fixtures))
        self._fixtures = Fixtures(world, fixtures, self._arm.body)
        self._scene = Scene(world, self.robot, config.floor)

    def _accept(self, command: Command) -> tuple[Array, bool]:
        """Return the command's effort in joint order, clipped, and whether that changed it."""
        wanted = as_vector(command.effort, len(command.names), "command effort")
        wanted = wanted[joint_index(command.names, self.names)]
        bad = np.flatnonzero(~np.isfinite(wanted))
        if bad.size:
            raise PlantError(
                f"command refused: effort of {self.names[bad[0]]} is {wanted[bad[0]]}. "
                "Send finite efforts; put a SafetyFilter before the plant."
            )
        limit = self.robot.limits.effort
        effort = np.clip(wanted, -limit, limit)
        return effort, not np.array_equal(effort, wanted)

    def _advance(self, world: World) -> None:
        """Move the physics on by one substep."""
        self._effort = self._efforts.receive(self._ticks)
        total = self._effort
        if self._damping.any():
            damp = (self._damping, self._friction, self.config.substep)
            total = total + damping_torque(world, self._arm, self._effort, *damp)
        # A torque lasts for one step only.
        world.setJointMotorControlArray(
            self._arm.body, self._arm.joints, world.bullet.TORQUE_CONTROL, forces=total.tolist()
        )
        world.stepSimulation()
        self._ticks += 1

    def _sample(self) -> _Sample:
        states = self._world.getJointStates(self._arm.body, self._arm.joints)
        link = self._world.getLinkState(
            self._arm.body, self._arm.tip, computeForwardKinematics=True
        )
        rotation = self._world.bullet.getMatrixFromQuaternion(link[5])
        return _Sample(
            stamp=self._ticks * self.config.substep,
            q=np.array([s[0] for s in states]),
            v=np.array([s[1] for s in states]),
            # PyBullet reports no torque in torque control.
            effort=self._effort,
            tip=Pose(np.array(link[4]), np.array(rotation).reshape(3, 3)),
        )

    def _read(self) -> ArmState:
        """Return the newest sample that has arrived, with noise."""
        sample = self._samples.receive(self._ticks)
        if not (np.isfinite(sample.q).all() and np.isfinite(sample.v).all()):
            raise PlantError("the simulation diverged. Reset it; use a smaller substep.")
        self.overspeed += bool((np.abs(sample.v) > self.robot.limits.velocity).any())
        return self._state_of(sample, noisy=True)

    def _state_of(self, sample: _Sample, noisy: bool = False) -> ArmState:
        q, v, n = sample.q, sample.v, self.robot.n
        if noisy and self.config.position_noise > 0.0:
            q = q + self.config.position_noise * self._rng.standard_normal(n)
        if noisy and self.config.velocity_noise > 0.0:
            v = v + self.config.velocity_noise * self._rng.standard_normal(n)
        return ArmState(JointState(self.names, q, v, sample.effort, sample.stamp), sample.tip)

    def _open_world(self) -> World:
        if self._world.closed:
            raise PlantError("the plant is closed. Make a new one.")
        return self._world
