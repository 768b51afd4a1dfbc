"""An arm's sampling problem on a learned model: the counterpart of `LearnedProblem`."""

from __future__ import annotations

import casadi as ca

from rl_control.control.node_cost import ArmNodeCost, DoubtfulCost
from rl_control.control.rollouts import NodeCost
from rl_control.control.sampling_problem import SamplingProblem
from rl_control.costs.sum import CostSum
from rl_control.errors import ModelError
from rl_control.kernels.compute import Compute
from rl_control.models.learned import LearnedModel
from rl_control.models.smooth import SmoothModel
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import parameter_count
from rl_control.robot.rigid_body import RigidBody


class SampledArm(SamplingProblem):
    """`SamplingProblem` on a `LearnedModel`; other models of the same kind can be loaded.

    Args:
        robot: the arm: kinematics and names; its masses are not used.
        cost: the cost terms; gravity in them is the model's rigid body's.
        model: what is loaded first.
        compute: where.

    Attributes:
        compute: the same.
        doubts: whether the last parameter of each node weighs the members' disagreement.
    """

    def __init__(
        self, robot: RobotModel, cost: CostSum, model: LearnedModel, compute: Compute
    ) -> None:
        self.compute, self._kind = compute, _kind(model)
        self.doubts = model.members > 1
        self._smooth = SmoothModel(robot, model, compute)
        theta = ca.SX.sym("theta", parameter_count(robot))
        self._arm_cost = ArmNodeCost(RigidBody(robot, theta), cost, model.dt, compute)
        whole: NodeCost = self._arm_cost
        if self.doubts:
            self._doubtful = whole = DoubtfulCost(whole, self._smooth)
        super().__init__(self._smooth, whole, compute.place)
        self.load(model)

    def check_shape(self, model: LearnedModel) -> None:
        """Refuse a model that cannot take the place of the first.

        Raises:
            ModelError: if it is of another arm, time step or kind, or has a residual that is no
                ensemble of networks.
        """
        self._smooth.check(model)
        if _kind(model) != self._kind:
            raise ModelError(
                "model",
                f"found one of kind '{model.kind}' with {model.members} members, which is not "
                "what was planned on first",
                "Start the controller again to change the kind of its model.",
            )

    def load(self, model: LearnedModel) -> None:
        """Compute with `model` from now on; not while a solve runs.

        Raises:
            ModelError: if it does not fit, see `check_shape`.
        """
        self.check_shape(model)
        self._smooth.load(model)
        self._arm_cost.parameters = self._smooth.parameters
        if self.doubts and model.nets is not None:
            self._doubtful.scale = self.place(model.nets.output_scale)


def _kind(model: LearnedModel) -> tuple[bool, bool, bool]:
    return model.mechanics is not None, model.residual is not None, model.members > 1
