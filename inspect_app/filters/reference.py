"""The reference of the filter language, from its tables: `python -m inspect_app.filters.reference`."""

from __future__ import annotations

from collections.abc import Iterable

from inspect_app.filters.field import Argument, Field
from inspect_app.filters.fields import FIELDS
from inspect_app.filters.literals import EXAMPLES
from inspect_app.filters.operators import FUNCTIONS, MODIFIERS, OPERATORS

_INTRODUCTION = """\
# Filter fields and operators

This page is written by `python -m inspect_app.filters.reference`; a test holds it against the tables.

A filter is a condition on events, in the language of sysdig and Falco:

    proc.name = nginx and fd.type in (ipv4, ipv6) and not fd.rip = 10.0.0.0/8
    evt.type in (open, openat) and evt.is_open_write = true and fd.name startswith /etc
    proc.aname = sshd and proc.tty != 0 and evt.latency > 10ms

Conditions are joined by `and`, `or`, `not` and parentheses. A value is a bare word, or stands in quotes if
it has blanks, commas, parentheses, quotes or `=` in it; in quotes `\\"`, `\\'`, `\\\\`, `\\n`, `\\r`, `\\t`,
`\\xNN`, `\\uNNNN` and `\\UNNNNNNNN` are characters, and any other backslash is itself.

Payload is asked as text or in hex: `evt.buffer contains anyof (passwd, shadow)`,
`evt.buffer bstartswith 7f454c46`. What was not kept cannot be found; `len(evt.buffer)` tells how much was.

A missing value meets no comparison, not even `!=`; `exists` tells whether there is one. A field that a
capture cannot provide makes the filter *not evaluable*, which is said: it is never silently false.

`evt.dir = <` holds for every event and `evt.dir = >` for none, for a call is one event, stored when it
returned. The parent of a program is the program that the creating process was running when this one began.
"""


def reference() -> str:
    """The whole page as Markdown."""
    sections = [_INTRODUCTION, _literals(), _operators(), _transformers(), *_classes(), _unavailable()]
    return "\n".join(sections)


def _literals() -> str:
    rows = [(f"{type_}", example) for type_, example in EXAMPLES.items()]
    return _section("Types of fields", ("type", "a value is written as"), rows)


def _operators() -> str:
    rows = [(f"`{operator.name}`", operator.takes.value, operator.meaning) for operator in OPERATORS.values()]
    modifiers = [(f"`{name}`", "a list in parentheses", meaning) for name, meaning in MODIFIERS.items()]
    return (
        _section("Operators", ("operator", "takes", "holds when"), rows)
        + "\nA modifier takes a list: `fd.name startswith anyof (/etc, /root)`, `fd.port = anyof (80)`.\n"
        + "\n"
        + _table(("modifier", "takes", "meaning"), modifiers)
    )


def _transformers() -> str:
    rows = [(f"`{name}(…)`", meaning) for name, meaning in FUNCTIONS.items()]
    rows.append(("`val(…)`", "to the right of an operator: the value of a field of the same event"))
    return _section("Transformers", ("transformer", "gives"), rows)


def _classes() -> Iterable[str]:
    known = [field for field in FIELDS.values() if field.compute]
    for name in dict.fromkeys(field.name.partition(".")[0] for field in known):
        rows = [_row(field) for field in known if field.name.partition(".")[0] == name]
        yield _section(f"`{name}`", ("field", "type", "meaning"), rows)


def _row(field: Field) -> tuple[str, str, str]:
    shown = {Argument.NONE: "", Argument.INDEX: "[n]", Argument.NAME: "[name]", Argument.OPTIONAL: "[name]"}[
        field.argument
    ]
    choices = f" ({', '.join(field.choices)})" if 0 < len(field.choices) <= 15 else ""
    return f"`{field.name}{shown}`", str(field.type), field.meaning + choices


def _unavailable() -> str:
    rows = [(f"`{field.name}`", field.unavailable) for field in FIELDS.values() if not field.compute]
    return _section("Known, but not evaluable", ("field", "why"), rows)


def _section(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return f"## {title}\n\n{_table(heads, rows)}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


if __name__ == "__main__":
    print(reference(), end="")
