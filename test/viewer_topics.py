"""The topics of an arm and its controller, as the layouts for viewers may name them."""

TOPICS = {
    "/joint_states": "sensor_msgs/msg/JointState",
    "/effort_controller/commands": "std_msgs/msg/Float64MultiArray",
    "/robot_description": "std_msgs/msg/String",
    "/diagnostics": "diagnostic_msgs/msg/DiagnosticArray",
    "/rosout": "rcl_interfaces/msg/Log",
    "/arm_sim/ee_pose": "geometry_msgs/msg/PoseStamped",
    "/mpc_controller/decisions": "diagnostic_msgs/msg/DiagnosticArray",
    "/mpc_controller/goal": "geometry_msgs/msg/PoseStamped",
    "/mpc_controller/target_pose": "geometry_msgs/msg/PoseStamped",
    "/mpc_controller/tip_path": "nav_msgs/msg/Path",
}
LATCHED = {"/robot_description", "/mpc_controller/goal"}
