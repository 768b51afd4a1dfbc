"""The rigid-body equations against two independent oracles: pinocchio and PyBullet."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import casadi as ca
import numpy as np
import pytest

from rl_control.robot.catalog import CATALOG
from rl_control.robot.description import load_robot, robot_names
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody

CHAINS = range(24)
CASES = [*robot_names(), *(f"chain{seed}" for seed in CHAINS)]


@dataclass(frozen=True)
class Equations:
    """RigidBody's expressions as numeric functions of q, v and a or u."""

    functions: dict[str, ca.Function]

    def __call__(self, name: str, *arguments: np.ndarray) -> list[np.ndarray]:
        """Evaluate one of them."""
        values = self.functions[name].call([ca.DM(argument) for argument in arguments])
        return [np.array(value) for value in values]


def equations(robot: RobotModel) -> Equations:
    body = RigidBody(robot)
    q, v, a = (ca.SX.sym(name, robot.n) for name in "qva")
    position, rotation = body.tip(q)
    links = [part for pair in body.link_placements(q) for part in pair]
    table = {
        "tip": ([q], [position, rotation]),
        "tip_velocity": ([q, v], [body.tip_velocity(q, v)]),
        "links": ([q], links),
        "inverse_dynamics": ([q, v, a], [body.inverse_dynamics(q, v, a)]),
        "bias": ([q, v], [body.bias(q, v)]),
        "gravity_torque": ([q], [body.gravity_torque(q)]),
        "mass_matrix": ([q], [body.mass_matrix(q)]),
        "forward_dynamics": ([q, v, a], [body.forward_dynamics(q, v, a)]),
        "derivatives": ([q, v, a], list(body.acceleration_derivatives(q, v, a))),
    }
    return Equations({name: ca.Function(name, *pair) for name, pair in table.items()})


def random_urdf(seed: int) -> str:
    """A chain of 1 to 9 movable joints with fixed links in between and branches beside."""
    rng = np.random.default_rng(seed)
    parts: list[str] = []
    count = iter(range(1000))

    def numbers(size, scale=1.0):
        return " ".join(repr(float(value)) for value in rng.normal(scale=scale, size=size))

    def origin(scale=0.3):
        # Also quarter turns, as real arms have them.
        turn = rng.choice([0.0, np.pi / 2, -np.pi / 2, np.pi], 3)
        rpy = numbers(3, 2.0) if rng.random() < 0.6 else " ".join(map(repr, turn.tolist()))
        return f'<origin xyz="{numbers(3, scale)}" rpy="{rpy}"/>'

    def link(bare=False):
        name = f"link{next(count)}"
        points = rng.normal(scale=0.1, size=(6, 3))  # a cloud of masses is always physical
        m = np.einsum("ij,ij", points, points) * np.eye(3) - points.T @ points
        keys = {"ixx": (0, 0), "iyy": (1, 1), "izz": (2, 2), "ixy": (0, 1), "ixz": (0, 2)}
        keys["iyz"] = (1, 2)
        moments = " ".join(f'{key}="{float(m[at])!r}"' for key, at in keys.items())
        mass = f'<mass value="{rng.uniform(0.2, 4.0)!r}"/>'
        inside = f"<inertial>{origin(0.1)}{mass}<inertia {moments}/></inertial>"
        parts.append(f'<link name="{name}">{"" if bare else inside}</link>')
        return name

    def joint(kind, parent, child, name=None):
        axis = np.eye(3)[rng.integers(3)] if rng.random() < 0.5 else rng.normal(size=3)
        parts.append(
            f'<joint name="{name or f"other{next(count)}"}" type="{kind}">'
            f'<parent link="{parent}"/><child link="{child}"/>{origin()}'
            f'<axis xyz="{" ".join(map(repr, axis.tolist()))}"/>'
            f'<limit lower="{rng.uniform(-3, 0.2)!r}" upper="{rng.uniform(0.3, 3)!r}" '
            f'velocity="2" effort="50"/><dynamics damping="{rng.uniform(0, 0.5)!r}"/></joint>'
        )
        return child

    tail = link(bare=bool(rng.random() < 0.5))
    for i in range(1 + seed % 9):
        kind = str(rng.choice(["revolute", "prismatic", "continuous"]))
        tail = joint(kind, tail, link(), f"joint{i}")
        if rng.random() < 0.5:
            branch = joint(str(rng.choice(["fixed", "revolute", "prismatic"])), tail, link())
            joint("fixed", branch, link(bare=bool(rng.random() < 0.5)))
        if rng.random() < 0.4:
            tail = joint("fixed", tail, link(bare=bool(rng.random() < 0.5)))
    tip = joint("fixed", tail, link(bare=True))
    joint("revolute", tip, link())  # a tool past the tip, locked
    return f'<robot name="chain{seed}">{"".join(parts)}</robot>'


