"""Views of what programs wrote to logs, and of how containers and control groups came and went."""

from __future__ import annotations

from inspect_app.views.columns import (
    ANYTHING,
    COMMAND,
    CONTAINER,
    CONTAINER_ID,
    PID,
    PROCESS,
    RESULT,
    WHEN,
    number,
    text,
)
from inspect_app.views.view import Kind, Order, View

_NET_OR_DIRECTORY = {"connection", "directory", "port"}
_WHO = (PID, PROCESS, CONTAINER, COMMAND, CONTAINER_ID)

LOG_VIEWS = (
    View(
        "syslog",
        "System log",
        ("message", "messages"),
        "One row for each message that was written to the system's log socket, in order of time.",
        (
            "Filter by syslog.severity < 4 for errors, or by syslog.facility.str = auth for logins.",
            "A message is told as far as it was kept; record with a larger --snaplen to see more.",
        ),
        ANYTHING - _NET_OR_DIRECTORY,
        "evt.is_syslog = true",
        "",
        (
            WHEN,
            text("syslog.facility.str", "Facility", "what the message is about, by its sender"),
            text("syslog.severity.str", "Severity", "how bad it is, by its sender"),
            text("syslog.message", "Message", "the message, as far as it was kept"),
            number("syslog.severity", "Severity number", "0 emergency … 7 debug", shown=False),
            RESULT,
            *_WHO,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
    View(
        "application_logs",
        "Application logs",
        ("message", "messages"),
        "One row for each write to a log file: under /var/log, or named as a log, in order of time.",
        (
            "Filter by evt.buffer icontains anyof (error, fail) for what went wrong.",
            "What a container writes to its standard output goes to a pipe, and is no file here.",
        ),
        ANYTHING - _NET_OR_DIRECTORY,
        "evt.is_log = true and evt.buflen > 0",
        "",
        (
            WHEN,
            text("fd.name", "File", "the log file"),
            text("evt.buffer", "Text", "what was written, as far as it was kept"),
            *_WHO,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
    View(
        "container_life",
        "Container life",
        ("event", "events"),
        "Control groups that were made, entered and removed, and kills for want of memory, in order of time.",
        (
            "A container's control group is made before its first program runs, and removed after its end.",
            "Births, deaths and exit codes of containers are columns of Containers.",
        ),
        ANYTHING - (_NET_OR_DIRECTORY | {"file", "fdtype", "error"}),
        "evt.type in (cgroup_mkdir, cgroup_rmdir, cgroup_attach_task, oom_kill)",
        "",
        (
            WHEN,
            text("evt.type", "Event", "what happened"),
            text("evt.arg.path", "Control group", "path of the control group"),
            number("evt.arg.pid", "PID moved", "process that was moved or killed"),
            PID,
            PROCESS,
            CONTAINER,
            COMMAND,
            CONTAINER_ID,
        ),
        Order("evt.rawtime", descending=False),
        "events",
        Kind.LIST,
    ),
)
