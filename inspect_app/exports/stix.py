"""What a selection saw as STIX 2.1: observables, indicators for those that lead somewhere, and their source.

    bundle      ::=  identity  observable*  observed-data*  indicator*  grouping
    observable  ::=  file (a program with its SHA-256) | ipv4-addr | ipv6-addr | domain-name

Addresses and names are of peers: who was talked to, who was asked for. An indicator is made of what means
the same elsewhere: a digest, a name, a public address. That something is one says that it was chosen, not
that it is bad: choose with a filter. Ids are made of the content, times are the capture's: the same
selection gives the same bundle.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, BinaryIO

import numpy as np

from inspect_app.exports.errors import ExportError
from inspect_app.exports.pieces import Progress
from inspect_app.exports.request import Request
from inspect_app.exports.texts import decodable
from inspect_app.filters.errors import NotEvaluableError
from inspect_app.filters.facets import TextFacet
from inspect_app.filters.fields import FIELDS
from inspect_app.frames.capture import CaptureFrames

MAX_OBSERVABLES = 10_000
"""More of them are no indicators any more, and no reader takes them well."""
_NAMESPACE = uuid.UUID("6f5d8f5c-6f0c-5d0c-9d9d-3a3c2c1d7b11")
_DOMAIN = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")
_LONGEST_DOMAIN = 253
_MOST_SEEN = 999_999_999
"""The largest `number_observed` of the standard."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A value in the selected events."""

    kind: str
    """file, ipv4-addr, ipv6-addr, domain-name."""
    value: str
    name: str
    """Of a file: its path."""
    first: int
    last: int
    events: int

    @property
    def means_the_same_elsewhere(self) -> bool:
        """Whether an indicator can be made of it."""
        return not self.kind.endswith("-addr") or ip_address(self.value).is_global


