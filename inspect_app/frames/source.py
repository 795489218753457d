"""What stays in the capture file until it is asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock

import numpy as np

from capture.format import Capture, EventPlace


class FileSource:
    """Arguments, texts and payload of an open capture; any thread may ask."""

    def __init__(
        self, capture: Capture, columns: Mapping[str, np.ndarray], texts: Sequence[bytes] | None = None
    ) -> None:
        """`columns`: those that are loaded already; `texts`: what they point to, the capture's without it."""
        self._capture = capture
        self._texts = capture.texts if texts is None else texts
        self._text, self._text2, self._addr = columns["text"], columns["text2"], columns["addr"]
        self._arguments = OrderedDict(
            (name, column) for name, column in columns.items() if name in _ARGUMENTS
        )
        self._lock = Lock()

    def argument(self, index: int) -> np.ndarray:
        """Raw argument `index` (0-5) of every event, uint64; those that were asked for last are kept."""
        name = _ARGUMENTS[index]
        with self._lock:
            if name not in self._arguments:
                self._arguments[name] = self._capture.read_columns([name])[name]
                while len(self._arguments) > _KEPT_ARGUMENTS and self._capture.count > _MANY:
                    self._arguments.popitem(last=False)
            self._arguments.move_to_end(name)
            return self._arguments[name]

    def arguments_at(self, wanted: Mapping[int, np.ndarray]) -> dict[int, np.ndarray]:
        """Raw arguments of some events each, uint64; columns that are not kept are not kept for it either."""
        count = self._capture.count
        whole = {
            index
            for index, rows in wanted.items()
            if _ARGUMENTS[index] in self._arguments or count <= _MANY or len(rows) * _FEW > count
        }
        found = {index: self.argument(index)[rows] for index, rows in wanted.items() if index in whole}
        asked = {index: rows for index, rows in wanted.items() if index not in whole and len(rows)}
        if asked:
            with self._lock:
                read = self._capture.values_at({_ARGUMENTS[index]: rows for index, rows in asked.items()})
            found.update({index: read[_ARGUMENTS[index]] for index in asked})
        nothing = np.empty(0, np.uint64)
        return {index: found.get(index, nothing) for index in wanted}

    def cgroups(self) -> np.ndarray:
        """The number of every event's cgroup in the unified hierarchy, uint64; read anew each time."""
        with self._lock:
            return self._capture.read_columns(["cgroup"])["cgroup"]

    def raw_arguments(self, row: int) -> list[int]:
        """The six raw arguments of one event."""
        with self._lock:
            return self._capture.values(row, _ARGUMENTS)

    def place(self, row: int) -> EventPlace:
        """Where one event lies, for citing it."""
        with self._lock:
            return self._capture.place(row)

    def payload(self, row: int) -> bytes:
        """The captured bytes of one event, empty where none were kept."""
        with self._lock:
            return self._capture.payload(row)

    def payload_blocks(
        self, wanted: np.ndarray | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray, bytes]]:
        """All captured bytes, block by block: rows of events, where each one's bytes end, the bytes.

        `wanted` (bool, one an event): blocks that hold none of these are passed over.
        """
        blocks = self._capture.payload_blocks(wanted)
        while True:
            with self._lock:
                block = next(blocks, None)
            if block is None:
                return
            yield block

    def texts(self, row: int) -> tuple[bytes | None, bytes | None]:
        """The two texts of one event as recorded, None where there was none."""
        return self._recorded(self._text, row), self._recorded(self._text2, row)

    def text_codes(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers for the two texts of some events: equal where the texts are, 0 where there is none."""
        return self._text[rows], self._text2[rows]

    def address(self, row: int) -> bytes | None:
        """The raw sockaddr of one event, None where there was none."""
        return self._recorded(self._addr, row)

    def address_codes(self, rows: np.ndarray) -> np.ndarray:
        """Numbers for the addresses of some events: equal where these are, 0 where there is none."""
        codes: np.ndarray = self._addr[rows]
        return codes

    def _recorded(self, column: np.ndarray, row: int) -> bytes | None:
        code = int(column[row])
        return self._texts[code] if code else None


def without_arguments(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns but those of arguments: few questions need them, and they can be read again."""
    return {name: column for name, column in columns.items() if name not in _ARGUMENTS}


_KEPT_ARGUMENTS = 3
_MANY = 1 << 20
"""Events of which no more columns of arguments are kept: each takes eight bytes an event."""
_FEW = 4
"""A part of the events up to which their arguments are read alone."""
_ARGUMENTS = ("a0", "a1", "a2", "a3", "a4", "a5")
