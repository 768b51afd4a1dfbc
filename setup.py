"""Build file of the package: for pip, and for colcon as an ament_python package."""

import re
from pathlib import Path

from setuptools import find_packages, setup

NAME = "rl_control"
HERE = Path(__file__).resolve().parent
ROS_WHEELS = 'platform_machine == "x86_64" and sys_platform == "linux"'


def version() -> str:
    text = (HERE / NAME / "__init__.py").read_text(encoding="utf-8")
    return re.search(r'^__version__ = "(.+)"$', text, re.MULTILINE).group(1)


def share_files(folder: str) -> list[tuple[str, list[str]]]:
    """Return data_files entries of every file under `folder`, its subfolders kept."""
    files: dict[str, list[str]] = {}
    for path in sorted((HERE / folder).rglob("*")):
        hidden = any(part.startswith((".", "__")) for part in path.relative_to(HERE).parts)
        if path.is_file() and not hidden:
            relative = path.relative_to(HERE)
            files.setdefault(f"share/{NAME}/{relative.parent}", []).append(str(relative))
    return list(files.items())


setup(
    name=NAME,
    version=version(),
    description="Model-based control for robot arms: iLQR / MPC, dynamics models and ROS 2 nodes",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    maintainer="rl_control maintainers",
    maintainer_email="maintainers@rl-control.example.com",
    license="Apache-2.0",
    license_files=["LICENSE"],
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        *share_files("launch"),
        *share_files("config"),
        *share_files("urdf"),
    ],
    python_requires=">=3.10,<3.14",
    install_requires=[
        "casadi>=3.6",
        "llvmlite>=0.44",
        "mcap>=1.6",
        "numba>=0.61",
        "numpy>=1.26",
        "pyyaml>=6.0",
        "rich>=13.0",
        "rosbags>=0.10",
        "safetensors>=0.4.3",
        "scipy>=1.11",
        "xacro>=2.0",
    ],
    extras_require={
        # Never beside a full ROS 2: that has these libraries already.
        "ros": [
            f"ros-jazzy-rclpy[fastrtps]; {ROS_WHEELS}",
            f"ros-jazzy-common-interfaces; {ROS_WHEELS}",
        ],
        "sim": ["pybullet>=3.2.5"],
        "viz": ["imageio>=2.30", "matplotlib>=3.7", "pillow>=10.1"],
        "dev": [
            "hypothesis>=6.100",
            "mypy>=1.10",
            "pin==4.0.0",
            "pytest>=8.0",
            "pytest-timeout>=2.3",
            "ruff>=0.5",
            "selenium>=4.20",
            "setuptools>=64",
            "types-PyYAML",
        ],
        # pin 4.1.0 makes crocoddyl 3.2.1 crash.
        "peers": ["crocoddyl==3.2.1", "pin==4.0.0"],
        # Learned dynamics: training and its metrics.
        "learn": ["tensorboardX>=2.6", "torch==2.13.0"],
        "gp": ["gpytorch>=1.13", "torch==2.13.0"],
        # Rollouts on a cluster; not part of `make setup`.
        "ray": ["ray>=2.9"],
        # Policies as ONNX models.
        "export": ["onnx>=1.16"],
        # The search of `rl_control tune`.
        "tune": ["optuna>=4.0"],
        # The arm in a browser.
        "view": ["trimesh>=4.0", "viser>=1.1,<2"],
        # Runs in the Rerun viewer; half a gigabyte, not part of `make setup`.
        "rerun": ["rerun-sdk>=0.23"],
        # The documentation as a site.
        "docs": ["mkdocs-material>=9.5"],
    },
    entry_points={
        "console_scripts": [
            "rl_control = rl_control.cli:main",
            "arm_sim = rl_control.ros.arm_sim:main",
            "bag_player = rl_control.ros.bag_player:main",
            "mpc_controller = rl_control.ros.mpc_controller:main",
            "policy_controller = rl_control.ros.policy_controller:main",
            "browser_view = rl_control.ros.browser_view:main",
            "dynamics_learner = rl_control.ros.dynamics_learner:main",
            "gps_trainer = rl_control.ros.gps_trainer:main",
            "bag_recorder = rl_control.ros.bag_recorder:main",
        ],
    },
    zip_safe=False,
)