def write_stix(request: Request, stream: BinaryIO, progress: Progress) -> tuple[str, ...]:
    """As a bundle."""
    stix = _stix2()
    found = list(_seen(request))
    kept = sorted(found, key=lambda one: -one.events)[:MAX_OBSERVABLES]
    made = list(_objects(stix, request, sorted(kept, key=lambda one: (one.kind, one.value)), progress))
    # An id of its own would differ each time.
    bundle = stix.Bundle(made, id=f"bundle--{_id('bundle', request.source.to_json())}", allow_custom=False)
    stream.write(bundle.serialize(ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n")
    left = len(found) - len(kept)
    return (f"{left:,} observables left out: {MAX_OBSERVABLES:,} are the most; filter",) if left else ()


def _stix2() -> Any:
    try:
        import stix2  # noqa: PLC0415 - only those who export to it need it
    except ImportError as error:
        raise ExportError("STIX needs stix2: pip install 'exhume[exchange]'") from error
    return stix2


def _seen(request: Request) -> Iterator[Seen]:
    frames, rows = request.frames, request.selection.positions()
    times = frames.events["time"].to_numpy()
    yield from _programs(frames, rows, times)
    for value, *figures in _values(frames, "fd.rip", rows, times):
        if (kind := _address_kind(value)) is not None:
            yield Seen(kind, value, "", *figures)
    names: dict[str, list[tuple[int, int, int]]] = {}
    for field in ("dns.name", "tls.sni", "http.host"):
        for value, *figures in _values(frames, field, rows, times):
            if name := _domain(value):
                names.setdefault(name, []).append((figures[0], figures[1], figures[2]))
    for name, parts in names.items():
        firsts, lasts, counts = zip(*parts, strict=True)
        yield Seen("domain-name", name, "", min(firsts), max(lasts), sum(counts))


def _programs(frames: CaptureFrames, rows: np.ndarray, times: np.ndarray) -> Iterator[Seen]:
    paths: dict[str, str] = {}
    for path, digest in zip(frames.images["exepath"], frames.images["sha256"], strict=True):
        if digest:
            paths.setdefault(str(digest), str(path))
    for digest, *figures in _values(frames, "proc.exe_sha256", rows, times):
        if len(digest) == 64:
            yield Seen("file", digest, paths.get(digest, ""), *figures)


def _values(
    frames: CaptureFrames, field: str, rows: np.ndarray, times: np.ndarray
) -> Iterator[tuple[str, int, int, int]]:
    """The values of a text field in some events: first and last time, how many events."""
    try:
        facets = FIELDS[field].facets(frames)
    except NotEvaluableError:
        return
    for facet in facets:
        assert isinstance(facet, TextFacet)  # noqa: S101 - the fields asked for are texts
        codes = facet.at(rows).event_codes()
        at = np.flatnonzero(codes >= 0)
        found, first, counts = np.unique(codes[at], return_index=True, return_counts=True)
        last = np.zeros(len(facet.values), np.int64)
        last[codes[at]] = at
        for code, start, count in zip(found.tolist(), first.tolist(), counts.tolist(), strict=True):
            begun, ended = times[rows[at[start]]], times[rows[last[code]]]
            yield str(facet.values[code]), int(begun), int(ended), count


def _address_kind(value: str) -> str | None:
    """None for what is no address, or means none: 0.0.0.0, loopback, multicast."""
    try:
        address = ip_address(value)
    except ValueError:
        return None
    if address.is_unspecified or address.is_loopback or address.is_multicast:
        return None
    return f"ipv{address.version}-addr"


def _domain(value: str) -> str:
    """A host name without port and final dot; empty for what is none."""
    name = value.rpartition(":")[0] if value.rpartition(":")[2].isdecimal() else value
    name = name.rstrip(".").lower()
    fits = _DOMAIN.fullmatch(name) and len(name) <= _LONGEST_DOMAIN
    return name if fits and not name.replace(".", "").isdecimal() else ""


def _objects(stix: Any, request: Request, seen: list[Seen], progress: Progress) -> Iterator[Any]:
    source = request.source
    made_at = _moment(int(request.frames.events["time"].iloc[-1]) if len(request.frames.events) else 0)
    tool = stix.Identity(
        id=f"identity--{_id('identity', 'exhume')}",
        name="Exhume",
        description="a recorder of what a Linux node and its containers do",
        identity_class="system",
        created="2020-01-01T00:00:00Z",
        modified="2020-01-01T00:00:00Z",
    )
    yield tool
    common = {"created": made_at, "modified": made_at, "created_by_ref": tool.id}
    told = source.sentence()
    references = []
    for done, one in enumerate(seen):
        observable = _observable(stix, one)
        observed = stix.ObservedData(
            id=f"observed-data--{_id('observed-data', source.to_json(), one.kind, one.value)}",
            first_observed=_moment(one.first),
            last_observed=_moment(one.last),
            number_observed=min(one.events, _MOST_SEEN),
            object_refs=[observable.id],
            **common,
        )
        yield observable
        yield observed
        references += [observable.id, observed.id]
        if one.means_the_same_elsewhere:
            indicator = stix.Indicator(
                id=f"indicator--{_id('indicator', source.to_json(), one.kind, one.value)}",
                name=_shown(one),
                description=f"Seen in {one.events:,} events. Source: {told}",
                indicator_types=["unknown"],
                pattern=_pattern(one),
                pattern_type="stix",
                valid_from=_moment(one.first),
                **common,
            )
            yield indicator
            references.append(indicator.id)
        progress(done + 1, len(seen))
    if references:
        yield stix.Grouping(
            id=f"grouping--{_id('grouping', source.to_json())}",
            name=f"Export of {source.capture}",
            description=told,
            context="unspecified",
            object_refs=references,
            external_references=[
                {"source_name": "exhume-capture", "external_id": digest} for digest in source.digests
            ]
            or None,
            **common,
        )


def _observable(stix: Any, one: Seen) -> Any:
    if one.kind == "file":
        name = decodable(one.name.rpartition("/")[2]) or None
        return stix.File(hashes={"SHA-256": one.value}, name=name)
    kind = {"ipv4-addr": stix.IPv4Address, "ipv6-addr": stix.IPv6Address, "domain-name": stix.DomainName}
    return kind[one.kind](value=one.value)


def _pattern(one: Seen) -> str:
    if one.kind == "file":
        return f"[file:hashes.'SHA-256' = '{one.value}']"
    return f"[{one.kind}:value = '{one.value}']"


def _shown(one: Seen) -> str:
    name = decodable(one.name)
    return f"{name or 'a program'} ({one.value[:16]}…)" if one.kind == "file" else one.value


def _id(*parts: str) -> uuid.UUID:
    return uuid.uuid5(_NAMESPACE, "\0".join(parts))


def _moment(nanoseconds: int) -> str:
    """To the millisecond, as the standard wants it."""
    return f"{np.datetime64(max(nanoseconds, 0) // 1_000_000, 'ms')}Z"
