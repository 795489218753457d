"""Addresses and ends of connections, from scap's form into that of our columns `sock` and `addr`.

    address     ::=  family:u8  ( ip  port:u16 | path NUL )
    connection  ::=  family:u8  ( ip  port:u16  ip  port:u16 | u64  u64  path NUL )      ip is 4 or 16 bytes

The first end is the one that sends: the local one, except for what came in.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from capture.format.convert.collecting import Collected, Slices
from capture.format.convert.headers import windows
from capture.format.convert.interning import Texts, texts_from_runs

Array = np.ndarray[Any, np.dtype[Any]]

_UNIX, _INET, _INET6 = 1, 2, 10
_ADDRESS_SIZE = {_INET: 4, _INET6: 16}
_LONGEST_PATH = 108
_SOCK, _SOCKADDR = 48, {_INET: 16, _INET6: 28}
_ESTABLISHED = 1


def socket_texts(found: Collected, sockets: dict[str, Array], made: Array) -> list[Texts]:
    """The texts of the columns `sock` and `addr`.

    Args:
        found: the parameters.
        sockets: family, kind and protocol of the socket behind each event; zeros where it is none.
        made: the events that made a socket, which tell nothing but these.
    """
    ends = _Ends(sockets)
    texts: list[Texts] = []
    for role, is_inbound in (("tuple", False), ("inbound", True)):
        if role in found.slices:
            texts += _connections(found.data, found.slices[role], ends, is_inbound=is_inbound)
    for role in ("bound", "peer"):
        if role in found.slices:
            told = found.slices[role]
            texts += _addresses(found.data, told, ends if role == "bound" else None, ends.told)
    bare = made[~ends.told[made]]
    ends.add(bare, sockets["family"][bare], None, None, state=0)
    return [*texts, *ends.texts]


class _Ends:
    """Rows of the column `sock`; an event has one."""

    def __init__(self, sockets: dict[str, Array]) -> None:
        self._sockets = sockets
        self.told = np.zeros(len(sockets["family"]), bool)
        self.texts: list[Texts] = []

    def add(
        self,
        at: Array,
        family: Array | int,
        local: tuple[Array, Array] | None,
        remote: tuple[Array, Array] | None,
        *,
        state: int,
    ) -> None:
        """Rows for some events; each end is (port, address)."""
        if not len(at):
            return
        rows = np.zeros((len(at), _SOCK), np.uint8)
        words = rows.view("<u2")
        words[:, 0] = family
        words[:, 1] = self._sockets["kind"][at]
        rows[:, 4] = self._sockets["protocol"][at]
        rows[:, 6] = state
        for end, port_at, address_at in ((local, 4, 16), (remote, 5, 32)):
            if end is not None:
                words[:, port_at] = end[0]
                rows[:, address_at : address_at + end[1].shape[1]] = end[1]
        self.told[at] = True
        wide = np.zeros((len(at), 64), np.uint8)
        wide[:, :_SOCK] = rows
        self.texts.append(Texts("sock", at, wide, np.full(len(at), _SOCK, np.int64)))


def _connections(data: Array, runs: Slices, ends: _Ends, *, is_inbound: bool) -> list[Texts]:
    for family, width in _ADDRESS_SIZE.items():
        size = 1 + 2 * (width + 2)
        at = _of_family(data, runs, family, size)
        rows = windows(data, size)[runs.at[at]]
        first = _port(rows, 1 + width), rows[:, 1 : 1 + width]
        second = _port(rows, 3 + 2 * width), rows[:, 3 + width : 3 + 2 * width]
        local, remote = (second, first) if is_inbound else (first, second)
        ends.add(at, family, local, remote, state=_ESTABLISHED)
    at = _of_family(data, runs, _UNIX, 17)
    ends.add(at, _UNIX, None, None, state=_ESTABLISHED)
    return [] if is_inbound else _unix_names(data, at, runs.at[at] + 17, runs.size[at] - 17)


def _addresses(data: Array, runs: Slices, ends: _Ends | None, told: Array) -> list[Texts]:
    texts = []
    for family, width in _ADDRESS_SIZE.items():
        at = _of_family(data, runs, family, 1 + width + 2)
        rows = windows(data, 1 + width + 2)[runs.at[at]]
        port, address = _port(rows, 1 + width), rows[:, 1 : 1 + width]
        if ends is not None:
            ends.add(at, family, (port, address), None, state=0)
        texts.append(_sockaddr(at, family, port, address))
    at = _of_family(data, runs, _UNIX, 2)
    if ends is None:
        # A connection that was made tells its name itself.
        at = at[~told[at]]
    return [*texts, *_unix_names(data, at, runs.at[at] + 1, runs.size[at] - 1)]


def _of_family(data: Array, runs: Slices, family: int, least: int) -> Array:
    having = np.flatnonzero(runs.size >= least)
    of_family: Array = having[data[runs.at[having]] == family]
    return of_family


def _port(rows: Array, at: int) -> Array:
    return rows[:, at].astype(np.uint16) | rows[:, at + 1].astype(np.uint16) << 8


def _sockaddr(at: Array, family: int, port: Array, address: Array) -> Texts:
    size, place = _SOCKADDR[family], 4 if family == _INET else 8
    rows = np.zeros((len(at), 32), np.uint8)
    rows[:, 0] = family
    rows[:, 2], rows[:, 3] = port >> 8, port & 0xFF
    rows[:, place : place + address.shape[1]] = address
    return Texts("addr", at, rows, np.full(len(at), size, np.int64))


def _unix_names(data: Array, at: Array, places: Array, sizes: Array) -> list[Texts]:
    """Names of unix sockets: two bytes before each name are overwritten with the family."""
    sizes = np.minimum(sizes, _LONGEST_PATH)
    closed = (sizes > 0) & (data[places + np.maximum(sizes, 1) - 1] == 0)
    sizes = sizes - closed
    some = np.flatnonzero(sizes > 0)
    texts = texts_from_runs("addr", at[some], data, places[some] - 2, sizes[some] + 2)
    for text in texts:
        text.rows[:, 0], text.rows[:, 1] = _UNIX, 0
    return texts
