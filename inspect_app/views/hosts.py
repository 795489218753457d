"""The view of hosts, and what tables of several hosts have more: a column that names the host of a row."""

from __future__ import annotations

from dataclasses import replace

from inspect_app.frames.capture import CaptureFrames
from inspect_app.views.columns import (
    ANYTHING,
    ERRORS,
    EVENTS,
    FIRST,
    LAST,
    count,
    distinct,
    number,
    text,
    total,
)
from inspect_app.views.format import Unit
from inspect_app.views.keys import HOSTNAME, KEYS, Key
from inspect_app.views.view import Kind, Order, View

HOST = text(HOSTNAME, "Host", "the recorded host")

HOST_VIEWS = (
    View(
        "hosts",
        "Hosts",
        ("host", "hosts"),
        "The machines that were recorded: captures of several can be opened as one.",
        (
            "Times of a host are by its own clock; the summary tells what was corrected.",
            "Enter shows the containers of a host.",
        ),
        ANYTHING - {"host"},
        "",
        "host",
        (
            HOST,
            distinct("container.id", "Containers", "containers at work, the host itself counted"),
            distinct("proc.pid", "Processes", "different pids at work"),
            EVENTS,
            ERRORS,
            count("execs", "Commands"),
            total("file.bytes", "File I/O"),
            total("net.bytes", "Network I/O"),
            text("host.kernel", "Kernel", "release of its kernel"),
            text("host.os", "System", "its distribution"),
            text("host.machine", "Architecture", "of its processors"),
            number("host.cpus", "CPUs", "how many processors it has", Unit.COUNT),
            text("host.machine_id", "Machine ID", "its identity as systemd keeps it", shown=False),
            FIRST,
            LAST,
        ),
        Order("events"),
        "containers",
    ),
)


def among_hosts(view: View, frames: CaptureFrames) -> View:
    """The view as it is over a capture of several hosts: it names the host of each row.

    Of tables, those whose rows are of one host; of lists all.
    """
    if len(frames.hosts) < 2 or any(column.of == HOSTNAME for column in view.columns):
        return view
    named = view.kind is Kind.LIST or KEYS[view.key].of_host
    return replace(view, columns=(HOST, *view.columns)) if named else view


def key_among_hosts(key: Key, frames: CaptureFrames) -> Key:
    """The key as it is over a capture of several hosts: what has the same name on two is two."""
    if len(frames.hosts) < 2 or not key.of_host:
        return key
    first, *others = key.parts
    parts = (replace(first, fields=(*first.fields, HOSTNAME)), *others)
    return replace(key, parts=parts, label=(*key.label, HOSTNAME))
