"""Write a cost of your own: one CasADi expression, zero where all is well.

Keeps the elbow of `arm7` above a height. The height and the weight are run-time numbers: nothing
is compiled again when they change.

    python examples/custom_cost.py
"""

from collections.abc import Mapping

import casadi as ca
import numpy as np

from rl_control.costs import CostSum, CostTerm, Posture, Schedule, Symbols, TipPosition
from rl_control.kernels import compile_batch
from rl_control.robot.description import load_robot
from rl_control.robot.rigid_body import RigidBody

ELBOW = 3  # index of the elbow's joint


class ElbowHeight(CostTerm):
    """r = how far the elbow is below a height, in [m]; nothing above it."""

    name = "elbow_height"
    parameters: Mapping[str, int] = {"height": 1}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the depth below the height, [1]."""
        position, _ = s.body.link_placements(s.q)[ELBOW]
        return ca.fmax(p["height"] - position[2], 0)


def main() -> None:
    """Evaluate the cost at home and with the arm lowered, with two heights."""
    robot = load_robot("arm7")
    cost = CostSum([TipPosition(), Posture(robot.n), ElbowHeight()])

    s, p = Symbols.of(RigidBody(robot), dt=0.02), ca.SX.sym("p", cost.size)
    shares = compile_batch(ca.Function("shares", [s.q, p], [cost.value_by_term(s, p)]))

    schedule = Schedule(
        cost,
        steps=50,
        running_scale=0.02,
        values={
            "tip_position.weight": 100.0,
            "tip_position.target": [0.5, 0.0, 0.6],
            "posture.weight": 0.1,
            "posture.target": robot.home,
            "elbow_height.weight": 500.0,
            "elbow_height.height": 0.6,
        },
        terminal={"elbow_height": 0.0},
    )
    lowered = robot.home + np.array([0, 0.6, 0, 0, 0, 0, 0])
    for height in (0.6, 0.8):
        schedule.update({"elbow_height.height": height})
        print(f"elbow above {height} m")
        for where, q in (("at home", robot.home), ("lowered", lowered)):
            (values,) = shares(q, schedule.rows[0])
            named = zip(cost.names, values[0], strict=True)
            print(f"  {where}: " + ", ".join(f"{name} {value:.4f}" for name, value in named))


if __name__ == "__main__":
    main()
