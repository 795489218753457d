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
    SLEEP = "sleep"
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
    SIGNAL_GENERATE = 0xF020
    SIGNAL_DELIVER = 0xF021
    MODULE_LOAD = 0xF028
    MODULE_FREE = 0xF029


FIRST_SCHED_CODE = 0xF000
"""From here on codes are of events that are no system calls."""


class ArgKind(StrEnum):
    """What an argument means: how it is shown, and what the probe reads behind it."""

    INT = "int"
    """A C int: the kernel looks at the low 32 bits only."""
    UINT = "uint"
    """32 bits without a sign."""
    LONG = "long"
    """64 bits with a sign."""
    ULONG = "ulong"
    HEX = "hex"
    """64 bits whose meaning depends on other arguments (ioctl, prctl), shown in hex."""
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
    """File type and permission bits, shown in octal."""
    DEVICE = "device"
    """A device number as the kernel's new_encode_dev packs it."""
    PID = "pid"
    UID = "uid"
    GID = "gid"
    SIGNAL = "signal"
    BUFFER_IN = "buffer_in"
    """Bytes that go to the kernel (write). The next argument is their size.

    Their length is the result where the call returns a size and succeeded, else that size.
    """
    BUFFER_OUT = "buffer_out"
    """Bytes that come from the kernel (read). The next argument is the buffer's size.

    Their length is the result, at most that size: recv with MSG_TRUNC and getxattr with a size of 0
    return more than they store.
    """
    IOVEC_IN = "iovec_in"
    """An array of buffers that go to the kernel; the next argument is how many."""
    IOVEC_OUT = "iovec_out"
    MSGHDR_IN = "msghdr_in"
    """One message for the kernel: an address, an array of buffers, control data."""
    MSGHDR_OUT = "msghdr_out"
    MMSGHDR_IN = "mmsghdr_in"
    """An array of messages, each a msghdr and a length; the result is how many went out."""
    MMSGHDR_OUT = "mmsghdr_out"
    SOCKADDR_IN = "sockaddr_in"
    """An address given to the kernel; its length is the next argument."""
    SOCKADDR_OUT = "sockaddr_out"
    """An address the kernel fills in; the next argument points to its length."""
    FD_PAIR = "fd_pair"
    """Two descriptors that the kernel fills in (pipe, socketpair)."""
    ARGV = "argv"
    """The argument list of a new program; recorded with a NUL after each."""
    TIME = "time"
    """Nanoseconds since 1970 UTC (scheduler events)."""
    DURATION = "duration"
    """Nanoseconds (scheduler events)."""
    WAIT_STATUS = "wait_status"
    """How a thread ended, as wait(2) tells: exit code << 8 | signal (scheduler events)."""


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
    aarch64_args: tuple[Arg, ...] | None = None
    """The arguments on aarch64 where their order differs (clone), else None."""

    def args_on(self, arch: str) -> tuple[Arg, ...]:
        """The arguments in the order of an architecture's registers."""
        if arch == "aarch64" and self.aarch64_args is not None:
            return self.aarch64_args
        return self.args

    def code_on(self, arch: str) -> int | None:
        """The event's code on an architecture (`x86_64` or `aarch64`), None where it does not exist."""
        return self.aarch64 if arch == "aarch64" else self.x86_64

    @property
    def is_syscall(self) -> bool:
        """Whether it is a system call."""
        code = self.aarch64 if self.x86_64 is None else self.x86_64
        return code is None or code < FIRST_SCHED_CODE

    @property
    def is_call(self) -> bool:
        """Whether somebody asked for it and got a result, and not something that happened."""
        return self.is_syscall

    @property
    def text_args(self) -> tuple[int, ...]:
        """Positions of the arguments whose text is recorded, at most two: `text`, then `text2`.

        Paths come first, then an argument list, then other strings; each group in argument order.
        So setxattr has (path, name), execve (path, argv), mount (source, target).
        """
        order = (ArgKind.PATH, ArgKind.ARGV, ArgKind.STRING)
        found = [at for kind in order for at, arg in enumerate(self.args) if arg.kind is kind]
        return tuple(found[:2])

    @property
    def fd_arg(self) -> int | None:
        """Position of the first descriptor argument, None where there is none (DIRFD does not count)."""
        return next((at for at, arg in enumerate(self.args) if arg.kind is ArgKind.FD), None)
