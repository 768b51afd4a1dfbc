"""What a measurement ran on: versions of the libraries, description of the machine."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path

import rl_control

LIBRARIES = ("numpy", "scipy", "casadi", "llvmlite", "numba", "pybullet")


def versions(libraries: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Return the version of this package, of Python and of those `libraries` installed."""
    found = {"rl_control": rl_control.__version__, "python": platform.python_version()}
    for library in libraries:
        version = installed(library)
        if version is not None:
            found[library] = version
    return found


def installed(library: str) -> str | None:
    """Return the installed version of a distribution, or None."""
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return None


def revision() -> dict[str, str | bool] | None:
    """Return the git commit this package is at, and whether it was changed since; None without."""
    package = Path(rl_control.__file__).resolve().parent
    try:
        commit = _git(package, "rev-parse", "HEAD").strip()
        # A checkout that only surrounds an installation, in a virtual environment, is not ours.
        if not _git(package, "ls-files", "__init__.py"):
            return None
        changed = bool(_git(package, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": changed}


def machine() -> dict[str, str | int]:
    """Return the processor's name, how many of its cores we may use, and the system."""
    return {
        "processor": _processor(),
        "cores": _cores(),
        "vector_width": _vector_width(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def machine_line() -> str:
    """Return `machine()` as one line."""
    about = machine()
    return (
        f"{about['processor']}, {about['cores']} cores, {about['vector_width']}, {about['system']},"
        f" Python {platform.python_version()}"
    )


def _git(folder: Path, *words: str) -> str:
    command = ["git", "-C", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    return done.stdout


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not every system knows affinities
        return os.cpu_count() or 1


def _cpuinfo(key: str) -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(key)), "")


def _processor() -> str:
    name = _cpuinfo("model name") or platform.processor() or platform.machine()
    mhz = _cpuinfo("cpu MHz")
    return f"{name} {float(mhz) / 1e3:.1f} GHz" if mhz and "GHz" not in name else name


def _vector_width() -> str:
    flags = _cpuinfo("flags").split()
    for flag, name in (("avx512f", "AVX-512"), ("avx2", "AVX2"), ("avx", "AVX"), ("sse2", "SSE2")):
        if flag in flags:
            return name
    return "no known vector unit"
