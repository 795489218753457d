"""Arguments and results as someone who knows strace reads them.

Every number that has a name is shown by it; every bit that has none is shown in hex; nothing that
came from a program is shown unescaped (see `capture.model.text`). The functions here are for what
is on screen or in a report, not for whole captures: they make Python text one event at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capture.model.abi import Abi
from capture.model.credentials import CHANGES
from capture.model.dependence import COUNTED_BY, is_content_of_key, is_ignored, place_of_name
from capture.model.errnos import ERRNOS
from capture.model.events import (
    NO_RESULT,
    TEXT_KINDS,
    Arg,
    ArgKind,
    EventFlag,
    EventSpec,
    Returns,
    text_places,
)
from capture.model.members import Structure
from capture.model.signals import signal_name
from capture.model.sockaddr import format_sockaddr
from capture.model.structures import structure_of
from capture.model.symbols import ALL_BITS, KeyedTable, Table
from capture.model.tables import table_named
from capture.model.text import ELLIPSIS, printable, quoted
from capture.model.values import (
    NUMBERS,
    format_value,
    in_register,
    low_32_bits,
    mode_text,
    name_value,
    pointer,
)

__all__ = [
    "errno_name",
    "format_args",
    "format_call",
    "format_result",
    "format_sockaddr",
    "format_value",
    "name_value",
    "printable",
    "quoted",
    "signal_name",
]

EXCERPT = 32
"""Bytes of payload or text shown in an argument, as strace does."""

PATH_LIMIT = 4096
ARGV_LIMIT = 32
"""Arguments of a program shown before `…`."""

MAX_ERRNO = 4095


def errno_name(ret: int) -> str:
    """`ENOENT` for -2 or 2; `errno_999` for one without a name."""
    known = ERRNOS.get(abs(ret))
    return known[0] if known else f"errno_{abs(ret)}"


def format_result(
    spec: EventSpec, ret: int, flags: int = 0, *, args: Sequence[int] = (), abi: str = Abi.X86_64
) -> str:
    """What a call returned: `3`, `0x7f00`, `-1 ENOENT (No such file or directory)`, `?` if it never did.

    A scheduler event returns nothing: its result is empty. A result that has a name has it behind the number.

    Args:
        spec: the event's row.
        ret: the result.
        flags: the event's `EventFlag` bits.
        args: the raw arguments, on which the meaning of a result may depend (fcntl).
        abi: the table that the call came through.
    """
    if not spec.is_call:
        return ""
    if flags & NO_RESULT or spec.returns is Returns.NOTHING:
        return "?"
    if -MAX_ERRNO <= ret < 0:
        known = ERRNOS.get(-ret)
        if known is None:
            return f"-1 {errno_name(ret)}"
        # The kernel restarts such a call, or turns the number into EINTR: no program ever sees it.
        shown = "?" if -ret >= 512 else "-1"
        return f"{shown} {known[0]} ({known[1]})"
    if spec.returns is Returns.ADDRESS:
        return f"{in_register(ArgKind.POINTER, ret, abi):#x}"
    if spec.returns is Returns.MODE:
        return mode_text(ret)
    return f"{ret}{_named_result(spec, ret, args, abi)}"


def _named_result(spec: EventSpec, ret: int, args: Sequence[int], abi: str) -> str:
    """` (O_RDWR|O_APPEND)` for the 1026 of F_GETFL; empty where a number is just one."""
    if not spec.ret_table:
        return ""
    table: Table | KeyedTable | None = table_named(spec.ret_table, abi)
    if isinstance(table, KeyedTable):
        key = next((at for at, arg in enumerate(spec.args_on(abi)) if arg.name == table.by), len(args))
        table = table.tables.get(low_32_bits(args[key])) if key < len(args) else None
    if table is None:
        return ""
    name = name_value(table, ret & ALL_BITS)
    return "" if name in (str(ret), f"{ret & ALL_BITS:#x}") else f" ({name})"


def format_args(  # noqa: PLR0917 - the parts of one event, in the order in which a file holds them
    spec: EventSpec,
    args: Sequence[int],
    texts: tuple[bytes | None, bytes | None],
    address: bytes | None,
    data: bytes,
    ret: int,
    flags: int,
    *,
    abi: str = Abi.X86_64,
) -> list[tuple[str, str]]:
    """Each argument's name and text.

    Args:
        spec: the event's row.
        args: the raw arguments a0…a5, unsigned 64 bits.
        texts: the recorded texts (bytes, None not recorded), in the order of `spec.text_args`.
        address: the raw sockaddr, None if there is none.
        data: the kept payload.
        ret: the result.
        flags: the event's `EventFlag` bits.
        abi: the table that the call came through.
    """
    declared, unknown = spec.args_on(abi), flags & EventFlag.ARGUMENTS_UNKNOWN
    padded = [*args, *[0] * (len(declared) - len(args))]
    values = [in_register(arg.kind, value, abi) for arg, value in zip(declared, padded, strict=False)]
    call = _Call(
        abi,
        spec,
        dict(zip((arg.name for arg in declared), values, strict=True)),
        dict(zip(text_places(declared), texts, strict=False)),
        texts,
        address,
        data,
        ret,
        flags,
    )
    return [
        (arg.name, "?" if unknown else call.text(at, arg, _joined(declared, values, at)))
        for at, arg in enumerate(declared)
        if not call.means_nothing(arg)
    ]


def _joined(declared: Sequence[Arg], values: Sequence[int], at: int) -> int:
    """An argument's value; of the low half of a number both halves together."""
    if declared[at].kind is not ArgKind.OFFSET_LOW:
        return values[at]
    after = at + 1 < len(declared) and declared[at + 1].kind is ArgKind.OFFSET_HIGH
    return values[at + 1 if after else at - 1] << 32 | values[at]


