"""Options of `record` that leave out: only these containers, trees, users, calls …, or all but these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any

import click

from capture.agent.filter import RecordingFilter
from capture.model.catalogue import SYSTEM_CALL_SPECS
from capture.model.events import Category
from capture.model.recording_filter import COMMAND, ONLY, PROPERTIES, SKIP, Rule
from capture.model.state_calls import ALWAYS_RECORDED

_CALLS = frozenset(spec.name for spec in SYSTEM_CALL_SPECS)
_CATEGORIES = frozenset(str(category) for category in Category)
_VALUES = {
    "container": "NAME|ID|host",
    "pod": "NAME|NAMESPACE/NAME|UID",
    "cgroup": "PATH",
    "tree": "PID",
    "uid": "UID|USER",
    "comm": "NAME",
    "call": "CALL,…",
    "category": "CATEGORY,…",
}
_WHAT = {
    "container": "what runs in these containers, by name or by the beginning of the id; host: outside of all",
    "pod": "what runs in containers of these pods",
    "cgroup": "what is in these cgroups or below them",
    "tree": "these processes and their descendants",
    "uid": "what runs as these users",
    "comm": "threads of these names",
    "call": "these system calls",
    "category": "system calls of these categories",
}
_MAX_UID = (1 << 32) - 1


def filter_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    command = click.option(
        "--only-command", is_flag=True, help="Record only COMMAND and what comes from it."
    )(command)
    for kind in (SKIP, ONLY):
        verb = "Record only" if kind == ONLY else "Leave out"
        for by in reversed(PROPERTIES):
            option = click.option(
                f"--{kind}-{by}",
                multiple=True,
                metavar=_VALUES[by],
                help=f"{verb} {_WHAT[by]}.",
            )
            command = option(command)
    return command


def recording_filter(options: Mapping[str, Any], command: tuple[str, ...]) -> RecordingFilter:
    """The filter that follows from them.

    Raises:
        click.UsageError: A value that nothing could match.
    """
    rules = []
    for kind in (ONLY, SKIP):
        for by in PROPERTIES:
            values = [word for text in options[f"{kind}_{by}"] for word in text.split(",") if word]
            for value in values:
                _check(kind, by, value)
            if by == "tree" and kind == ONLY and options["only_command"]:
                values.append(COMMAND)
            if values:
                rules.append(Rule(kind, by, tuple(values)))
    if options["only_command"] and not command:
        raise click.UsageError(
            "--only-command needs a command: exhume-capture record --only-command -- make all"
        )
    return RecordingFilter(tuple(rules))


def _check(kind: str, by: str, value: str) -> None:
    option = f"--{kind}-{by}"
    if by == "call":
        _one_of(value, _CALLS, option, "a system call")
        if kind == SKIP and value in ALWAYS_RECORDED:
            raise click.UsageError(
                f"{option} {value}: {value} is always recorded; descriptors, processes and paths have their "
                "names from it"
            )
    elif by == "category":
        _one_of(value, _CATEGORIES, option, "a category")
    elif by == "tree" and not (value.isascii() and value.isdigit() and 0 < int(value) <= _MAX_UID >> 1):
        raise click.UsageError(f"{option} {value}: a process id was expected")
    elif by == "uid" and value.isdigit() and int(value) > _MAX_UID:
        raise click.UsageError(f"{option} {value}: no user has a number above {_MAX_UID}")
    elif by == "cgroup" and not value.startswith("/"):
        raise click.UsageError(
            f"{option} {value}: a path in the tree of cgroups was expected: /system.slice/foo"
        )


def _one_of(value: str, known: frozenset[str], option: str, noun: str) -> None:
    if value in known:
        return
    close = get_close_matches(value, known, 3)
    hint = f"; did you mean {' or '.join(close)}?" if close else ""
    if noun == "a category":
        hint += f" There are {', '.join(sorted(known))}."
    raise click.UsageError(f"{option} {value}: {value} is not {noun}{hint}")
