"""What an event is: one system call or scheduler event, stored when it returned.

An event's code is the system call's number on the recorded architecture, or one of `SchedCode`
for what the scheduler and the cgroup tree did. Codes of the second kind lie far above any
system call number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag, StrEnum


class Category(StrEnum):
    """What an event is about; the names of the field's `evt.category`."""

    FILE = "file"
    NET = "net"
    IPC = "ipc"
    MEMORY = "memory"
    PROCESS = "process"
    SIGNAL = "signal"
    TIME = "time"
    USER = "user"
    SYSTEM = "system"
    WAIT = "wait"
    IO_READ = "io-read"
    IO_WRITE = "io-write"
    IO_OTHER = "io-other"
    SCHEDULER = "scheduler"
    OTHER = "other"


class EventFlag(IntFlag):
    """What an analyst must know about how an event was seen (column `flags`, 16 bits)."""

    COMPAT = 1
    """Made through the 32-bit entry: the code is a number of that table."""
    X32 = 2
    """Made through the x32 ABI; the code is without bit 30."""
    IN_PROGRESS = 4
    """Had not returned when the recording ended; `ret` means nothing."""
    NEVER_RETURNED = 8
    """The thread died inside the call (exit_group, a kill); `ret` means nothing."""
    TEXT_TRUNCATED = 16
    """A path or argument list was longer than what could be kept."""
    DATA_TRUNCATED = 32
    """Fewer payload bytes were kept than were transferred."""
    UNREADABLE = 64
    """Memory of the program that should have been kept could not be read."""
    LATE = 128
    """Arrived after later events had been written: out of order in the file."""


class SchedCode(IntEnum):
    """Codes of events that are no system calls."""

    PROCFORK = 0xF001
    PROCEXEC = 0xF002
    PROCEXIT = 0xF003
    CGROUP_MKDIR = 0xF010
    CGROUP_RMDIR = 0xF011
    CGROUP_ATTACH = 0xF012


class ArgKind(StrEnum):
    """What an argument means: how it is shown, and what the probe reads behind it."""

    INT = "int"
    UINT = "uint"
    HEX = "hex"
    SIZE = "size"
    """A number of bytes."""
    OFFSET = "offset"
    POINTER = "pointer"
    FD = "fd"
    """A descriptor that exists before the call."""
    DIRFD = "dirfd"
    """The directory descriptor that the next path is relative to, or AT_FDCWD."""
    PATH = "path"
    STRING = "string"
    """Other text that the kernel reads (a name of a key, a module's options)."""
    FLAGS = "flags"
    """A set of bits, named by the table in `Arg.table`."""
    ENUM = "enum"
    """One value out of the table in `Arg.table`."""
    MODE = "mode"
    """File permission bits, shown in octal."""
    PID = "pid"
    UID = "uid"
    GID = "gid"
    SIGNAL = "signal"
    BUFFER_IN = "buffer_in"
    """Bytes that go to the kernel (write); the length is the result, or the size when it failed."""
    BUFFER_OUT = "buffer_out"
    """Bytes that come from the kernel (read); the length is the result."""
    IOVEC_IN = "iovec_in"
    IOVEC_OUT = "iovec_out"
    MSGHDR_IN = "msghdr_in"
    MSGHDR_OUT = "msghdr_out"
    SOCKADDR_IN = "sockaddr_in"
    """An address given to the kernel; its length is the next argument."""
    SOCKADDR_OUT = "sockaddr_out"
    """An address the kernel fills in; the next argument points to its length."""
    FD_PAIR = "fd_pair"
    """Two descriptors that the kernel fills in (pipe, socketpair)."""
    ARGV = "argv"


class Returns(StrEnum):
    """What a successful result is."""

    ZERO = "zero"
    """Nothing but success."""
    FD = "fd"
    SIZE = "size"
    """A number of bytes transferred."""
    PID = "pid"
    ADDRESS = "address"
    INT = "int"
    NOTHING = "nothing"
    """The call never returns."""


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a system call."""

    name: str
    kind: ArgKind
    table: str = ""
    """The table of names in `capture.model.symbols` for FLAGS and ENUM."""


@dataclass(frozen=True, slots=True)
class EventSpec:
    """One declared kind of event; all that is derived is derived from this row."""

    name: str
    category: Category
    args: tuple[Arg, ...]
    returns: Returns
    x86_64: int | None
    """The number on x86_64, None where the call does not exist there."""
    aarch64: int | None
