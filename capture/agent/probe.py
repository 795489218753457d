"""A probe in the kernel: maps made, programs loaded, attached and let go."""

from __future__ import annotations

import mmap
import os
from typing import Any

import numpy as np

from capture.agent import bpf_call
from capture.agent.compiler import CAST, INSTRUCTION, SELF, Compiled, uses_map

_CALL, _OF_KERNEL = 0x85, 2 << 4
"""BPF_JMP | BPF_CALL, and BPF_PSEUDO_KFUNC_CALL as its second register (linux/bpf.h)."""


class Probe:
    """What was compiled, loaded into the running kernel. Its descriptors are open until `close`."""

    def __init__(self, compiled: Compiled, *, self_pid: int, cast: int = 0) -> None:
        """Make the maps. `cast`: the number of bpf_rdonly_cast in this kernel, if the probe calls it.

        Raises:
            OSError: The kernel would not.
        """
        self._compiled = compiled
        self._self_pid = self_pid
        self._cast = cast
        self._maps: dict[str, int] = {}
        self._programs: dict[str, int] = {}
        self._attached: dict[str, int] = {}
        try:
            for name, shape in compiled.maps.items():
                self._maps[name] = bpf_call.create_map(name, shape)
        except OSError:
            self.close()
            raise

    def load(self, name: str) -> int:
        """A program's descriptor, once the verifier let it pass.

        Raises:
            RefusedError: It did not.
        """
        if name not in self._programs:
            code = np.frombuffer(self._compiled.programs[name], INSTRUCTION).copy()
            uses = uses_map(code)
            code["value"][uses] = np.array([*self._maps.values()], np.int32)[code["value"][uses]]
            code["value"][code["value"] == SELF] = self._self_pid
            casts = (code["code"] == _CALL) & (code["value"] == CAST)
            code["registers"][casts] = _OF_KERNEL
            code["value"][casts] = self._cast
            self._programs[name] = bpf_call.load_program(name, code.tobytes())
        return self._programs[name]

    def attach(self, tracepoint: str) -> None:
        """Let the program of a tracepoint run from now on.

        Raises:
            OSError: The kernel has no such tracepoint, or would not.
        """
        self._attached[tracepoint] = bpf_call.attach(tracepoint, self.load(f"on_{tracepoint}"))

    def detach(self, *tracepoints: str) -> None:
        """Let programs run no more; without names, all. The maps stay."""
        for name in tracepoints or list(self._attached):
            os.close(self._attached.pop(name))

    def map_fd(self, name: str) -> int:
        """A map's descriptor."""
        return self._maps[name]

    def put(self, table: str, key: bytes, value: bytes) -> None:
        """Write an entry of a map.

        Raises:
            OSError: It is full.
        """
        bpf_call.update(self._maps[table], key, value)

    def put_number(self, table: str, key: bytes, value: int) -> None:
        """Write an entry of a map of numbers.

        Raises:
            OSError: It is full.
        """
        self.put(table, key, value.to_bytes(self._compiled.maps[table].value_size, "little"))

    def mapped(self, table: str, dtype: Any, count: int, *, writable: bool = False) -> np.ndarray[Any, Any]:
        """A map as an array of `count` of `dtype`, as the probe sees it."""
        protection = mmap.PROT_READ | (mmap.PROT_WRITE if writable else 0)
        size = count * np.dtype(dtype).itemsize
        return np.frombuffer(mmap.mmap(self._maps[table], size, mmap.MAP_SHARED, protection), dtype)

    def close(self) -> None:
        """Give everything back; what is mapped stays readable."""
        self.detach()
        for held in (self._programs, self._maps):
            for fd in held.values():
                os.close(fd)
            held.clear()
