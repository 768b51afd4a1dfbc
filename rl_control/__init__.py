"""Model-based control for robot arms: iLQR / MPC, dynamics models and ROS 2 nodes.

Importing this package is cheap: it loads neither rclpy, torch, pybullet nor casadi.
"""

__version__ = "0.1.0"