@lru_cache
def case(name: str, folder: Path) -> RobotModel:
    if not name.startswith("chain"):
        if CATALOG[name].borrowed:
            pytest.importorskip("pybullet_data")
        return load_robot(name)
    seed = int(name.removeprefix("chain"))
    path = folder / f"{name}.urdf"
    path.write_text(random_urdf(seed), encoding="utf-8")
    # The tip is the last link that is not the tool's: the parent of the last joint.
    tip = path.read_text(encoding="utf-8").rpartition('<parent link="')[2].partition('"')[0]
    gravity = np.random.default_rng(seed).normal(scale=6.0, size=3)
    return load_robot(path, tip=tip, gravity=gravity)


@lru_cache
def equations_of(name: str, folder: Path) -> Equations:
    return equations(case(name, folder))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("chains")


@pytest.fixture(params=CASES)
def arm(request, folder):
    return case(request.param, folder), equations_of(request.param, folder)


def samples(robot: RobotModel, count: int = 3):
    rng = np.random.default_rng(7)
    for _ in range(count):
        yield tuple(rng.normal(scale=scale, size=robot.n) for scale in (1.5, 2.0, 5.0))


def assert_close(found, expected, tolerance=1e-9):
    expected = np.asarray(expected)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    np.testing.assert_allclose(
        np.asarray(found).reshape(expected.shape), expected, rtol=0, atol=tolerance * scale
    )


class Pinocchio:
    """The same arm, reduced by pinocchio from the same text."""

    def __init__(self, robot: RobotModel) -> None:
        pin = pytest.importorskip("pinocchio")
        self.pin, self.robot = pin, robot
        whole = pin.buildModelFromXML(robot.urdf)
        rest = pin.neutral(whole)
        for name, position in robot.locked.items():
            joint = whole.joints[whole.getJointId(name)]
            values = [position] if joint.nq == 1 else [np.cos(position), np.sin(position)]
            rest[joint.idx_q : joint.idx_q + joint.nq] = values
        locked = [whole.getJointId(name) for name in robot.locked]
        self.model = pin.buildReducedModel(whole, locked, rest)
        self.model.gravity.linear = robot.gravity
        self.data = self.model.createData()
        self.tip = self.model.getFrameId(robot.tip)
        assert tuple(self.model.names)[1:] == robot.names
        self.damping = np.array([joint.damping for joint in robot.joints])

    def q(self, q: np.ndarray) -> np.ndarray:
        """Continuous joints are (cos, sin) there."""
        pairs = zip(self.robot.joints, q, strict=True)
        return np.concatenate(
            [[np.cos(x), np.sin(x)] if j.kind == "continuous" else [x] for j, x in pairs]
        )

    def place(self, q: np.ndarray):
        """Run the forward kinematics; return the tip's placement."""
        self.pin.framesForwardKinematics(self.model, self.data, self.q(q))
        return self.data.oMf[self.tip]

    def inverse_dynamics(self, q, v, a):
        """Efforts, damping included."""
        return self.pin.rnea(self.model, self.data, self.q(q), v, a) + self.damping * v


@pytest.fixture
def oracle(arm):
    return Pinocchio(arm[0])


def test_when_placed_expect_pinocchios_tip_and_links(arm, oracle):
    robot, body = arm
    for q, _, _ in samples(robot):
        tip = oracle.place(q)
        position, rotation = body("tip", q)
        assert_close(position, tip.translation)
        assert_close(rotation, tip.rotation)
        links = body("links", q)
        for i, joint in enumerate(robot.joints):
            frame = oracle.data.oMf[oracle.model.getFrameId(joint.link)]
            assert_close(links[2 * i], frame.translation)
            assert_close(links[2 * i + 1], frame.rotation)


