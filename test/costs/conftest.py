import casadi as ca
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rl_control.costs import CostSum, Symbols
from rl_control.robot.model import Inertia, Joint, Placement, RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import JointLimits

KINDS = ("revolute", "prismatic", "continuous", "revolute", "revolute")
DT = 0.02


def random_placement(rng):
    return Placement(Rotation.random(random_state=rng).as_matrix(), rng.uniform(-0.4, 0.4, 3))


def random_inertia(rng):
    root = rng.normal(size=(3, 3)) * 0.1
    return Inertia(rng.uniform(0.5, 3), rng.uniform(-0.1, 0.1, 3), root @ root.T + 0.01 * np.eye(3))


@pytest.fixture(scope="session")
def robot():
    """A chain of every kind of joint with axes at odd angles."""
    rng = np.random.default_rng(3)
    joints = []
    for i, kind in enumerate(KINDS):
        axis = rng.normal(size=3)
        joints.append(
            Joint(
                f"joint{i}",
                kind,
                axis / np.linalg.norm(axis),
                random_placement(rng),
                f"link{i}",
                random_inertia(rng),
                damping=0.3,
            )
        )
    endless = np.array([kind == "continuous" for kind in KINDS])
    n = len(joints)
    limits = JointLimits(
        tuple(joint.name for joint in joints),
        np.where(endless, -np.inf, -2.0),
        np.where(endless, np.inf, 1.5),
        np.full(n, 2.0),
        np.full(n, 50.0),
    )
    return RobotModel(
        name="odd",
        joints=tuple(joints),
        limits=limits,
        base="base",
        tip="tip",
        tip_placement=random_placement(rng),
        gravity=np.array([0.0, 0.0, -9.81]),
        home=np.zeros(n),
        locked={},
        urdf="",
        source="test",
    )


@pytest.fixture(scope="session")
def body(robot):
    return RigidBody(robot)


@pytest.fixture(scope="session")
def symbols(body):
    return Symbols.of(body, DT)


@pytest.fixture(scope="session")
def numeric(symbols):
    """Turn a cost sum into numpy functions of z = (q, v, u, u_prev) and p."""

    def build(cost: CostSum):
        s, p = symbols, ca.SX.sym("p", cost.size)
        z = ca.vertcat(s.q, s.v, s.u, s.u_prev)
        e = cost.gauss_newton(s, p)
        gradient = ca.vertcat(e.l_q, e.l_v, e.l_u, e.l_w)
        rows = [
            [e.qq, e.qv, e.qu, e.qw],
            [e.qv.T, e.vv, e.vu, e.vw],
            [e.qu.T, e.vu.T, e.uu, e.uw],
            [e.qw.T, e.vw.T, e.uw.T, e.ww],
        ]
        hessian = ca.vertcat(*(ca.horzcat(*row) for row in rows))
        f = ca.Function(
            "f", [z, p], [cost.value(s, p), e.value, gradient, hessian, cost.value_by_term(s, p)]
        )

        def call(z, p):
            value, same, gradient, hessian, shares = f(z, p)
            return (
                float(value),
                float(same),
                np.array(gradient).ravel(),
                np.array(hessian),
                np.array(shares).ravel(),
            )

        return call

    return build


@pytest.fixture(scope="session")
def residual(symbols):
    """Evaluate one term's residual at (q, v, u, u_prev) with the given parameters."""

    def evaluate(term, q, v, u, u_prev, **parameters):
        s = symbols
        names = {k: ca.SX.sym(k, size) for k, size in term.parameters.items()}
        f = ca.Function(
            "r", [s.q, s.v, s.u, s.u_prev, *names.values()], [ca.densify(term.residual(s, names))]
        )
        values = [np.asarray(parameters[k], dtype=float).reshape(-1) for k in names]
        return np.array(f(q, v, u, u_prev, *values)).ravel()

    return evaluate


@pytest.fixture()
def state(robot):
    """Draw (q, v, u, u_prev) at random."""

    def draw(seed):
        rng = np.random.default_rng(seed)
        n = robot.n
        return (
            rng.uniform(-1.5, 1.2, n),
            rng.uniform(-1.9, 1.9, n),
            rng.uniform(-20, 20, n),
            rng.uniform(-20, 20, n),
        )

    return draw
