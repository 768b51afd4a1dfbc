"""The controllers that guided policy search begins with, for a task."""

from __future__ import annotations

import numpy as np

from rl_control.errors import ConfigError
from rl_control.gps.expansion import QuadraticCost
from rl_control.gps.fitting import integrator
from rl_control.gps.initial import first_controller, smooth_way
from rl_control.gps.planned import planned_controller
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.task_model import TaskModel
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.policy import ACCELERATIONS
from rl_control.tasks.base import ArmTask
from rl_control.tasks.reach import acceleration_units, effort_units
from rl_control.types import Array, Condition


def output_units(task: ArmTask, base: str) -> Array:
    """Return the outputs that count as one, [n]: they bring a joint to full speed in 0.2 s."""
    return (acceleration_units if base in ACCELERATIONS else effort_units)(task.robot)


def output_price(task: ArmTask, config: MdgpsConfig) -> Array | None:
    """Return the weights of the outputs' squares in a step, [n]; None for none."""
    if config.output_weight == 0.0:
        return None
    return np.asarray(config.output_weight * task.dt / output_units(task, config.base) ** 2)


def first_of(
    model: TaskModel, condition: Condition, config: MdgpsConfig
) -> LinearGaussianController:
    """Return the first controller of a condition.

    Raises:
        ConfigError: if a plan is asked for, and outputs are no accelerations.
    """
    task, initial, base = model.task, config.initial, config.base
    way = smooth_way(condition.q, model.postures(condition), initial.way, task.dt)
    x, still = np.concatenate([way.q, way.v], axis=1), np.zeros_like(way.q)
    outputs, dynamics = model.outputs(base, config.period), model.outputs("dynamics", 0.0)
    inertia = dynamics.slopes(x, still)[1]
    if base in ACCELERATIONS:
        inertia = np.broadcast_to(np.eye(task.robot.n), inertia.shape)
    unit = output_units(task, base)
    led = first_controller(
        initial,
        way,
        names=task.robot.names,
        dt=task.dt,
        inertia=inertia,
        hold=outputs.behind(x, dynamics.efforts(x, still) if initial.gravity else still),
        unit=unit,
        base=base,
    )
    if initial.kind != "plan":
        return led
    if base not in ACCELERATIONS:
        raise ConfigError(
            "mdgps",
            "initial.kind",
            f"a plan is made of accelerations, and the base is '{base}'",
            "Write base=dynamics, or initial.kind=lqr.",
        )

    price = output_price(task, config)

    def expand(states: Array, controls: Array) -> tuple[QuadraticCost, float]:
        cost, values = model.expand(condition, states[None], controls[None], outputs, price)
        return cost, float(values[0])

    return planned_controller(led, x[0], integrator(task.robot.n, task.dt, base), unit, expand)
