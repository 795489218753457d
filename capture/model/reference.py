"""The page of all events, from the catalogue: `python -m capture.model.reference`."""

from __future__ import annotations

from collections.abc import Sequence

from capture.model.abi import Abi
from capture.model.catalogue import CATALOGUE, TABLES_OF_NUMBERS
from capture.model.events import Arg, ArgKind, Category, EventSpec

_INTRODUCTION = """\
# System calls and other events

This page is written by `python -m capture.model.reference`; a test holds it against the catalogue, and others
hold the catalogue against the kernel's headers, its tracepoints and strace.

Under its category stands each event (`evt.type`), its numbers in the tables of x86_64, aarch64, i386
(programs of 32 bits on x86_64) and x32, and its arguments (`evt.arg.NAME`); behind an argument stands what it
is. Numbers are those of Linux 7.0; a call that is newer appears as `syscall_N`, `i386_N` or `x32_N`.

Some calls take other arguments in one of the tables, which then has a line of its own. i386's `socketcall`
and `ipc` appear as the call that they stand for; the arguments of socketcall, which lie in memory, as that
call's own, those of ipc as it takes them itself.
"""

_OF_PLAIN_NUMBERS = frozenset({ArgKind.HEX, ArgKind.ULONG, ArgKind.INT, ArgKind.UINT, ArgKind.LONG})


def reference() -> str:
    """The whole page as Markdown."""
    sections = [_category(category) for category in Category]
    return "\n".join((_INTRODUCTION, *(section for section in sections if section)))


def _category(category: Category) -> str:
    rows = [row for spec in CATALOGUE if spec.category is category for row in _rows(spec)]
    if not rows:
        return ""
    head = (f"| event | {' | '.join(TABLES_OF_NUMBERS)} | arguments |", "|---|---|---|---|---|---|")
    return "\n".join((f"## {category}\n", *head, *rows, ""))


def _rows(spec: EventSpec) -> list[str]:
    if spec.is_syscall:
        numbers = ["" if (code := spec.code_on(abi)) is None else str(code) for abi in TABLES_OF_NUMBERS]
    else:
        numbers = [f"{spec.x86_64:#x}"] * len(TABLES_OF_NUMBERS)
    rows = [f"| `{spec.name}` | {' | '.join(numbers)} | {_arguments(spec.args)} |"]
    for abi, args in spec.other_args.items():
        if abi not in (Abi.SOCKETCALL, Abi.IPC):
            rows.append(f"| – on {abi} | | | | | {_arguments(args)} |")
    return rows


def _arguments(args: Sequence[Arg]) -> str:
    return ", ".join(_argument(arg) for arg in args if arg.kind is not ArgKind.OFFSET_HIGH) or "none"


def _argument(arg: Arg) -> str:
    if arg.kind is ArgKind.STRUCT:
        return f"{arg.name} ({arg.table.replace('_', ' ')} structure)"
    if arg.table:
        return f"{arg.name} ({arg.table.replace('_', ' ')})"
    if arg.kind is ArgKind.OFFSET_LOW:
        return f"{arg.name} (offset in two registers)"
    if arg.kind in _OF_PLAIN_NUMBERS or arg.kind == arg.name:
        return arg.name
    return f"{arg.name} ({arg.kind.replace('_', ' ')})"


if __name__ == "__main__":
    print(reference(), end="")
