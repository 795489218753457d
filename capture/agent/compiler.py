"""The probe compiled from its C text. The only module that knows BCC.

BCC insists on kernel headers, which most nodes lack; the probe needs none of their content, so a root
of a few small headers of our own is put in their place (bpf/include). Nothing is written: file systems
may be read-only, and /tmp closed. The compiler takes some hundred MiB and stays in memory once loaded,
so that it works in a process of its own, which hands over what it made.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import msgpack
import numpy as np

from capture.agent import bpf_call, privileges
from capture.agent.bpf_call import MapShape
from capture.agent.errors import CaptureError

BPF_SOURCE = Path(__file__).parent / "bpf"
SELF = 0x5E1F5E1F
"""Stands in the compiled probe for the recorder's process, which is another each time."""
CAST = 0xCA57
"""Stands there for the number of the kernel's bpf_rdonly_cast."""
INSTRUCTION = np.dtype([("code", "u1"), ("registers", "u1"), ("offset", "<i2"), ("value", "<i4")])
"""`struct bpf_insn` of linux/bpf.h."""
_LOADS_WIDE = 0x18
"""BPF_LD | BPF_IMM | BPF_DW, of which `registers` tells what the value is (BPF_PSEUDO_MAP_FD)."""
_OF_MAP = 1
_DISTRIBUTION = "/usr/lib/python3/dist-packages"

INSTALL_BCC = (
    "install BCC for Python: apt-get install python3-bpfcc (Debian, Ubuntu), "
    "dnf install python3-bcc (Fedora), pacman -S python-bcc (Arch), zypper install python3-bcc (SUSE)"
)


@dataclass(frozen=True, slots=True)
class Compiled:
    """Programs that any kernel of this release takes, with the maps that they use."""

    maps: dict[str, MapShape]
    programs: dict[str, bytes]
    """Instructions; where one loads a map, its value is the map's place in `maps`."""

    def packed(self) -> bytes:
        """As bytes to keep or hand over."""
        maps = {
            name: [shape.kind, shape.key_size, shape.value_size, shape.entries, shape.flags]
            for name, shape in self.maps.items()
        }
        packed: bytes = msgpack.packb({"maps": maps, "programs": self.programs})
        return packed

    @classmethod
    def unpacked(cls, data: bytes) -> Compiled:
        """What `packed` made; from nobody but ourselves."""
        found = msgpack.unpackb(data)
        return cls({name: MapShape(*shape) for name, shape in found["maps"].items()}, found["programs"])


class NotCompiledError(Exception):
    """The compiler, or the kernel asked for the maps, would not; the message is its own."""


def import_bcc() -> Any:
    """The distribution's BCC module, also from another interpreter than the distribution's own.

    Raises:
        CaptureError: It is not installed, or cannot be loaded.
    """
    # The distribution's folder is searched last and for this import alone: nothing else may come from it.
    sys.path.append(_DISTRIBUTION)
    try:
        module = importlib.import_module("bcc")
    except (ImportError, OSError) as error:
        raise CaptureError(
            f"recording needs BCC, and it cannot be loaded ({error}): {INSTALL_BCC}"
        ) from error
    finally:
        sys.path.remove(_DISTRIBUTION)
    if not hasattr(module, "BPF"):
        raise CaptureError(f"the module 'bcc' found is another project's: {INSTALL_BCC}")
    return module


def digest(text: str, flags: Sequence[str]) -> str:
    """What tells a compiled probe from others: its text, its headers, its constants, and the kernel."""
    headers = sorted(path for path in BPF_SOURCE.rglob("*.h") if path.is_file())
    parts = [text, *flags, *(path.read_text() for path in headers), *os.uname()[2:]]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def compiled(text: str, flags: Sequence[str]) -> Compiled:
    """Compile in a process of its own.

    Raises:
        CaptureError: BCC is missing.
        NotCompiledError: The probe cannot be compiled.
    """
    reads, writes = os.pipe()
    with os.fdopen(os.memfd_create("exhume-compiler"), "w+b") as said:
        child = os.fork()
        if not child:
            os.close(reads)
            _work(text, flags, writes, said.fileno())
        os.close(writes)
        with os.fdopen(reads, "rb") as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        said.seek(0)
        lines = said.read().decode("utf-8", "replace")
    if not answer:
        raise NotCompiledError(lines or "the compiler ended without a word")
    kind, content = answer[:1], answer[1:]
    if kind == b"e":
        raise CaptureError(content.decode())
    if kind == b"n":
        raise NotCompiledError(f"{lines}\n{content.decode()}")
    return Compiled.unpacked(content)


def _work(text: str, flags: Sequence[str], writes: int, said: int) -> NoReturn:
    """The child's part, up to its end: whatever happens, nothing of the parent's goes on in it."""
    with contextlib.suppress(BaseException):
        # The compiler and libbpf write straight to descriptor 2.
        os.dup2(said, 2)
        try:
            answer = b"c" + _compile(text, flags).packed()
        except CaptureError as error:
            answer = b"e" + str(error).encode()
        except Exception as error:  # noqa: BLE001  BCC raises bare Exception
            answer = b"n" + (privileges.refusal() or str(error)).encode()
        with os.fdopen(writes, "wb") as pipe:
            pipe.write(answer)
    os._exit(0)


def _compile(text: str, flags: Sequence[str]) -> Compiled:
    bcc = import_bcc()
    os.environ["BCC_KERNEL_SOURCE"] = str(BPF_SOURCE)
    made = bcc.BPF(text=text, cflags=list(flags))
    library, module = bcc.libbcc.lib, made.module
    library.bpf_num_tables.argtypes = (ctypes.c_void_p,)
    library.bpf_num_tables.restype = ctypes.c_size_t
    library.bpf_table_name.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
    library.bpf_table_name.restype = ctypes.c_char_p
    names = [library.bpf_table_name(module, at) for at in range(library.bpf_num_tables(module))]
    fds = [int(library.bpf_table_fd(module, name)) for name in names]
    maps = {name.decode(): bpf_call.map_shape(fd) for name, fd in zip(names, fds, strict=True)}
    functions = [library.bpf_function_name(module, at) for at in range(library.bpf_num_functions(module))]
    programs = {name.decode(): _placed(made.dump_func(name), fds) for name in functions}
    return Compiled(maps, programs)


def _placed(instructions: bytes, fds: Sequence[int]) -> bytes:
    """A program that names maps by their place instead of their descriptor."""
    code = np.frombuffer(instructions, INSTRUCTION).copy()
    uses = uses_map(code)
    order = np.argsort(fds)
    code["value"][uses] = order[np.searchsorted(np.asarray(fds)[order], code["value"][uses])]
    return code.tobytes()


def uses_map(code: np.ndarray[Any, np.dtype[np.void]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which instructions load a map. `code`: INSTRUCTION."""
    mask: np.ndarray[Any, np.dtype[np.bool_]] = (code["code"] == _LOADS_WIDE) & (
        code["registers"] >> 4 == _OF_MAP
    )
    return mask
