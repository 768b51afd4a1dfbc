"""mpc_controller with its action behind plain topics: control_msgs is not installed here.

A goal comes on `goal` (JointTrajectory), a wish to cancel on `cancel`; how each goal ended is told
on `result` as "accepted", "rejected", or "STATUS CODE TEXT". All else is the node as it is.
"""

import json
from functools import partial
from types import SimpleNamespace

from builtin_interfaces.msg import Duration
from rclpy.action import GoalResponse
from std_msgs.msg import Empty, String
from trajectory_msgs.msg import JointTrajectory

from rl_control.ros import mpc_node, qos
from rl_control.ros.follow_action import FollowServer
from rl_control.ros.process import main

ACTION = SimpleNamespace(Result=SimpleNamespace, Feedback=SimpleNamespace)


class Handle:
    """What rclpy gives an execution."""

    def __init__(self, request) -> None:
        self.request, self.is_cancel_requested, self.status = request, False, ""
        self.feedback = 0

    def publish_feedback(self, feedback) -> None:
        self.feedback += 1

    def succeed(self) -> None:
        self.status = "succeeded"

    def abort(self) -> None:
        self.status = "aborted"

    def canceled(self) -> None:
        self.status = "canceled"


class Server:
    """Stands in for rclpy's ActionServer."""

    def __init__(self, node, action, name, execute_callback, goal_callback, cancel_callback):
        self.execute, self.decide, self.running = execute_callback, goal_callback, []
        self.results = node.create_publisher(String, "result", qos.events(100))
        node.create_subscription(JointTrajectory, "goal", self.on_goal, qos.events())
        node.create_subscription(Empty, "cancel", self.on_cancel, qos.events())
        node.create_timer(0.01, self.go_on)

    def on_goal(self, trajectory) -> None:
        # Its frame says which tolerances to ask for.
        asked = json.loads(trajectory.header.frame_id or "{}")
        trajectory.header.frame_id = ""
        request = SimpleNamespace(
            trajectory=trajectory,
            path_tolerance=[SimpleNamespace(name=n, position=p) for n, p in asked.items()],
            goal_tolerance=[],
            goal_time_tolerance=Duration(),
        )
        if self.decide(request) != GoalResponse.ACCEPT:
            self.results.publish(String(data="rejected"))
            return
        self.results.publish(String(data="accepted"))
        handle = Handle(request)
        self.running.append((handle, self.execute(handle)))
        self.go_on()

    def on_cancel(self, message) -> None:
        for handle, _ in self.running:
            handle.is_cancel_requested = True

    def go_on(self) -> None:
        for handle, run in list(self.running):
            try:
                run.send(None)
            except StopIteration as end:
                self.running.remove((handle, run))
                result = end.value
                text = f"{handle.status} {result.error_code} {handle.feedback > 0} "
                self.results.publish(String(data=text + result.error_string))


mpc_node.follow_action = lambda: ACTION
mpc_node.FollowServer = partial(FollowServer, server=Server)

if __name__ == "__main__":
    main(mpc_node.MpcController)
