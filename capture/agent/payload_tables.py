"""The probe's tables of payload rules: filled before calls are seen, containers as they become known."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from capture.agent.filter import Row, is_meant
from capture.agent.filter_tables import Tables
from capture.agent.hierarchies import trees
from capture.agent.host_root import host_root
from capture.agent.payload_policy import MAX_PREFIX, PayloadRule, PayloadSubject, numbered
from capture.agent.proc_files import kernel_dev
from capture.containers.cgroup_paths import ContainerRef, container_of
from capture.containers.lookup import find_metadata

_PREFIX_WORDS = MAX_PREFIX // 8
_FILES = 1 << 16
_OF_HOST, _NO_RULE = 1 << 63, (1 << 63) - 1
"""Words of cgroups, see bpf/policy.c: of none that is a container's, and without a rule."""
_REGULAR, _TYPE = 0o100000, 0o170000

Array = np.ndarray[Any, np.dtype[np.uint64]]


def payload_constants(rules: Sequence[PayloadRule], snaplen: int) -> dict[str, int]:
    """What the probe is compiled with; SNAPLEN bounds all, whatever rule decides."""
    count = {subject: len(numbered(rules, subject)) for subject in PayloadSubject}
    return {
        "SNAPLEN": max([snaplen, *(rule.bytes for rule in rules)]),
        "COMMON_SNAPLEN": snaplen,
        **{f"{subject.name}_RULES": number for subject, number in count.items()},
    }


class PayloadTables:
    """What the probe looks up to decide how much payload is kept."""

    def __init__(self, rules: Sequence[PayloadRule], tables: Tables) -> None:
        self._tables = tables
        self._ports = numbered(rules, PayloadSubject.PORT)
        self._paths = numbered(rules, PayloadSubject.PATH)
        self._containers = numbered(rules, PayloadSubject.CONTAINER)
        self._files: Array | None = None

    def fill(self) -> None:
        """Write all that is known before calls are seen."""
        for word, rule in reversed(self._ports):
            for port in rule.ports():
                self._tables.put("payload_ports", port.to_bytes(4, "little"), word)
        if self._paths:
            self._fill_paths()
        if self._containers:
            for path in sorted({path for tree in trees() for path in tree.paths()}):
                ref = container_of(path)
                metadata = find_metadata(ref, root=host_root()).row() if ref is not None else None
                self.learn(path, ref, metadata, True)

    def learn(self, path: str, ref: ContainerRef | None, row: Row | None, final: bool) -> None:
        """Take in what became known of a cgroup's container."""
        del final
        words = [
            word for word, rule in self._containers if any(is_meant(value, ref, row) for value in rule.values)
        ]
        if not words and ref is None:
            return
        word = min(words, default=_NO_RULE) | (_OF_HOST if ref is None else 0)
        for tree in trees():
            if (key := tree.key(path)) is not None:
                self._tables.put("payload_cgroups", key.to_bytes(8, "little"), word)

    def listed(self, descriptors: Iterable[Row]) -> None:
        """Mark the files that were open when the recording began. `descriptors`: the snapshot's table."""
        if self._files is None:
            return
        for row in descriptors:
            name, ino, dev = str(row["name"]), int(row["ino"]), int(row["dev"])
            words = [word for word, rule in self._paths if name.startswith(rule.values[0])]
            if words and row["mode"] & _TYPE == _REGULAR:
                self._files[(ino ^ ino >> 16 ^ dev) & (_FILES - 1)] = (ino, dev, min(words))

    def _fill_paths(self) -> None:
        size = 2 * _PREFIX_WORDS + 1
        prefixes = self._tables.mapped("payload_prefixes", size * len(self._paths)).reshape(-1, size)
        self._files = self._tables.mapped("payload_files", 3 * _FILES).reshape(-1, 3)
        for at, (word, rule) in enumerate(self._paths):
            prefix = os.fsencode(rule.values[0])
            prefixes[at, :_PREFIX_WORDS] = np.frombuffer(prefix.ljust(MAX_PREFIX, b"\0"), "<u8")
            mask = (b"\xff" * len(prefix)).ljust(MAX_PREFIX, b"\0")
            prefixes[at, _PREFIX_WORDS : 2 * _PREFIX_WORDS] = np.frombuffer(mask, "<u8")
            prefixes[at, -1] = word
        for word, rule in reversed(self._paths):
            try:
                status = Path(rule.values[0]).stat()
            except OSError:
                continue
            key = struct.pack("<QQ", status.st_ino, kernel_dev(status.st_dev))
            self._tables.put("payload_folders", key, word)
