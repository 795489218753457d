"""System calls as rows of text, and how a row becomes an EventSpec.

The tables lie in `syscalls_*.py`, by subject. A row has blank-separated columns:

    row      ::=  x86_64  aarch64  i386  name  category  result  arg*
    result   ::=  returns | returns "=" table
    arg      ::=  kind | name ":" kind | name ":" kind "=" table
    variant  ::=  name  arg*

A number is `-` where the table lacks the call. An argument that is just a kind is named
after it (`fd`, `path`, `mode`). A table is one of `capture.model.symbols`. `#` begins a remark. A variant
says which arguments a call has in another ABI, where they are not those of its row.

Numbers and order of arguments are those of Linux 7.0 (syscall_64.tbl, syscall_32.tbl, scripts/syscall.tbl);
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
    for row in _rows(table):
        if len(row) < 6:
            raise ValueError(f"a row of a system call table needs six columns, found {' '.join(row)!r}")
        x86_64, aarch64, i386, name, category, result, *args = row
        returns, _, ret_table = result.partition("=")
        yield EventSpec(
            name,
            Category(category),
            tuple(argument(text) for text in args),
            Returns(returns),
            _number(x86_64),
            _number(aarch64),
            i386=_number(i386),
            ret_table=ret_table,
        )


def parse_variants(table: str) -> dict[str, tuple[Arg, ...]]:
    """The arguments of calls in another ABI, by name.

    Raises:
        ValueError: an argument is not of the form above.
    """
    return {name: tuple(argument(text) for text in args) for name, *args in _rows(table)}


def _rows(table: str) -> Iterator[list[str]]:
    for line in table.splitlines():
        row = line.partition("#")[0].split()
        if row:
            yield row


def _number(text: str) -> int | None:
    return None if text == "-" else int(text)


def argument(text: str) -> Arg:
    """One argument: `fd`, `name:kind` or `name:kind=table`.

    Raises:
        ValueError: there is no such kind.
    """
    name, has_kind, rest = text.partition(":")
    kind, _, table = (rest if has_kind else name).partition("=")
    return Arg(name, ArgKind(kind), table)
