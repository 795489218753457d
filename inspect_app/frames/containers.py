"""The frame of containers: what was recorded of each, its life and its end."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from capture.identity import Identities
from capture.identity.snapshot import integers, text_of, texts
from inspect_app.frames.columns import CONTAINER_COLUMNS
from inspect_app.frames.mounts import sensitive_mounts
from inspect_app.frames.tables import build_table

_TEXTS = (
    *("id", "full_id", "name", "kind", "image", "image_id", "image_digest", "runtime"),
    *("pod", "namespace", "pod_uid", "sandbox", "entrypoint", "user", "working_directory", "hostname"),
    *("restart_policy", "seccomp", "apparmor", "selinux", "cpuset", "cni", "metadata", "cgroup", "parent"),
)
_LISTS = (
    *("environment", "capabilities", "capabilities_added", "capabilities_dropped"),
    *("devices", "host_namespaces", "addresses"),
)
_MAPS = ("labels", "pod_labels", "joined_namespaces")
_ANSWERS = ("privileged", "no_new_privileges", "read_only")
_NUMBERS = ("created", "memory_limit", "cpu_limit", "pids_limit", "init_pid")

Records = Sequence[Mapping[str, Any]]


def containers(found: Identities) -> pd.DataFrame:
    """See CONTAINER_COLUMNS."""
    records = found.containers.records
    mounts = [_mounts(record.get("mounts")) for record in records]
    data: dict[str, Any] = {
        **{name: texts(records, name) for name in _TEXTS},
        **{name: [_listed(record.get(name)) for record in records] for name in _LISTS},
        **{name: [_object(record.get(name)) for record in records] for name in _MAPS},
        **{name: [_yes_or_no(record.get(name)) for record in records] for name in _ANSWERS},
        **{name: integers(records, name) for name in _NUMBERS},
        "command": [_command(record.get("command")) for record in records],
        "mounts": [json.dumps(rows) if rows else "" for rows in mounts],
        "sensitive_mounts": [", ".join(sensitive_mounts(rows)) for rows in mounts],
        "birth": found.containers.birth,
        "death": found.containers.death,
        "starts": found.containers.starts,
        "exit_code": found.ends.exit_code,
        "oom_kills": found.ends.oom_kills,
        "first_process": found.ends.first_process,
    }
    return build_table(CONTAINER_COLUMNS, data)


def _listed(value: object) -> str:
    return ", ".join(filter(None, map(text_of, value))) if isinstance(value, list) else ""


def _object(value: object) -> str:
    if not isinstance(value, dict) or not value:
        return ""
    return json.dumps({text_of(name): text_of(entry) for name, entry in value.items()}, sort_keys=True)


def _mounts(value: object) -> list[dict[str, Any]]:
    """Mounts with nothing but the columns that are declared, each of the right type."""
    rows = value if isinstance(value, list) else []
    return [
        {
            **{name: text_of(row.get(name)) for name in ("source", "destination", "type")},
            "options": [text_of(option) for option in options]
            if isinstance(options := row.get("options"), list)
            else [],
        }
        for row in rows
        if isinstance(row, dict)
    ]


def _yes_or_no(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else ""


def _command(command: object) -> str:
    if isinstance(command, list | tuple):
        return " ".join(text_of(word) for word in command)
    return text_of(command)
