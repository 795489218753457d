"""What an event is: one system call or scheduler event, stored when it returned.

An event's code is the system call's number on the recorded architecture, or one of `SchedCode`
for what the scheduler and the cgroup tree did. Codes of the second kind lie far above any
system call number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    MASKED = 256
    """The recorder put asterisks in the place of secrets, in its texts or its payload."""
    UNPACKED = 512
    """Of socketcall: the arguments are those of what it asks for; that number is a0's upper half."""
    ENTRY_ONLY = 1024
    """Of a converted capture that has only the call's beginning, at `time`; `ret` means nothing."""
    EXIT_ONLY = 2048
    """Of a converted capture that has only the call's end: what was told at its beginning is not known."""
    RESULT_UNKNOWN = 4096
    """Of a converted capture that does not tell what the call returned; `ret` means nothing."""
    ARGUMENTS_UNKNOWN = 8192
    """Of a converted capture that tells none of the call's arguments; the registers mean nothing."""


NO_RESULT = EventFlag.IN_PROGRESS | EventFlag.NEVER_RETURNED | EventFlag.ENTRY_ONLY | EventFlag.RESULT_UNKNOWN
"""Of events with one of these `ret` means nothing."""


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
    CRED_CHANGE = 0xF030
    NS_CHANGE = 0xF031
    OPENED_PATH = 0xF032
    OOM_KILL = 0xF038
    IO_URING_CREATE = 0xF040
    IO_URING_SUBMIT = 0xF041


FIRST_SCHED_CODE = 0xF000
"""From here on codes are of events that are no system calls."""
FIRST_URING_CODE = 0xF100
"""From here on codes are of completions of io_uring: this and the operation."""
FIRST_FOREIGN_CODE = 0xF200
"""From here on codes are of events that only converted captures hold."""
MADE_UP_DEVICE = 0xFFFFFFFF
"""The device of an inode number that is none of the machine's: a converter made it to tell things apart."""


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
    OFFSET_LOW = "offset_low"
    """The low half of a 64-bit number that takes two registers of a 32-bit machine."""
    OFFSET_HIGH = "offset_high"
    """Its high half, in the register before or after; shown with the low one."""
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
    STRUCT = "struct"
    """A structure that is recorded, laid out as `Arg.table` says in `capture.model.structures`."""
    ARGV = "argv"
    """The argument list of a new program; recorded with a NUL after each."""
    TIME = "time"
    """Nanoseconds since 1970 UTC (scheduler events)."""
    DURATION = "duration"
    """Nanoseconds (scheduler events)."""
    CALL = "call"
    """Number of the system call that did it (scheduler events)."""
    CREDENTIALS = "credentials"
    """Two texts, before and after: see `capture.model.credentials` (scheduler events)."""
    NAMESPACES = "namespaces"
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
    MODE = "mode"
    """Permission bits, in octal."""
    NOTHING = "nothing"
    """The call never returns."""


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a system call."""

    name: str
    kind: ArgKind
    table: str = ""
    """The table of names in `capture.model.symbols` for FLAGS and ENUM; the layout of a STRUCT."""


TEXT_KINDS = (ArgKind.PATH, ArgKind.ARGV, ArgKind.STRING, ArgKind.CREDENTIALS, ArgKind.NAMESPACES)
"""What is recorded as text, in the order in which a call's two texts are taken."""


def text_places(args: Sequence[Arg]) -> tuple[int, ...]:
    """Positions of the arguments whose text is recorded: `text`, then `text2`."""
    found = [at for kind in TEXT_KINDS for at, arg in enumerate(args) if arg.kind is kind]
    return tuple(found[:2])


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
    i386: int | None = None
    """The number at the 32-bit entry of x86_64."""
    x32: int | None = None
    """The number in the x32 ABI, without bit 30."""
    ret_table: str = ""
    """The table of names in `capture.model.symbols` for a result that has a name, else empty."""
    other_args: Mapping[str, tuple[Arg, ...]] = field(default_factory=dict, hash=False)
    """By `Abi`: the arguments where they are not `args` (the order of clone, offsets in two registers)."""

    def args_on(self, abi: str) -> tuple[Arg, ...]:
        """The arguments in the order of the registers of an `Abi`."""
        return self.other_args.get(abi, self.args)

    def code_on(self, abi: str) -> int | None:
        """The event's code in the table of an `Abi`, None where it does not exist there."""
        if not self.is_syscall:
            return self.x86_64
        return {"x86_64": self.x86_64, "aarch64": self.aarch64, "i386": self.i386, "x32": self.x32}.get(abi)

    @property
    def is_syscall(self) -> bool:
        """Whether it is a system call."""
        code = self.aarch64 if self.x86_64 is None else self.x86_64
        return code is None or code < FIRST_SCHED_CODE

    @property
    def is_call(self) -> bool:
        """Whether somebody asked for it and got a result, and not something that happened."""
        code = self.x86_64
        return self.is_syscall or (code is not None and FIRST_URING_CODE <= code < FIRST_FOREIGN_CODE)

    @property
    def text_args(self) -> tuple[int, ...]:
        """Positions of the arguments whose text is recorded, at most two: `text`, then `text2`.

        Paths come first, then an argument list, then other strings; each group in argument order.
        So setxattr has (path, name), execve (path, argv), mount (source, target).
        """
        return text_places(self.args)

    @property
    def fd_arg(self) -> int | None:
        """Position of the first descriptor argument, None where there is none (DIRFD does not count)."""
        return next((at for at, arg in enumerate(self.args) if arg.kind is ArgKind.FD), None)
