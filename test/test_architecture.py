"""The house's rules: who may import whom, and what importing the package loads."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "rl_control"

GROUND = {"errors", "types", "interfaces", "config", "paths", "kernels"}
ROOMS_BELOW_RUN = {
    "robot", "data", "policy", "models", "costs", "safety", "control", "tasks", "plants",
    "rollout", "gps", "report", "view",
}  # fmt: skip

# Room -> rooms it may import, besides itself. An arrow only ever points down.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "types": {"errors"},
    "interfaces": {"types"},
    "config": {"errors"},
    "paths": {"errors"},
    "kernels": {"errors", "types", "config", "paths"},
    "robot": GROUND,
    "data": GROUND,
    "policy": GROUND | {"data"},
    "models": GROUND | {"robot", "data"},
    "costs": GROUND | {"robot"},
    "safety": {"errors", "types", "interfaces", "config", "paths", "robot"},
    "control": GROUND | {"robot", "models", "costs"},
    "tasks": GROUND | {"robot", "costs"},
    "plants": GROUND | {"robot", "safety"},
    "rollout": GROUND | {"safety"},
    "gps": GROUND | {"robot", "models", "control", "policy", "tasks", "rollout", "data"},
    "report": GROUND | {"data"},
    "view": GROUND | {"robot", "plants"},
    "run": GROUND | ROOMS_BELOW_RUN,
    "cli": {"errors", "run"},
    "__main__": {"cli"},
    "ros": GROUND | ROOMS_BELOW_RUN | {"run"},
}
# Library -> rooms that may import it when they are themselves imported.
LIBRARY_ROOMS = {
    "rclpy": {"ros"},
    "torch": {"models", "policy", "gps", "data"},
    "pybullet": {"plants"},
    "matplotlib": {"report"},
    "viser": {"view"},
    "trimesh": {"view"},
}
HEAVY = ("rclpy", "torch", "pybullet", "casadi", "numba", "llvmlite", "matplotlib")


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def imported(tree: ast.AST, path: Path) -> list[tuple[str, int]]:
    """Return (dotted module, line) of every import under `tree`, relative ones made absolute."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = ["rl_control", *path.relative_to(PACKAGE).parts[:-1]]
                kept = package[: len(package) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            found.append((base, node.lineno))
            if base == "rl_control":
                found += [(f"{base}.{alias.name}", node.lineno) for alias in node.names]
    return found


def rooms_imported(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [(name.split("."), line) for name, line in imported(tree, path)]
    return [(parts[1], line) for parts, line in names if parts[0] == "rl_control" and parts[1:]]


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_when_a_module_imports_a_room_expect_the_arrow_to_point_down(path: Path) -> None:
    room = room_of(path)
    assert room in ALLOWED, f"room '{room}' has no line in ALLOWED: say what it may import"
    wrong = [
        f"{path}:{line}: '{room}' may not import '{other}'"
        for other, line in rooms_imported(path)
        if other != room and other not in ALLOWED[room]
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_when_a_module_is_imported_expect_no_library_of_another_room(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    top = ast.Module(body=[n for n in tree.body if not isinstance(n, ast.If)], type_ignores=[])
    for node in ast.walk(top):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.body = []
    wrong = [
        f"{path}:{line}: import {name} inside the function that needs it"
        for name, line in imported(top, path)
        if room_of(path) not in LIBRARY_ROOMS.get(name.split(".")[0], {room_of(path)})
    ]
    assert not wrong, "\n".join(wrong)


def test_when_the_rules_are_followed_expect_no_cycle() -> None:
    order: list[str] = []

    def visit(room: str, above: tuple[str, ...]) -> None:
        assert room not in above, " -> ".join([*above, room])
        if room not in order:
            for below in sorted(ALLOWED[room]):
                visit(below, (*above, room))
            order.append(room)

    for room in ALLOWED:
        visit(room, ())


@pytest.mark.parametrize("module", ["rl_control", "rl_control.cli", "rl_control.interfaces"])
def test_when_a_ground_module_is_imported_expect_no_heavy_library(module: str) -> None:
    code = f"import sys, {module}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert result.stdout.split() == []
