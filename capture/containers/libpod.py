"""Podman's database: labels, pods, restart policy, which lie nowhere else.

    <graph root>/db.sql                  SQLite, since 4.8: tables ContainerConfig, ContainerState, PodConfig
    <graph root>/libpod/bolt_state.db    BoltDB: buckets ctr/<id>/{config,state}, pod/<id>/{config,state}

Either holds JSON documents. Podman writes the SQLite file while we look, and rootless users own theirs: a
bounded copy of it and its journals is opened, never the file itself, and a schema that would compute
for long is stopped. Sources: Podman's libpod/sqlite_state_internal.go, libpod/boltdb_state_internal.go.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from capture.containers import bolt, documents, oci
from capture.containers.documents import MetadataError
from capture.containers.metadata import CONTAINER, SANDBOX, ContainerMetadata

MAX_DATABASE = 64 << 20
"""Bytes; a container takes some ten kilobytes."""
_QUESTION = """
SELECT c.JSON,
       (SELECT s.JSON FROM ContainerState s WHERE s.ID = c.ID),
       (SELECT p.JSON FROM PodConfig p WHERE p.ID = c.PodID),
       (SELECT p.JSON FROM PodState p WHERE p.ID = c.PodID)
  FROM ContainerConfig c WHERE c.ID = ? LIMIT 1
"""
_STEPS = 200_000
"""Instructions of SQLite's machine for one question; a look-up by key takes some dozens."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the database holds about a container."""

    config: Any
    state: Any
    pod: Any


def find_entry(graph: Path, full_id: str) -> Entry | None:
    """Look a container up in the database of a storage; None if it is not there.

    Raises:
        MetadataError: there is a database, but it cannot be used.
    """
    return _in_sqlite(graph / "db.sql", full_id) or _in_bolt(graph / "libpod" / "bolt_state.db", full_id)


def completed(known: ContainerMetadata, entry: Entry | None) -> ContainerMetadata:
    """Add what the database says."""
    if entry is None or not isinstance(entry.config, dict):
        return known
    config, pod = entry.config, entry.pod
    entrypoint = documents.get(config, "entrypoint")
    # The key is a leftover of when such containers were called pause containers.
    infra = config.get("pause") is True or documents.get(pod, "InfraContainerID") == known.full_id
    pid = documents.integer(documents.get(entry.state, "pid"))
    return replace(
        known,
        name=documents.text(config.get("name")) or known.name,
        kind=(SANDBOX if infra else CONTAINER) if pod else known.kind,
        image=documents.text(config.get("rootfsImageName")) or known.image,
        image_id=documents.text(config.get("rootfsImageID")) or known.image_id,
        created_ns=documents.nanoseconds(config.get("createdTime")) or known.created_ns,
        # What is stored is all of them: an empty table is none, not "not known".
        labels=documents.table(config.get("labels")),
        entrypoint=oci.command_line(entrypoint),
        restart_policy=_restart_policy(config),
        pod=documents.text(documents.get(pod, "name")) or known.pod,
        pod_uid=known.pod_uid or documents.text(documents.get(pod, "id")),
        pod_labels=documents.table(documents.get(pod, "labels")) or known.pod_labels,
        sandbox=documents.text(documents.get(pod, "InfraContainerID")) or known.sandbox,
        addresses=_addresses(entry.state) or known.addresses,
        init_pid=pid or known.init_pid,
    )


def _restart_policy(config: dict[str, Any]) -> str:
    policy = documents.text(config.get("restart_policy"))
    tries = documents.integer(config.get("restart_retries"))
    return f"{policy}:{tries}" if policy == "on-failure" and tries else policy or "no"


def _addresses(state: Any) -> tuple[str, ...]:
    """The addresses in networkStatus: network → interfaces → name → subnets → ipnet, with its length."""
    networks = documents.get(state, "networkStatus")
    subnets = [
        subnet
        for network in _values(networks)
        for interface in _values(documents.get(network, "interfaces"))
        for subnet in documents.items(documents.get(interface, "subnets"))
    ]
    found = (documents.text(documents.get(subnet, "ipnet")).partition("/")[0] for subnet in subnets)
    return tuple(address for address in found if address)


def _values(table: Any) -> list[Any]:
    return list(table.values())[: documents.MAX_ITEMS] if isinstance(table, dict) else []


def _in_bolt(path: Path, full_id: str) -> Entry | None:
    def question(root: bolt.Bucket) -> tuple[bytes | None, ...]:
        key = full_id.encode("utf-8", "replace")
        config = root.value(b"ctr", key, b"config")
        pod = documents.text(documents.get(_json(config, path), "pod"))
        return (
            config,
            root.value(b"ctr", key, b"state"),
            root.value(b"pod", pod.encode(), b"config") if pod else None,
            root.value(b"pod", pod.encode(), b"state") if pod else None,
        )

    found = bolt.ask(path, question)
    return None if found is None or found[0] is None else _entry(path, *found)


def _in_sqlite(path: Path, full_id: str) -> Entry | None:
    with _copy_of(path) as copy:
        if copy is None:
            return None
        try:
            with closing(sqlite3.connect(copy)) as database:
                return _entry(path, *found) if (found := _rows(database, full_id)) else None
        except sqlite3.Error as error:
            raise MetadataError(f"{path} cannot be read: {error}") from error


def _rows(database: sqlite3.Connection, full_id: str) -> tuple[Any, ...] | None:
    """(config, state, pod, pod's state) of a container as they are stored."""
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA mmap_size = 0")
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, documents.MAX_DOCUMENT)
    # Called once after so many instructions: the second call would be too late, so the first one stops.
    database.set_progress_handler(lambda: 1, _STEPS)
    database.text_factory = bytes
    found: tuple[Any, ...] | None = database.execute(_QUESTION, (full_id,)).fetchone()
    return found


@contextmanager
def _copy_of(path: Path) -> Iterator[str | None]:
    """A copy of a database with its journals, for as long as it is needed; None if there is none."""
    content = documents.read_bytes(path, limit=MAX_DATABASE)
    if not content:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="exhume-") as folder:
        copy = Path(folder) / "db.sql"
        copy.write_bytes(content)
        for ending in ("-wal", "-journal"):
            journal = documents.read_bytes(path.with_name(path.name + ending), limit=MAX_DATABASE)
            if journal:
                copy.with_name(copy.name + ending).write_bytes(journal)
        yield str(copy)


def _entry(path: Path, config: Any, state: Any, pod: Any, pod_state: Any) -> Entry:
    described, changing = _json(pod, path), _json(pod_state, path)
    whole = (
        {**described, **changing} if isinstance(described, dict) and isinstance(changing, dict) else described
    )
    return Entry(_json(config, path), _json(state, path), whole)


def _json(content: Any, path: Path) -> Any:
    return documents.parse_json(content, str(path)) if isinstance(content, bytes) and content else None
