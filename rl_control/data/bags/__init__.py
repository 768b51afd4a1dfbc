"""Bags of ROS 2: written, mended, read, cut, converted."""
