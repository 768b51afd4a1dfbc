"""From a URDF to a validated arm, and from the arm to its rigid-body equations."""
