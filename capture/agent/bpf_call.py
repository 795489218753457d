"""bpf(2): maps made and written, programs loaded and attached. Numbers and layouts: linux/bpf.h."""

from __future__ import annotations

import ctypes
import errno
import os
import resource
import struct
from dataclasses import dataclass

_SYSCALL = {"x86_64": 321, "aarch64": 280}
_MAP_CREATE, _MAP_UPDATE, _PROG_LOAD, _INFO, _RAW_TRACEPOINT, _TAKE_BATCH = 0, 2, 5, 15, 17, 25
_PROG_RAW_TRACEPOINT = 17
_NAME = 15
"""Of BPF_OBJ_NAME_LEN, without its end."""
_LOG = 1 << 24
_INSTRUCTION = 8
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


@dataclass(frozen=True, slots=True)
class MapShape:
    """What a map is made from."""

    kind: int
    """enum bpf_map_type."""
    key_size: int
    value_size: int
    entries: int
    flags: int


class RefusedError(OSError):
    """The verifier would not have a program; `said` is what it printed."""

    def __init__(self, code: int, program: str, said: str) -> None:
        super().__init__(code, f"program {program}: {os.strerror(code)}")
        self.said = said


def create_map(name: str, shape: MapShape) -> int:
    """A new map's descriptor.

    Raises:
        OSError: The kernel would not make it.
    """
    attributes = struct.pack(
        "<7I16s",
        *(shape.kind, shape.key_size, shape.value_size, shape.entries, shape.flags, 0, 0),
        name.encode("ascii")[:_NAME],
    )
    try:
        return _call(_MAP_CREATE, attributes)
    except PermissionError:
        # Kernels before 5.11 count maps as locked memory.
        _lift_memlock()
        return _call(_MAP_CREATE, attributes)


def map_shape(fd: int) -> MapShape:
    """What an existing map was made from (struct bpf_map_info)."""
    info = ctypes.create_string_buffer(80)
    _call(_INFO, struct.pack("<IIQ", fd, len(info), ctypes.addressof(info)))
    kind, _, *rest = struct.unpack_from("<6I", info)
    return MapShape(kind, *rest)


def update(fd: int, key: bytes, value: bytes) -> None:
    """Write an entry of a map.

    Raises:
        OSError: It is full, or the key is none of it.
    """
    _call(_MAP_UPDATE, struct.pack("<IxxxxQQQ", fd, _address(key), _address(value), 0))


def take_batch(fd: int, after: int | None, keys: int, values: int, count: int) -> tuple[int, int, bool]:
    """Take entries out of a map; `keys` and `values` are addresses of arrays for `count` entries.

    Returns:
        Where to go on, how many were taken, and whether these were all.

    Raises:
        OSError: The kernel would not.
    """
    place, begun = ctypes.c_uint32(after or 0), ctypes.c_uint32()
    first = ctypes.addressof(place) if after is not None else 0
    attributes = ctypes.create_string_buffer(
        struct.pack("<QQQQIIQQ", first, ctypes.addressof(begun), keys, values, count, fd, 0, 0)
    )
    try:
        _call(_TAKE_BATCH, attributes)
        is_last = False
    except FileNotFoundError:
        # Its way to say that these were all.
        is_last = True
    (taken,) = struct.unpack_from("<I", attributes, 32)
    return begun.value, taken, is_last


def load_program(name: str, instructions: bytes) -> int:
    """The descriptor of a raw tracepoint's program that the verifier let pass.

    Raises:
        RefusedError: It did not.
    """
    try:
        return _load(name, instructions, None)
    except OSError:
        log = ctypes.create_string_buffer(_LOG)
    try:
        return _load(name, instructions, log)
    except OSError as error:
        raise RefusedError(error.errno or errno.EINVAL, name, log.value.decode("utf-8", "replace")) from error


def attach(tracepoint: str, program: int) -> int:
    """A descriptor as long as which a program runs at a raw tracepoint.

    Raises:
        OSError: There is none of that name, or none that takes programs.
    """
    name = tracepoint.encode("ascii") + b"\0"
    return _call(_RAW_TRACEPOINT, struct.pack("<QIxxxx", _address(name), program))


def _load(name: str, instructions: bytes, log: ctypes.Array[ctypes.c_char] | None) -> int:
    where, size = (ctypes.addressof(log), len(log)) if log is not None else (0, 0)
    license_text = b"GPL\0"
    attributes = struct.pack(
        "<IIQQIIQII16s",
        *(_PROG_RAW_TRACEPOINT, len(instructions) // _INSTRUCTION, _address(instructions)),
        *(_address(license_text), int(log is not None), size, where, 0, 0),
        name.encode("ascii")[:_NAME],
    )
    return _call(_PROG_LOAD, attributes)


def _call(command: int, attributes: bytes | ctypes.Array[ctypes.c_char]) -> int:
    number = _SYSCALL[os.uname().machine]
    place = attributes if isinstance(attributes, ctypes.Array) else ctypes.create_string_buffer(attributes)
    done = int(_libc.syscall(number, command, ctypes.byref(place), len(place)))
    if done < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return done


def _address(data: bytes) -> int:
    """Where bytes lie; they must outlive the call."""
    return ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p).value or 0


def _lift_memlock() -> None:
    try:
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    except (OSError, ValueError):
        return
