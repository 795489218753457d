"""Where the running kernel keeps what: member offsets out of its own type information (BTF).

Reads `/sys/kernel/btf/vmlinux` through libbpf (a dependency of libbcc), so neither kernel headers
nor a table of kernel versions is needed. The layout of `struct btf_type` and `struct btf_member` is
the kernel's ABI (include/uapi/linux/btf.h).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Iterator

from capture.agent.errors import CaptureError

_POINTER, _STRUCT, _UNION, _ENUM, _TYPEDEF, _FUNCTION, _PROTOTYPE = 2, 4, 5, 6, 8, 12, 13
_MODIFIERS = {8, 9, 10, 11, 18}
"""typedef, volatile, const, restrict, type tag: what stands between a member and its struct."""


class _Type(ctypes.Structure):
    _fields_ = (("name_off", ctypes.c_uint32), ("info", ctypes.c_uint32), ("size", ctypes.c_uint32))


class _Member(ctypes.Structure):
    _fields_ = (("name_off", ctypes.c_uint32), ("type", ctypes.c_uint32), ("offset", ctypes.c_uint32))


class _Parameter(ctypes.Structure):
    _fields_ = (("name_off", ctypes.c_uint32), ("type", ctypes.c_uint32))


class _Enumerator(ctypes.Structure):
    _fields_ = (("name_off", ctypes.c_uint32), ("value", ctypes.c_int32))


class KernelTypes:
    """The types of the running kernel."""

    def __init__(self) -> None:
        """Load them.

        Raises:
            CaptureError: libbpf is missing, or the kernel has no BTF.
        """
        self._lib = _libbpf()
        # What libbpf has to say of a failure goes to standard error: ours is one line of our own.
        printing = self._lib.libbpf_set_print(None)
        self._btf = self._lib.btf__load_vmlinux_btf()
        self._lib.libbpf_set_print(printing)
        if not self._btf:
            raise CaptureError(
                "the kernel does not describe its types: /sys/kernel/btf/vmlinux cannot be read; "
                "a kernel built with CONFIG_DEBUG_INFO_BTF (5.8 or later) is needed"
            )

    def offset(self, struct: str, path: str) -> int:
        """Byte offset of a member; a dotted path goes into member structs, anonymous ones are looked through.

        Raises:
            KeyError: No such struct or member in this kernel.
        """
        return self._find(self._struct(struct), path)

    def size(self, struct: str) -> int:
        """Bytes of a struct.

        Raises:
            KeyError: No such struct in this kernel.
        """
        return int(self._type(self._struct(struct)).size)

    def number(self, struct: str) -> int:
        """The kernel's number of a struct.

        Raises:
            KeyError: No such struct in this kernel.
        """
        return self._struct(struct)

    def function(self, name: str) -> int | None:
        """The kernel's number of one of its functions, None where it has none of that name."""
        number = int(self._lib.btf__find_by_name_kind(self._btf, name.encode(), _FUNCTION))
        return number if number >= 0 else None

    def enumerator(self, enum: str, name: str) -> int | None:
        """The number of one of an enumeration's names, None where this kernel has none of that name."""
        number = self._lib.btf__find_by_name_kind(self._btf, enum.encode(), _ENUM)
        if number < 0:
            return None
        kind = self._type(number)
        first = ctypes.cast(ctypes.addressof(kind) + ctypes.sizeof(_Type), ctypes.POINTER(_Enumerator))
        for at in range(kind.info & 0xFFFF):
            if self._lib.btf__name_by_offset(self._btf, first[at].name_off).decode() == name:
                return int(first[at].value)
        return None

    def tracepoint(self, name: str) -> tuple[str, ...] | None:
        """What a tracepoint hands over: for each argument the struct it points to, else an empty text.

        None where this kernel has no such tracepoint. The kernel describes each as a typedef
        `btf_trace_NAME` of a function whose first parameter is the program's own (include/trace/bpf_probe.h).
        """
        number = self._lib.btf__find_by_name_kind(self._btf, f"btf_trace_{name}".encode(), _TYPEDEF)
        if number < 0:
            return None
        prototype = self._pointed_to(self._type(number).size)
        kind = self._type(prototype)
        if self._kind(prototype) != _PROTOTYPE:
            return None
        first = ctypes.cast(ctypes.addressof(kind) + ctypes.sizeof(_Type), ctypes.POINTER(_Parameter))
        return tuple(self._struct_behind(first[at].type) for at in range(1, kind.info & 0xFFFF))

    def _struct_behind(self, number: int) -> str:
        target = self._pointed_to(number)
        if not target or self._kind(target) != _STRUCT:
            return ""
        return str(self._lib.btf__name_by_offset(self._btf, self._type(target).name_off).decode())

    def _pointed_to(self, number: int) -> int:
        """The type behind a pointer, 0 (void) where it is none."""
        number = self._stripped(number)
        return self._stripped(self._type(number).size) if self._kind(number) == _POINTER else 0

    def _kind(self, number: int) -> int:
        return int(self._type(number).info >> 24) & 0x1F

    def _struct(self, name: str) -> int:
        number = self._lib.btf__find_by_name_kind(self._btf, name.encode(), _STRUCT)
        if number < 0:
            raise KeyError(name)
        return int(number)

    def _type(self, number: int) -> _Type:
        found: _Type = self._lib.btf__type_by_id(self._btf, number).contents
        return found

    def _members(self, number: int) -> Iterator[tuple[str, int, int]]:
        kind = self._type(number)
        bitfields = kind.info >> 31
        first = ctypes.cast(ctypes.addressof(kind) + ctypes.sizeof(_Type), ctypes.POINTER(_Member))
        for index in range(kind.info & 0xFFFF):
            member = first[index]
            bits = member.offset & 0xFFFFFF if bitfields else member.offset
            yield self._lib.btf__name_by_offset(self._btf, member.name_off).decode(), member.type, bits // 8

    def _find(self, number: int, path: str) -> int:
        head, _, rest = path.partition(".")
        for name, kind, offset in self._members(number):
            if name == head:
                return offset + self._find(self._stripped(kind), rest) if rest else offset
            inner = self._stripped(kind)
            if not name and self._kind(inner) in (_STRUCT, _UNION):
                try:
                    return offset + self._find(inner, path)
                except KeyError:
                    continue
        raise KeyError(path)

    def _stripped(self, number: int) -> int:
        while number and self._kind(number) in _MODIFIERS:
            number = self._type(number).size
        return number


def _libbpf() -> ctypes.CDLL:
    for name in ("libbpf.so.1", "libbpf.so.0", ctypes.util.find_library("bpf")):
        try:
            lib = ctypes.CDLL(name) if name else None
        except OSError:
            continue
        if lib is not None:
            break
    else:
        raise CaptureError("recording needs libbpf: install the package libbpf1 (Debian, Ubuntu) or libbpf")
    lib.libbpf_set_print.restype = ctypes.c_void_p
    lib.libbpf_set_print.argtypes = (ctypes.c_void_p,)
    lib.btf__load_vmlinux_btf.restype = ctypes.c_void_p
    lib.btf__type_by_id.restype = ctypes.POINTER(_Type)
    lib.btf__type_by_id.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    lib.btf__find_by_name_kind.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32)
    lib.btf__name_by_offset.restype = ctypes.c_char_p
    lib.btf__name_by_offset.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    return lib
