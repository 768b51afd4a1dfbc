"""A client of another node's parameters, by the services that every ROS 2 node offers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import rclpy
from rcl_interfaces.srv import (
    DescribeParameters,
    GetParameters,
    ListParameters,
    SetParametersAtomically,
)
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from rl_control.errors import PlantError, UnknownNameError
from rl_control.ros.live_parameters import parameter_value
from rl_control.ros.param_values import Known

__all__ = ["Known", "ParamClient", "connected"]

_LONGEST = 5.0  # [s] for an answer


class ParamClient:
    """Asks one node.

    Args:
        node: that asks.
        name: full name of the node that is asked.

    Attributes:
        name: the same.
    """

    def __init__(self, node: Node, name: str) -> None:
        self.name = name
        self._node = node
        self._executor = SingleThreadedExecutor(context=node.context)
        self._executor.add_node(node)

    def everything(self) -> dict[str, Known]:
        """Return every parameter by name, in order of declaration where the node keeps it.

        Raises:
            PlantError: if the node does not answer.
        """
        names = list(self._ask(ListParameters, "list_parameters").result.names)
        described = self._ask(DescribeParameters, "describe_parameters", names=names).descriptors
        values = self._ask(GetParameters, "get_parameters", names=names).values
        known = {}
        for name, value, descriptor in zip(names, values, described, strict=True):
            kind, plain = Parameter.Type(value.type), _plain(value)
            known[name] = Known(kind, plain, descriptor)
        return known

    def set(self, values: Mapping[str, Any], known: Mapping[str, Known]) -> str:
        """Set all of the values or none; return why not, "" if they were set.

        Raises:
            PlantError: if the node does not answer.
        """
        messages = [
            Parameter(name, known[name].kind, parameter_value(value)).to_parameter_msg()
            for name, value in values.items()
        ]
        answer = self._ask(
            SetParametersAtomically, "set_parameters_atomically", parameters=messages
        )
        return "" if answer.result.successful else answer.result.reason or "no reason was given"

    def _ask(self, kind: Any, service: str, **fields: Any) -> Any:
        client = self._node.create_client(kind, f"{self.name}/{service}")
        try:
            if not client.wait_for_service(_LONGEST):
                raise PlantError(
                    f"{self.name} offers no parameter services within {_LONGEST:g} s. Look whether "
                    "it still runs, and in the same ROS_DOMAIN_ID."
                )
            future = client.call_async(kind.Request(**fields))
            self._executor.spin_until_future_complete(future, _LONGEST)
            if not future.done():
                raise PlantError(
                    f"{self.name} did not answer within {_LONGEST:g} s: it is busy, or gone."
                )
            return future.result()
        finally:
            self._node.destroy_client(client)


@contextmanager
def connected(name: str, wait: float) -> Iterator[ParamClient]:
    """Give a client of the node of that name, once it is there.

    Args:
        name: with its namespace or without.
        wait: longest time to wait for it in [s].

    Raises:
        UnknownNameError: if no node has the name, or several have; the nodes there are listed.
        PlantError: if there is no node at all.
    """
    context = rclpy.Context()
    rclpy.init(context=context, args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = Node(
        f"param_{os.getpid()}", context=context, enable_rosout=False, start_parameter_services=False
    )
    try:
        yield ParamClient(node, _full_name(node, name, wait))
    finally:
        node.destroy_node()
        rclpy.try_shutdown(context=context)


def _full_name(node: Node, name: str, wait: float) -> str:
    deadline = time.monotonic() + wait
    while True:
        there = sorted(
            f"{space.rstrip('/')}/{own}"
            for own, space in node.get_node_names_and_namespaces()
            if own != node.get_name() and not own.startswith("_")
        )
        matching = {full for full in there if name in (full, full.rpartition("/")[2])}
        if len(matching) == 1:
            return matching.pop()
        if matching or time.monotonic() > deadline:
            if not there:
                domain = os.environ.get("ROS_DOMAIN_ID", "0")
                raise PlantError(
                    f"no node runs in ROS domain {domain}, '{name}' neither. Start it, or set "
                    "ROS_DOMAIN_ID (and ROS_AUTOMATIC_DISCOVERY_RANGE) as it has them."
                )
            kind = "node (several have this name)" if matching else "node"
            raise UnknownNameError(kind, name, sorted(matching) or there)
        time.sleep(0.05)


def _plain(value: Any) -> Any:
    """What a ParameterValue holds; a list as a tuple."""
    found = rclpy.parameter.parameter_value_to_python(value)
    is_list = hasattr(found, "__iter__") and not isinstance(found, str)
    return tuple(found) if is_list else found