def test_when_moving_expect_pinocchios_tip_velocity(arm, oracle):
    robot, body = arm
    pin = oracle.pin
    for q, v, _ in samples(robot):
        jacobian = pin.computeFrameJacobian(
            oracle.model, oracle.data, oracle.q(q), oracle.tip, pin.LOCAL_WORLD_ALIGNED
        )
        assert_close(body("tip_velocity", q, v)[0], jacobian.reshape(6, -1) @ v)


def test_when_accelerating_expect_pinocchios_efforts(arm, oracle):
    robot, body = arm
    zero = np.zeros(robot.n)
    for q, v, a in samples(robot):
        assert_close(body("inverse_dynamics", q, v, a)[0], oracle.inverse_dynamics(q, v, a))
        assert_close(body("bias", q, v)[0], oracle.inverse_dynamics(q, v, zero))
        assert_close(body("gravity_torque", q)[0], oracle.inverse_dynamics(q, zero, zero))


def test_when_asked_expect_pinocchios_mass_matrix(arm, oracle):
    robot, body = arm
    for q, _, _ in samples(robot):
        upper = np.triu(oracle.pin.crba(oracle.model, oracle.data, oracle.q(q)))
        assert_close(body("mass_matrix", q)[0], upper + np.triu(upper, 1).T)


def test_when_pushed_expect_pinocchios_acceleration(arm, oracle):
    robot, body = arm
    for q, v, u in samples(robot):
        friction = oracle.damping * v
        expected = oracle.pin.aba(oracle.model, oracle.data, oracle.q(q), v, u - friction)
        condition = np.linalg.cond(body("mass_matrix", q)[0])
        assert_close(body("forward_dynamics", q, v, u)[0], expected, 1e-13 * condition + 1e-9)


def test_when_damping_acts_at_the_end_of_a_step_expect_efforts_that_give_the_acceleration(arm):
    robot, equations_of = arm
    body, step = RigidBody(robot), 0.02
    q, v, a = (ca.SX.sym(name, robot.n) for name in "qva")
    efforts = body.inverse_dynamics(q, v, a, step)
    back = ca.Function("back", [q, v, a], [body.forward_dynamics(q, v, efforts, step)])
    for sample in samples(robot):
        condition = np.linalg.cond(equations_of("mass_matrix", sample[0])[0])
        assert_close(back(*sample), sample[2], 1e-13 * condition + 1e-9)


def test_when_differentiated_expect_pinocchios_derivatives(arm, oracle):
    robot, body = arm
    for q, v, u in samples(robot, 1):
        push = u - oracle.damping * v
        dq, dv, du = oracle.pin.computeABADerivatives(
            oracle.model, oracle.data, oracle.q(q), v, push
        )
        found = body("derivatives", q, v, u)
        condition = np.linalg.cond(body("mass_matrix", q)[0])
        tolerance = 1e-13 * condition + 1e-8
        assert_close(found[0], body("forward_dynamics", q, v, u)[0], tolerance)
        assert_close(found[1], dq, tolerance)
        assert_close(found[2], dv - du * oracle.damping, tolerance)
        assert_close(found[3], du, tolerance)


@pytest.fixture(params=robot_names())
def simulated(request, folder, tmp_path):
    """A named robot without friction, and PyBullet's own reading of it."""
    pybullet = pytest.importorskip("pybullet")
    robot = case(request.param, folder).without_damping()
    client = pybullet.connect(pybullet.DIRECT)
    try:
        yield robot, equations(robot), Bullet(pybullet, client, robot, tmp_path)
    finally:
        pybullet.disconnect(client)


