"""One number of a call as text: by its name, its bits, its unit or its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from capture.model.abi import Abi, is_narrow
from capture.model.catalogue import name_in
from capture.model.events import Arg, ArgKind
from capture.model.signals import signal_name
from capture.model.symbols import ALL_BITS, KeyedTable, Rest, Table
from capture.model.symbols_file import FILE_TYPE
from capture.model.symbols_ioctl import SIZED_REQUESTS
from capture.model.tables import table_named

AT_FDCWD = -100


def in_register(kind: ArgKind, value: int, abi: str) -> int:
    """A raw register as 64 unsigned bits: the lower half alone, of a call that came from a 32-bit program."""
    if not is_narrow(Abi(abi)):
        return value & ALL_BITS
    value = low_32_bits(value)
    return _int(value) & ALL_BITS if kind in (ArgKind.LONG, ArgKind.OFFSET) else value


def format_value(arg: Arg, value: int, *, abi: str = Abi.X86_64) -> str:
    """One raw argument on its own, without what was recorded behind it."""
    value = in_register(arg.kind, value, abi)
    if arg.kind in (ArgKind.FLAGS, ArgKind.ENUM):
        table = table_named(arg.table, abi)
        return f"{value:#x}" if isinstance(table, KeyedTable) else name_value(table, value)
    if arg.kind is ArgKind.CALL:
        return name_in(Abi(abi), value)
    return NUMBERS.get(arg.kind, pointer)(value)


def name_value(table: Table, value: int) -> str:
    """A value by its names: `O_RDONLY|O_CLOEXEC`, `CLONE_VM|SIGCHLD`, `SEEK_END`; what has no name in hex."""
    if table.mask == ALL_BITS:
        return _choice_text(table, value)
    base = value & table.mask
    parts = [table.values[base]] if table.mask and base in table.values else []
    rest = value & ~table.mask & ALL_BITS if parts else value
    for bit, name in table.bits.items():
        if rest & bit == bit:
            parts.append(name)
            rest &= ~bit
    if rest:
        parts.append(_rest_text(table.rest, rest))
    return "|".join(parts) if parts else table.values.get(0, "0")


def _choice_text(table: Table, value: int) -> str:
    # A C int arrives sign extended or not, as the compiler pleased; both are the same number.
    for candidate in (value, _int(value), low_32_bits(value)) if _is_narrow(value) else (value,):
        if candidate in table.values:
            return table.values[candidate]
    if table.rest is Rest.IOCTL and _is_narrow(value):
        return _ioctl(low_32_bits(value))
    signed = _int(value) if _is_narrow(value) else _long(value)
    if table.rest is Rest.CLOCK and signed < 0:
        return _clock(signed)
    return str(signed) if -256 <= signed < 256 else f"{value:#x}"


def _ioctl(request: int) -> str:
    sized = SIZED_REQUESTS.get(request & ~(0x3FFF << 16))
    if sized is not None:
        return f"{sized}({request >> 16 & 0x3FFF})"
    directions = ("none", "write", "read", "read|write")
    direction, size, kind, number = request >> 30, request >> 16 & 0x3FFF, request >> 8 & 0xFF, request & 0xFF
    return f"_IOC({directions[direction]}, {kind:#x}, {number:#x}, {size:#x})"


def _clock(number: int) -> str:
    """A clock that is no constant: <linux/posix-timers.h> packs an id and what is counted."""
    kind = number & 7
    if kind == 3:
        return f"FD_TO_CLOCKID({~(number >> 3)})"
    counted = (
        ("CPUCLOCK_PROF", "CPUCLOCK_VIRT", "CPUCLOCK_SCHED")[kind & 3] if kind & 3 < 3 else str(kind & 3)
    )
    what = "THREAD" if kind & 4 else "PROCESS"
    return f"MAKE_{what}_CPUCLOCK({~(number >> 3)}, {counted})"


def _rest_text(form: Rest, rest: int) -> str:
    if form is Rest.OCTAL and rest < 0o1000:
        return f"0{rest:o}"
    if form is Rest.SIGNAL and rest < 0x100:
        return signal_name(rest)
    if form is Rest.HUGE and rest < 1 << 32 and not rest & 0x3FFFFFF:
        return f"{rest >> 26}<<26"
    return f"{rest:#x}"


def _is_narrow(value: int) -> bool:
    return value >> 32 == 0 or value >> 31 == (1 << 33) - 1


def _int(value: int) -> int:
    value &= 0xFFFFFFFF
    return value - (1 << 32) if value >> 31 else value


def low_32_bits(value: int) -> int:
    """The number that the kernel sees where a parameter is a C unsigned int."""
    return value & 0xFFFFFFFF


def _long(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def pointer(value: int) -> str:
    """An address in hex, `NULL` for none."""
    return f"{value:#x}" if value else "NULL"


def _id(value: int) -> str:
    return "-1" if low_32_bits(value) == 0xFFFFFFFF else str(low_32_bits(value))


def _dirfd(value: int) -> str:
    return "AT_FDCWD" if _int(value) == AT_FDCWD else str(_int(value))


def mode_text(value: int) -> str:
    """Permissions in octal, with the type of file where there is one: `S_IFIFO|0644`."""
    # The kernel takes 16 bits; what the register holds above them means nothing.
    kind, permissions = value & 0o170000, value & 0o7777
    if not kind:
        return f"0{permissions:03o}"
    return f"{FILE_TYPE.values.get(kind, f'0{kind:o}')}|0{permissions:03o}"


def _device(value: int) -> str:
    number = low_32_bits(value)
    return f"{number >> 8 & 0xFFF}:{number & 0xFF | number >> 12 & 0xFFF00}"


def _time(value: int) -> str:
    seconds, nanoseconds = divmod(_long(value), 1_000_000_000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{_long(value)}ns"
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nanoseconds:09d}Z"


def _duration(value: int) -> str:
    seconds, nanoseconds = divmod(value, 1_000_000_000)
    return f"{seconds}.{nanoseconds:09d}s"


def _wait_status(value: int) -> str:
    number = value & 0x7F
    if number == 0:
        return f"exit {value >> 8 & 0xFF}"
    return f"{signal_name(number)}{' (core dumped)' if value & 0x80 else ''}"


NUMBERS: Mapping[ArgKind, Callable[[int], str]] = {
    ArgKind.INT: lambda value: str(_int(value)),
    ArgKind.UINT: lambda value: str(low_32_bits(value)),
    ArgKind.LONG: lambda value: str(_long(value)),
    ArgKind.ULONG: str,
    ArgKind.HEX: lambda value: f"{value:#x}",
    ArgKind.SIZE: str,
    ArgKind.OFFSET: lambda value: str(_long(value)),
    ArgKind.OFFSET_LOW: str,
    ArgKind.OFFSET_HIGH: str,
    ArgKind.FD: lambda value: str(_int(value)),
    ArgKind.PID: lambda value: str(_int(value)),
    ArgKind.DIRFD: _dirfd,
    ArgKind.MODE: mode_text,
    ArgKind.DEVICE: _device,
    ArgKind.UID: _id,
    ArgKind.GID: _id,
    ArgKind.SIGNAL: lambda value: signal_name(_int(value)),
    ArgKind.TIME: _time,
    ArgKind.DURATION: _duration,
    ArgKind.WAIT_STATUS: _wait_status,
}
"""Kinds that the raw number alone explains; any other is an address."""
