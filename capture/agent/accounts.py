"""The machine's users and groups."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from capture.agent.host_root import on_host
from capture.agent.proc_files import Row, content, text

_NUMBER = re.compile("[0-9]{1,10}")


def users() -> list[Row]:
    """The machine's users, from /etc/passwd."""
    return [
        {"name": name, "uid": int(uid), "gid": int(gid), "home": home, "shell": shell}
        for name, uid, gid, home, shell in _colon_rows(on_host("/etc/passwd"), (0, 2, 3, 5, 6))
    ]


def groups() -> list[Row]:
    """The machine's groups, from /etc/group."""
    return [{"name": name, "gid": int(gid)} for name, gid in _colon_rows(on_host("/etc/group"), (0, 2))]


def _colon_rows(path: Path, wanted: tuple[int, ...]) -> Iterator[list[str]]:
    try:
        lines = content(path).splitlines()
    except OSError:
        return
    for line in lines:
        fields = text(line).split(":")
        numbers = [fields[at] for at in (2, 3) if at < len(fields) and at in wanted]
        if len(fields) > max(wanted) and all(_NUMBER.fullmatch(number) for number in numbers):
            yield [fields[at] for at in wanted]