class Bullet:
    """PyBullet with nothing but the arm: no damping, no motors, locked joints made fixed."""

    def __init__(self, pybullet, client: int, robot: RobotModel, folder: Path) -> None:
        self.p, self.client = pybullet, client
        path = folder / "arm.urdf"
        path.write_text(_without_shapes(robot), encoding="utf-8")
        self.body = pybullet.loadURDF(
            str(path),
            useFixedBase=True,
            flags=pybullet.URDF_USE_INERTIA_FROM_FILE,
            physicsClientId=client,
        )
        infos = [self._call("getJointInfo", j) for j in range(self._call("getNumJoints"))]
        self.joints = [info[0] for info in infos if info[2] != pybullet.JOINT_FIXED]
        self.links = {info[12].decode(): info[0] for info in infos}
        assert tuple(infos[j][1].decode() for j in self.joints) == robot.names
        for info in [(-1,), *infos]:
            options = {"linearDamping": 0, "angularDamping": 0, "jointDamping": 0}
            self._call("changeDynamics", info[0], **options)
        # Joint speed is cut at 100 rad/s by default; a wrist swings faster in a free fall.
        # (A call of its own: together with maxJointVelocity, jointDamping is ignored.)
        self._call("changeDynamics", -1, maxJointVelocity=1e4)
        for j in self.joints:
            self._call("setJointMotorControl2", j, pybullet.VELOCITY_CONTROL, force=0)

    def _call(self, function, *args, **options):
        options["physicsClientId"] = self.client
        return getattr(self.p, function)(self.body, *args, **options)

    def inverse_dynamics(self, q, v, a):
        """Efforts."""
        return self._call("calculateInverseDynamics", list(q), list(v), list(a))

    def mass_matrix(self, q):
        """[n, n]."""
        return self._call("calculateMassMatrix", list(q))

    def fall(self, q, v, gravity, duration, step):
        """Return joint positions and velocities after falling from (q, v)."""
        for j, position, velocity in zip(self.joints, q, v, strict=True):
            self._call("resetJointState", j, position, velocity)
        self.p.setGravity(*gravity, physicsClientId=self.client)
        self.p.setPhysicsEngineParameter(fixedTimeStep=step, physicsClientId=self.client)
        for _ in range(round(duration / step)):
            self.p.stepSimulation(physicsClientId=self.client)
        states = self._call("getJointStates", self.joints)
        return np.array([s[0] for s in states]), np.array([s[1] for s in states])

    def tip(self, link):
        """Position of a link frame."""
        return self._call("getLinkState", self.links[link], computeForwardKinematics=True)[4]


def _without_shapes(robot: RobotModel) -> str:
    """The robot's text without shapes and limits; locked joints fixed, frames massless."""
    root = ET.fromstring(robot.urdf)
    for link in root.findall("link"):
        for shape in (*link.findall("visual"), *link.findall("collision")):
            link.remove(shape)
        if link.find("inertial") is None:
            inertial = ET.SubElement(link, "inertial")
            ET.SubElement(inertial, "mass", value="0")
            ET.SubElement(inertial, "inertia", ixx="0", iyy="0", izz="0", ixy="0", ixz="0", iyz="0")
    for joint in root.findall("joint"):
        limit = joint.find("limit")
        if joint.get("name") in robot.locked:
            assert robot.locked[joint.get("name")] == 0.0
            joint.set("type", "fixed")
        elif limit is not None:
            limit.set("lower", "0")
            limit.set("upper", "-1")  # PyBullet's way to say: none
    return ET.tostring(root, encoding="unicode")


def test_when_accelerating_expect_pybullets_efforts(simulated):
    robot, body, bullet = simulated
    bullet.p.setGravity(*robot.gravity, physicsClientId=bullet.client)
    for q, v, a in samples(robot):
        found = body("inverse_dynamics", q, v, a)[0]
        assert_close(found, bullet.inverse_dynamics(q, v, a), 1e-9)


def test_when_asked_expect_pybullets_mass_matrix(simulated):
    robot, body, bullet = simulated
    for q, _, _ in samples(robot):
        assert_close(body("mass_matrix", q)[0], bullet.mass_matrix(q), 1e-9)


def test_when_falling_for_two_seconds_expect_pybullets_motion(simulated):
    robot, body, bullet = simulated
    step, push = 1e-3, np.zeros(robot.n)
    q, v = robot.home, np.zeros(robot.n)
    # PyBullet's scheme: a falling arm is chaotic, so that only the same scheme gives the same end.
    for _ in range(2000):
        v = v + step * body("forward_dynamics", q, v, push)[0].ravel()
        q = q + step * v
    found_q, found_v = bullet.fall(robot.home, np.zeros(robot.n), robot.gravity, 2.0, step)
    assert np.abs(found_v).max() > 1.0
    np.testing.assert_allclose(found_q, q, atol=1e-5)
    np.testing.assert_allclose(found_v, v, atol=1e-4)
    np.testing.assert_allclose(bullet.tip(robot.tip), body("tip", q)[0].ravel(), atol=1e-5)
