"""Time of one action of a policy: machine code beside plain numpy and, if it is there, torch.

python benchmarks/policy.py [--robot iiwa7] [--calls 20000] [--json FILE]

Networks of the default sizes with random weights. "whole" is what acts in an arm: from a joint
state to efforts, with observation, network, gravity and distance to the training. "network" goes
from the observation to the controls; so do numpy and torch. All take turns at every call, so that
what else the machine does meets each alike. Every call counts, the slowest too.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np

from rl_control.policy.gru import GruPolicy
from rl_control.policy.kernel import CompiledPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import COMPLETE, ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen
from rl_control.policy.training_settings import PolicyConfig
from rl_control.report.table import console, number, table
from rl_control.robot.description import load_robot, robot_names
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.environment import LIBRARIES, machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.policy_runner import PolicyRunner
from rl_control.types import Array, Goal, JointState

DT = 0.002  # [s]
WARM_UP = 200  # calls of each that do not count
Policy = MlpPolicy | GruPolicy
Action = Callable[[int], object]


def random_policy(robot: RobotModel, network: str, rng: np.random.Generator) -> Policy:
    """Return a policy with random weights of the default sizes."""
    config, n = PolicyConfig(), robot.n
    parts = COMPLETE if network == "mlp" else tuple(p for p in COMPLETE if p != "velocity")
    layout = ObservationLayout(robot.names, parts)
    no = layout.size
    seen = Seen(np.zeros(no), np.eye(no), 1.0)
    facts = PolicyFacts("reach", layout, DT, "gravity", np.eye(n), seen)
    normaliser = Normaliser(rng.normal(size=no), rng.uniform(0.5, 2.0, no))

    def weight(out: int, into: int) -> Array:
        return rng.normal(size=(out, into)) / np.sqrt(into)

    if network == "mlp":
        pairs = list(pairwise((no, *config.hidden, n)))
        weights = tuple(weight(out, into) for into, out in pairs)
        biases = tuple(rng.normal(size=out) for _, out in pairs)
        return MlpPolicy(facts, normaliser, weights, biases, np.ones(n))
    m = config.units
    looks, biases = [weight(3 * m, 2 * no), weight(3 * m, m)], rng.normal(size=(2, 3 * m))
    head = [weight(n, 2 * no + m), rng.normal(size=n)]
    return GruPolicy(facts, normaliser, np.ones(no), *looks, *biases, *head, np.ones(n))


def ways(robot: RobotModel, policy: Policy, rng: np.random.Generator) -> dict[str, Action]:
    """Return functions of the call's number, each of which acts once."""
    o = rng.normal(size=(64, 1, policy.facts.layout.size))
    found: dict[str, Action] = {"whole": _whole(robot, policy, rng)}
    for name, network in (("network", CompiledPolicy(policy)), ("numpy", policy)):
        found[name] = _remembering(network, o)
    if find_spec("torch"):
        found["torch"] = _torch(policy, o)
    return found


def _whole(robot: RobotModel, policy: Policy, rng: np.random.Generator) -> Action:
    runner = PolicyRunner(policy, RigidBody(robot), DT)
    runner.set_goal(Goal(np.array([0.5, 0.1, 0.4]), robot.home))
    q, v = robot.home + 0.1 * rng.normal(size=(64, robot.n)), rng.normal(size=(64, robot.n))
    still = np.zeros(robot.n)
    # Made beforehand: a node gets its states ready-made, too.
    states = [JointState(robot.names, q[k], v[k], still, 0.0) for k in range(64)]

    def act(call: int) -> object:
        state = states[call % 64]
        object.__setattr__(state, "stamp", call * DT)
        return runner.act(state)

    return act


def _remembering(policy: Policy | CompiledPolicy, o: Array) -> Action:
    memory = policy.start(1)

    def act(call: int) -> object:
        nonlocal memory
        u, memory = policy.step(o[call % 64], memory)
        return u

    return act


def _torch(policy: Policy, o: Array) -> Action:
    import torch

    torch.set_num_threads(1)
    if isinstance(policy, MlpPolicy):
        seen = torch.tensor(policy.normaliser(o), dtype=torch.float32)
        layers: list[Any] = []
        for weight in policy.weights:
            layers += [torch.nn.Linear(weight.shape[1], len(weight)), torch.nn.Tanh()]
        network = torch.nn.Sequential(*layers[:-1])

        def look(call: int) -> object:
            with torch.inference_mode():
                return network(seen[call % 64]).numpy()

        return look
    inputs = torch.tensor(policy.looked_at(o[None, :, 0])[0, :, None], dtype=torch.float32)
    size, units = inputs.shape[-1], policy.units
    cell, memory = torch.nn.GRUCell(size, units), torch.zeros(1, units)
    head = torch.nn.Linear(size + units, len(policy.scale))

    def remember(call: int) -> object:
        nonlocal memory
        with torch.inference_mode():
            memory = cell(inputs[call % 64], memory)
            return head(torch.cat([inputs[call % 64], memory], dim=1)).numpy()

    return remember


def measure(robot: RobotModel, network: str, calls: int, seed: int) -> dict[str, Any]:
    """Return percentiles of the time of a call in [us], by way."""
    rng = np.random.default_rng(seed)
    policy = random_policy(robot, network, rng)
    actions = ways(robot, policy, rng)
    taken: dict[str, list[float]] = {name: [] for name in actions}
    for call in range(WARM_UP + calls):
        for name, act in actions.items():
            began = time.perf_counter()
            act(call)
            taken[name].append(1e6 * (time.perf_counter() - began))
    points = {"p50": 50.0, "p99": 99.0, "p99.9": 99.9, "max": 100.0}
    times = {
        name: {key: float(np.percentile(all_[WARM_UP:], at)) for key, at in points.items()}
        for name, all_ in taken.items()
    }
    return {"network": network, "us": times}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="iiwa7", choices=robot_names())
    parser.add_argument("--calls", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    robot = load_robot(args.robot)
    results = [measure(robot, network, args.calls, args.seed) for network in ("mlp", "gru")]
    rows = [
        (result["network"], way, *(number(value, 1) for value in times.values()))
        for result in results
        for way, times in result["us"].items()
    ]
    columns = ("policy", "way", "p50 [us]", "p99", "p99.9", "max")
    out.print(table(f"One action, {args.robot}, {args.calls} calls each", columns, rows, left=2))
    if args.json:
        about = {"machine": machine(), "versions": versions((*LIBRARIES, "torch"))}
        write_json(args.json, {**about, "robot": args.robot, "calls": args.calls, "of": results})


if __name__ == "__main__":
    main()
