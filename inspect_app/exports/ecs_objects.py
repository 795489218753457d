"""Processes, programs, things and containers as objects of the Elastic Common Schema.

What is not known is left out. `process.entity_id` is one process for good, also where its pid is used again,
and the same in every capture of a boot.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from inspect_app.exports.texts import decodable, json_text
from inspect_app.frames.capture import CaptureFrames

_FILE_TYPES = {"file": "file", "directory": "dir", "char": "device", "block": "device", "unix": "socket"}
_DIRECTIONS = {"server": "ingress", "listener": "ingress", "client": "egress"}
_SOCKETS = ("ipv4", "ipv6")


class Rows:
    """Some columns of a frame, for reading many rows one by one."""

    def __init__(self, frame: pd.DataFrame, *names: str) -> None:
        self._columns = {name: frame[name].to_numpy(object) for name in names}

    def __call__(self, row: int) -> dict[str, Any]:
        """One row."""
        return {name: column[row] for name, column in self._columns.items()}


def program_text(frames: CaptureFrames) -> Callable[[int], str]:
    """Row of images → members of `process`, a comma behind each."""
    rows = Rows(frames.images, "argv", "exe", "sha256", "comm", "exepath", "cwd")

    def write(row: int) -> str:
        held = rows(row)
        words = [word for word in (held["exe"], *held["argv"].split("\0")[:-1]) if word]
        return members(
            {
                "name": held["comm"],
                "executable": held["exepath"],
                "command_line": " ".join(words),
                "args": words,
                "args_count": len(words),
                "working_directory": held["cwd"],
                "hash": {"sha256": held["sha256"]},
            }
        )

    return write


def process_text(frames: CaptureFrames) -> Callable[[int], str]:
    """Row of processes → members of `process`, the last ones."""
    processes = Rows(frames.processes, "pid", "start", "end", "parent", "ppid", "exit_code", "image", "host")
    images = Rows(frames.images, "comm", "exepath")
    several = len(frames.hosts) > 1
    boot = str(frames.host.get("boot_id") or frames.host.get("hostname") or "")
    names = frames.hosts["hostname"].tolist()

    def entity(held: dict[str, Any]) -> str:
        where = names[held["host"]] if several else boot
        return f"{where}:{held['pid']}:{held['start']}"

    def parent(row: int, ppid: int) -> dict[str, Any]:
        if row < 0:
            return {"pid": ppid} if ppid >= 0 else {}
        held = processes(row)
        image = images(held["image"]) if held["image"] >= 0 else {"comm": "", "exepath": ""}
        told = {"pid": int(held["pid"]), "entity_id": entity(held), "name": image["comm"]}
        return told | {"executable": image["exepath"]}

    def write(row: int) -> str:
        held = processes(row)
        return members(
            {
                "pid": int(held["pid"]),
                "entity_id": entity(held),
                "start": _iso(held["start"]),
                "end": _iso(held["end"]),
                "exit_code": int(held["exit_code"]) if held["exit_code"] >= 0 else None,
                "parent": parent(held["parent"], held["ppid"]),
            }
        ).removesuffix(",")

    return write


def thing_text(frames: CaptureFrames) -> Callable[[int], str]:
    """Row of descriptors, or behind those position of a path → `file`, or the ends of a connection."""
    names = ("type", "name", "ino", "dev", "mode", "laddr", "lport", "raddr", "rport", "role", "l4proto")
    rows, total = Rows(frames.descriptors, *names), len(frames.descriptors)

    def write(code: int) -> str:
        if code >= total:
            return f',"file":{object_text(_file(frames.paths[code - total]))}'
        held = rows(code)
        if held["type"] in _SOCKETS:
            return _connection(held)
        if not held["name"].startswith("/"):
            return ""
        told = _file(held["name"]) | {
            "inode": str(held["ino"]) if held["ino"] >= 0 else "",
            "device": str(held["dev"]) if held["dev"] >= 0 else "",
            "type": _FILE_TYPES.get(held["type"], ""),
            "mode": f"{held['mode'] & 0o7777:04o}" if held["mode"] >= 0 else "",
        }
        return f',"file":{object_text(told)}'

    return write


def host_text(frames: CaptureFrames) -> Callable[[int], str]:
    """Row of hosts → `host`."""
    rows = Rows(frames.hosts, "hostname", "machine_id", "machine", "kernel", "os")

    def write(row: int) -> str:
        held = rows(row)
        system = {"type": "linux", "full": held["os"], "kernel": held["kernel"]}
        name = {"hostname": held["hostname"], "name": held["hostname"], "id": held["machine_id"]}
        return f',"host":{object_text({**name, "architecture": held["machine"], "os": system})}'

    return write


def container_text(frames: CaptureFrames) -> Callable[[int], str]:
    """Row of containers → `container`, and `orchestrator` of a pod; the host has neither."""
    names = ("id", "full_id", "name", "runtime", "image", "image_digest", "namespace", "pod", "pod_uid")
    rows, hosts = Rows(frames.containers, *names), set(frames.hosts["container"])

    def write(row: int) -> str:
        held = rows(row)
        name, tag = _name_and_tag(held["image"])
        told = {
            "id": held["full_id"] or held["id"],
            "name": held["name"],
            "runtime": held["runtime"],
            "image": {
                "name": name,
                "tag": [tag] if tag else [],
                "hash": {"all": [held["image_digest"]] if held["image_digest"] else []},
            },
        }
        pod = {
            "type": "kubernetes",
            "namespace": held["namespace"],
            "resource": {"type": "pod", "name": held["pod"], "id": held["pod_uid"]},
        }
        shown = f',"container":{object_text(told)}' if row not in hosts else ""
        return shown + (f',"orchestrator":{object_text(pod)}' if held["namespace"] else "")

    return write


def object_text(told: Mapping[str, Any]) -> str:
    """A JSON object of what is known."""
    return "{" + members(told).removesuffix(",") + "}"


def members(told: Mapping[str, Any]) -> str:
    """`"name":value,` of all that is known."""
    shown = ((name, _value(value)) for name, value in told.items())
    return "".join(f'"{name}":{text},' for name, text in shown if text not in ("null", '""', "{}", "[]"))


def _value(value: Any) -> str:
    if isinstance(value, str):
        return json_text(value)
    if isinstance(value, Mapping):
        return object_text(value)
    if isinstance(value, list):
        return json.dumps([decodable(one) for one in value])
    return json.dumps(value)


def _file(path: str) -> dict[str, Any]:
    folder, _, name = path.rpartition("/")
    extension = name.rpartition(".")[2] if "." in name.strip(".") else ""
    return {"path": path, "directory": folder or "/", "name": name, "extension": extension}


def _connection(held: dict[str, Any]) -> str:
    """Source is who opened the connection; where that is not known, the recorded side."""
    near, far = _end(held["laddr"], held["lport"]), _end(held["raddr"], held["rport"])
    serves = held["role"] in ("server", "listener")
    network = {
        "transport": held["l4proto"],
        "type": held["type"],
        "direction": _DIRECTIONS.get(held["role"], "unknown"),
    }
    parts = {"source": far if serves else near, "destination": near if serves else far, "network": network}
    return "".join(f',"{name}":{object_text(told)}' for name, told in parts.items() if told)


def _end(address: str, port: int) -> dict[str, Any]:
    told: dict[str, Any] = {"address": address, "ip": address} if address else {}
    return told | ({"port": int(port)} if port >= 0 and address else {})


def _name_and_tag(image: str) -> tuple[str, str]:
    """`nginx` and `1.25` of nginx:1.25; a port is no tag, a digest neither."""
    name, colon, tag = image.partition("@")[0].rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "")


def _iso(nanoseconds: int) -> str:
    return "" if nanoseconds < 0 else f"{np.datetime64(int(nanoseconds), 'ns')}Z"
