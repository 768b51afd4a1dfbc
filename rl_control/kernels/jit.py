"""LLVM IR to machine code on this processor, kept on disk.

The cache's key is a hash of the IR, the processor with its features and the LLVM version, so a
kernel compiled elsewhere is never run here. Files are written beside and moved into place: two
processes that compile the same kernel at once both succeed, and one file remains.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import os
import sys
import tempfile
from pathlib import Path

import llvmlite.binding as llvm

from rl_control.kernels.translate import LIBRARY_FUNCTIONS
from rl_control.paths import cache_dir

_ANNOUNCE_LINES = 3000  # IR of this many lines takes long enough to compile to say so


@functools.cache
def _target() -> llvm.TargetMachine:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    for name in LIBRARY_FUNCTIONS:
        address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value
        llvm.add_symbol(name, address)
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=2, reloc="default", jit=True
    )


@functools.cache
def _features() -> str:
    return str(llvm.get_host_cpu_features().flatten())


@functools.cache
def native_lanes() -> int:
    """How many doubles this processor's vector registers hold: 8, 4 or 2."""
    features = llvm.get_host_cpu_features()
    if features.get("avx512f") and features.get("avx512dq"):
        return 8
    return 4 if features.get("avx2") else 2


def probe() -> None:
    """Compile and load an empty function, to find out whether that works here.

    Raises:
        OSError, RuntimeError: if it does not.
    """
    ir = "define void @probe(ptr %args, i64 %count) {\n  ret void\n}\n"
    _engine(_compile(ir, "probe", optimize=True)).get_function_address("probe")


def function_attributes() -> str:
    """LLVM attributes that let vectors use the full register width."""
    bits = native_lanes() * 64
    widths = f'"prefer-vector-width"="{bits}" "min-legal-vector-width"="{bits}"'
    return f"nounwind {widths}"


def load(ir: str, name: str, optimize: bool = False) -> int:
    """Return the address of function `name` of `ir`, compiled for this processor or cached.

    Args:
        ir: a module's LLVM IR text.
        name: the function to look up.
        optimize: run LLVM's pass pipeline before code generation: twice the compile time, and on
            straight-line kernels no gain.
    """
    path = _path(ir, name, optimize)
    code = _read(path)
    if code is None:
        code = _compile(ir, name, optimize)
        _write(path, code)
    return _address(code, name)


def load_here(ir: str, name: str) -> int:
    """Return the address of function `name` of `ir`, which is of use to this process only."""
    return _address(_compile(ir, name, optimize=False), name)


def _address(code: bytes, name: str) -> int:
    engine = _engine(code)
    address = int(engine.get_function_address(name))
    _engines.append(engine)
    return address


def _path(ir: str, name: str, optimize: bool) -> Path:
    """The file of a function's machine code: no two processors or compilers share one."""
    key = hashlib.sha256(f"{_processor()}\n{optimize}\n{ir}".encode()).hexdigest()
    return cache_dir() / "kernels" / f"{name}-{key[:32]}.o"


def _processor() -> str:
    return f"{llvm.get_host_cpu_name()} {_features()} {llvm.llvm_version_info}"


_engines: list[llvm.ExecutionEngine] = []  # machine code lives as long as its engine


def _engine(code: bytes) -> llvm.ExecutionEngine:
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _fresh_target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _fresh_target() -> llvm.TargetMachine:
    # An execution engine takes its target machine over, so each one needs its own.
    _target()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=_features(), opt=2, jit=True
    )


def _compile(ir: str, name: str, optimize: bool) -> bytes:
    lines = ir.count("\n")
    if lines > _ANNOUNCE_LINES:
        print(f"rl_control: compiling {name} ({lines} lines, once) ...", file=sys.stderr)
    target = _target()
    module = llvm.parse_assembly(ir)
    module.verify()
    if optimize:
        options = llvm.create_pipeline_tuning_options(speed_level=2)
        options.slp_vectorization = False
        builder = llvm.create_pass_builder(target, options)
        builder.getModulePassManager().run(module, builder)
    return bytes(target.emit_object(module))


def _read(path: Path) -> bytes | None:
    """The cached object code, or None if there is none or it was damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, code = data[:32], data[32:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(path: Path, code: bytes) -> None:
    """Keep `code`; a cache that cannot be written costs time, not correctness."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest() + code)
            os.replace(temporary, path)
        except OSError:
            os.unlink(temporary)
            raise
    except OSError as error:
        _say_once(f"rl_control: kernels are not kept in {path.parent}: {error.strerror}")


@functools.cache
def _say_once(line: str) -> None:
    print(line, file=sys.stderr)