def format_call(name: str, args: Sequence[tuple[str, str]], result: str) -> str:
    """One line, as strace prints it: `openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3`."""
    shown = f"{name}({', '.join(text for _, text in args)})"
    return f"{shown} = {result}" if result else shown


_BUFFERS_IN = frozenset({ArgKind.BUFFER_IN, ArgKind.IOVEC_IN})
_BUFFERS_OUT = frozenset({ArgKind.BUFFER_OUT, ArgKind.IOVEC_OUT})
_MESSAGES = frozenset({ArgKind.MSGHDR_IN, ArgKind.MSGHDR_OUT, ArgKind.MMSGHDR_IN, ArgKind.MMSGHDR_OUT})
_PLAIN = frozenset({ArgKind.HEX, ArgKind.POINTER})
"""Kinds that are shown as they are where another argument gives them no name."""
_ADDRESSES = frozenset({ArgKind.SOCKADDR_IN, ArgKind.SOCKADDR_OUT})


@dataclass(frozen=True, slots=True)
class _Call:
    """What one event recorded: an argument's text may depend on any of it."""

    abi: str
    spec: EventSpec
    values: Mapping[str, int]
    texts: Mapping[int, bytes | None]
    recorded: tuple[bytes | None, bytes | None]
    address: bytes | None
    data: bytes
    ret: int
    flags: int

    def means_nothing(self, arg: Arg) -> bool:
        """Whether the kernel ignores the argument, so that its register holds whatever was left there."""
        if self.spec.name == "io_uring_submit":
            return self._is_absent(arg)
        if arg.kind is ArgKind.OFFSET_HIGH:
            return True  # shown with its low half
        return is_ignored(self.spec.name, arg.name, self.values, self.ret)

    def _is_absent(self, arg: Arg) -> bool:
        """Whether a request of io_uring has no such argument: each operation has its own."""
        given = {"fd": low_32_bits(self.values["fd"]) >> 31 == 0, "newpath": self.recorded[1] is not None}
        given["path"] = given["dirfd"] = self.recorded[0] is not None
        return not given.get(arg.name, True)

    def text(self, at: int, arg: Arg, value: int) -> str:
        if change := CHANGES.get(arg.kind):
            return change(*self.recorded) or "?"
        recorded = self.texts.get(at)
        if recorded is not None:
            return self._argv(recorded) if arg.kind is ArgKind.ARGV else self._string(arg, recorded)
        if not self.spec.is_call and arg.kind in TEXT_KINDS:
            return "?"
        if (followed := self._followed(arg)) is not None:
            return followed
        if arg.table and arg.kind is not ArgKind.STRUCT:
            return self._named(arg, value)
        if arg.kind in _MESSAGES and (self.address or self.data):
            return self._message()
        if arg.kind is ArgKind.FD_PAIR and self.ret == 0 and len(self.data) >= 8:
            first, second = (int.from_bytes(self.data[i : i + 4], "little", signed=True) for i in (0, 4))
            return f"[{first}, {second}]"
        if arg.kind in _BUFFERS_IN | _BUFFERS_OUT and self.data:
            return self._payload()
        if arg.kind is ArgKind.CALL:
            return format_value(arg, value, abi=self.abi)
        return NUMBERS.get(arg.kind, pointer)(value)

    def _followed(self, arg: Arg) -> str | None:
        """What the argument points to, where that was recorded in the place of an address or of a text."""
        if arg.table == "content":
            return self._payload() if self.data else None
        if self.address and (structure := structure_of(arg, self.values, self.abi)):
            if arg.table == "msgbuf":
                return self._queued(structure)
            size = self.values.get(COUNTED_BY.get(arg.table, "size"), 0)
            return structure.text(self.address, self.recorded[0], abi=self.abi, size=size)
        if self.address and arg.kind is ArgKind.STRING:
            return quoted(self.address.partition(b"\0")[0], EXCERPT * 4)
        if self.address and arg.kind in _ADDRESSES:
            return format_sockaddr(self.address)
        place = place_of_name(self.spec.name, arg.name, self.values)
        if place is not None and (name := self.recorded[place]) is not None:
            return quoted(name, EXCERPT * 4)
        is_content = self.data and is_content_of_key(self.spec.name, arg.name, self.values)
        return self._payload() if is_content else None

    def _queued(self, structure: Structure) -> str:
        """A message of a System V queue: its type, and what of its text is kept."""
        head = structure.text(self.address or b"", None, abi=self.abi, size=0)
        return f"{head.removesuffix('}')}, mtext={self._payload()}}}" if self.data else head

    def _string(self, arg: Arg, recorded: bytes) -> str:
        text = quoted(recorded, PATH_LIMIT if arg.kind is ArgKind.PATH else EXCERPT * 4)
        cut = self.flags & EventFlag.TEXT_TRUNCATED and not text.endswith(ELLIPSIS)
        return text + ELLIPSIS if cut else text

    def _argv(self, recorded: bytes) -> str:
        words = recorded.split(b"\0")
        complete = words[-1] == b""
        words = words[:-1] if complete else words
        shown = [quoted(word, EXCERPT * 4) for word in words[:ARGV_LIMIT]]
        if len(words) > ARGV_LIMIT or not complete or self.flags & EventFlag.TEXT_TRUNCATED:
            shown.append(ELLIPSIS)
        return f"[{', '.join(shown)}]"

    def _payload(self) -> str:
        text = quoted(self.data, EXCERPT)
        cut = self.flags & EventFlag.DATA_TRUNCATED and not text.endswith(ELLIPSIS)
        return text + ELLIPSIS if cut else text

    def _message(self) -> str:
        parts = [f"addr={format_sockaddr(self.address)}"] if self.address else []
        if self.data:
            parts.append(f"data={self._payload()}")
        return f"{{{', '.join(parts)}}}"

    def _named(self, arg: Arg, value: int) -> str:
        table = table_named(arg.table, self.abi)
        if isinstance(table, KeyedTable):
            chosen = table.tables.get(low_32_bits(self.values[table.by]))
            if chosen is None:
                return (
                    NUMBERS.get(arg.kind, pointer)(value)
                    if arg.kind in _PLAIN
                    else name_value(Table(), value)
                )
            table = chosen
        return name_value(table, value)
