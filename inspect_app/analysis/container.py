"""One container in full: what stands beside an event of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from capture.model.decode import printable
from inspect_app.analysis.moments import moment_text

NOT_RECORDED = "not recorded"
_TEXT_LIMIT = 4_096

Item = tuple[str, str]

_WHERE_RECORDED = (
    ("Kind", "kind"),
    ("Digest", "image_digest"),
    ("Pod", "pod"),
    ("Namespace", "namespace"),
    ("Pod labels", "pod_labels"),
    ("Sandbox", "sandbox"),
    ("Command", "command"),
    ("Entry point", "entrypoint"),
    ("User", "user"),
    ("Directory", "working_directory"),
    ("Environment", "environment"),
    ("Labels", "labels"),
    ("Addresses", "addresses"),
    ("Restart policy", "restart_policy"),
    ("Capabilities added", "capabilities_added"),
    ("Capabilities dropped", "capabilities_dropped"),
    ("Seccomp", "seccomp"),
    ("AppArmor", "apparmor"),
    ("SELinux", "selinux"),
    ("No new privileges", "no_new_privileges"),
    ("Read-only root", "read_only"),
    ("Host namespaces", "host_namespaces"),
    ("Joined namespaces", "joined_namespaces"),
    ("Host mounts", "sensitive_mounts"),
    ("Devices", "devices"),
    ("Runs in", "parent"),
)
"""Titles and columns of what is shown only where there is something."""

_LIMITS: tuple[tuple[str, str, Callable[[int], str]], ...] = (
    ("Memory limit", "memory_limit", lambda value: f"{value:,} bytes"),
    ("CPU limit", "cpu_limit", lambda value: f"{value / 1000:g} processors"),
    ("Process limit", "pids_limit", lambda value: f"{value:,}"),
)


def container_items(container: Mapping[str, Any]) -> list[Item]:
    """What the capture tells of a container: (title, text), safe to show.

    Args:
        container: a row of the frame of containers.
    """
    items = [
        ("Name", _shown(container["name"])),
        ("ID", _shown(container["full_id"] or container["id"])),
        ("Image", _shown(container["image"])),
        ("Runtime", _shown(container["runtime"])),
        ("Created", _moment(int(container["birth"]), "before the recording")),
        ("Removed", _moment(int(container["death"]), "alive at the end")),
        ("Privileged", _shown(container["privileged"])),
    ]
    if int(container["exit_code"]) >= 0:
        items.append(("Exit code", str(int(container["exit_code"]))))
    if int(container["oom_kills"]) > 0:
        items.append(("Out of memory", f"{int(container['oom_kills']):,} killed"))
    if int(container["starts"]) > 1:
        items.append(("Started", f"{int(container['starts']):,} times"))
    items += [(title, _shown(container[column])) for title, column in _WHERE_RECORDED if container[column]]
    items += limit_items(container)
    if container["metadata"] != "recorded":
        items.append(("Metadata", _shown(container["metadata"])))
    return items


def limit_items(container: Mapping[str, Any]) -> list[Item]:
    """How much it may use, of what is known."""
    known = ((title, int(container[column]), form) for title, column, form in _LIMITS)
    return [(title, form(value) if value else "none") for title, value, form in known if value >= 0]


def _shown(text: str) -> str:
    return printable(text, _TEXT_LIMIT) if text else NOT_RECORDED


def _moment(nanoseconds: int, unknown: str) -> str:
    return unknown if nanoseconds < 0 else moment_text(nanoseconds)
