"""A policy over ROS for a minute: state-to-command latency and missed commands.

python benchmarks/policy_latency.py [--seconds 60] [--rate 500] [--robot iiwa7] [--policy FILE]
                                    [--shadow mpc] [--json FILE]

Starts arm_sim and policy_controller with the launch file arm_policy, and sends one target after
another; what is measured, and how, is as in ros_latency.py. Without --policy, a network of 64-64
units is made to say what a PD law says, by least squares. Exits with 1 if a state had no command in
time. Leave the machine alone meanwhile: three processes share its cores.
"""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from ros_latency import arguments, measure

from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import COMPLETE, ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen
from rl_control.policy.store import save_policy
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.model import RobotModel
from rl_control.run.output import check_writable

STIFFNESS, DAMPING = 100.0, 20.0  # [1/s^2], [1/s]
UNITS = (64, 64)
SAMPLES = 4000


def main() -> int:
    """Measure and print; return the exit code."""
    parser = arguments(__doc__, rate=500.0)
    parser.add_argument("--policy", type=Path, help="file (default: a PD law as a network)")
    parser.add_argument("--shadow", choices=("none", "mpc"), default="none")
    args = parser.parse_args()
    check_writable(args.json)
    with tempfile.TemporaryDirectory() as folder:
        policy = args.policy
        if policy is None:
            policy = Path(folder) / "policy.safetensors"
            save_policy(policy, pd_network(load_robot(args.robot)))
        more = {"policy": str(policy.absolute()), "shadow": args.shadow}
        report = measure(args, "arm_policy", more)
    return int(report is None or report["missed_commands"] != 0)


def pd_network(robot: RobotModel) -> MlpPolicy:
    """Return a network that says about what u = M(home) (k posture_error - d velocity) says."""
    n, rng = robot.n, np.random.default_rng(0)
    layout = ObservationLayout(robot.names, COMPLETE)
    inertia = ArmModel(robot).mass_matrix(robot.home)
    law = {"velocity": -DAMPING * inertia, "posture_error": STIFFNESS * inertia}
    gains = np.hstack([law.get(part, np.zeros((n, layout.width(part)))) for part in COMPLETE])
    o = rng.normal(size=(SAMPLES, layout.size))
    u = o @ gains.T
    units = np.abs(u).max(axis=0)
    weights, biases, h = [], [], o
    for into, out in pairwise((layout.size, *UNITS)):
        # So narrow that tanh is nearly straight there.
        weights.append(0.1 * rng.normal(size=(out, into)) / np.sqrt(into))
        biases.append(np.zeros(out))
        h = np.tanh(h @ weights[-1].T)
    weights.append(np.linalg.lstsq(h, u / units, rcond=None)[0].T)
    biases.append(np.zeros(n))
    seen = Seen(np.zeros(layout.size), np.eye(layout.size), 1e3)
    facts = PolicyFacts("reach", layout, 0.002, "gravity", 0.01 * np.eye(n), seen)
    normaliser = Normaliser(np.zeros(layout.size), np.ones(layout.size))
    return MlpPolicy(facts, normaliser, tuple(weights), tuple(biases), units)


if __name__ == "__main__":
    sys.exit(main())
