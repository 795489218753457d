"""Fields of host names: what recorded DNS answers gave an address for.

An address that several names led to has all of them, up to a few; a condition holds if it holds for any.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inspect_app.filters.cache import remember
from inspect_app.filters.entities import entity_array, event_rows
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import Facets, TextFacet, distinct
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.filters.fields_fd import local_is_server
from inspect_app.filters.transfers import recognised
from inspect_app.frames.capture import CaptureFrames

MAX_NAMES = 4
"""Names of one address; the others are left out."""


def names_of_addresses(frames: CaptureFrames) -> dict[str, list[str]]:
    """Address → the names that were asked for when an answer gave it, the first asked first.

    Raises:
        NotEvaluableError: no payload was kept, in which answers could be.
    """

    def compute() -> dict[str, list[str]]:
        table = recognised(frames).dns
        known: dict[str, list[str]] = {}
        answers = table[table["kind"] == "answer"]
        for name, given in zip(answers["name"].tolist(), answers["answers"].tolist(), strict=True):
            for address in filter(None, given.split(", ")):
                names = known.setdefault(address, [])
                if name and name not in names and len(names) < MAX_NAMES:
                    names.append(name)
        return known

    if len(frames.events) and not frames.events["captured"].any():
        raise NotEvaluableError("fd.*.name: DNS answers tell host names, and no payload was kept")
    return remember(frames, "names of addresses", compute)


def _name(addresses: Callable[[CaptureFrames], list[str]]) -> Compute:
    def compute(frames: CaptureFrames, _argument: str) -> Facets:
        names, rows = names_of_addresses(frames), event_rows(frames, "descriptor")
        of_row = [names.get(address, []) for address in addresses(frames)]
        depth = max(map(len, of_row), default=0) or 1
        columns = (
            distinct(found[at] if at < len(found) else None for found in of_row) for at in range(depth)
        )
        return tuple(TextFacet(values, codes, rows) for codes, values in columns)

    return compute


def _end(column: str) -> Callable[[CaptureFrames], list[str]]:
    return lambda frames: [str(text) for text in entity_array(frames, "descriptor", column)]


def _sided(server: bool) -> Callable[[CaptureFrames], list[str]]:
    """The addresses of one side; empty where it is not known which end that is."""

    def tell(frames: CaptureFrames) -> list[str]:
        local = local_is_server(frames)
        ends = zip(
            _end("laddr")(frames),
            _end("raddr")(frames),
            np.where(local < 0, -1, local == server).tolist(),
            strict=True,
        )
        return ["" if own < 0 else here if own else there for here, there, own in ends]

    return tell


NAME_FIELDS = tuple(
    Field(
        f"fd.{end}.name",
        FieldType.TEXT,
        title,
        f"host name of {whose}, by recorded DNS answers",
        _name(addresses),
    )
    for end, title, whose, addresses in (
        ("cip", "Client name", "the client", _sided(server=False)),
        ("sip", "Server name", "the server", _sided(server=True)),
        ("lip", "Local name", "the recorded end", _end("laddr")),
        ("rip", "Peer name", "the other end", _end("raddr")),
    )
)
