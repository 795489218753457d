"""System calls as rows of text, and how a row becomes an EventSpec.

The tables lie in `syscalls_*.py`, by subject. A row has blank-separated columns:

    row   ::=  x86_64  aarch64  name  category  returns  arg*
    arg   ::=  kind | name ":" kind | name ":" kind "=" table

A number is `-` where the architecture lacks the call. An argument that is just a kind is named
after it (`fd`, `path`, `mode`). A table is one of `capture.model.symbols`. `#` begins a remark.

Numbers and order of arguments are those of Linux 6.18 (syscall_64.tbl, asm-generic/unistd.h);
names of arguments follow the manual pages, except that a path is `path`, `oldpath` or `newpath`
in every call.
"""

from __future__ import annotations

from collections.abc import Iterator

from capture.model.events import Arg, ArgKind, Category, EventSpec, Returns


def parse_rows(table: str) -> Iterator[EventSpec]:
    """The calls of one text table, in its order.

    Raises:
        ValueError: a row is not of the form above.
    """
    for line in table.splitlines():
        row = line.partition("#")[0].split()
        if not row:
            continue
        if len(row) < 5:
            raise ValueError(f"a row of a system call table needs five columns, found {line.strip()!r}")
        x86_64, aarch64, name, category, returns, *args = row
        yield EventSpec(
            name,
            Category(category),
            tuple(_arg(text) for text in args),
            Returns(returns),
            _number(x86_64),
            _number(aarch64),
        )


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def _arg(text: str) -> Arg:
    name, has_kind, rest = text.partition(":")
    kind, _, table = (rest if has_kind else name).partition("=")
    return Arg(name, ArgKind(kind), table)
