"""Thin ROS 2 nodes: declare, convert, call, publish."""
