"""What a recording is asked to do, and the sizes that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capture.agent.filter import RecordingFilter
from capture.agent.payload_policy import MAX_BYTES, PayloadRule

MAX_SNAPLEN = MAX_BYTES
"""Payload bytes an event may keep."""
_PAGE = 4096


TEXT_MAX = 4096
"""Bytes that a text may have, its closing NUL included: a path's (PATH_MAX)."""
_SOCKET_AND_ADDRESS = 48 + 112
_HEAD, _STAMP = 128, 24
"""Bytes of what a call's record is made of."""
_STAMPS_OF_HEAD = 2
"""Room for so many calls for each head: those that come by the million share them."""


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """One ring buffer: all its records have the same size."""

    name: str
    data: int
    """Bytes behind a record's head."""
    second: int
    """Where the second text begins; 0 where the lane has none."""
    pages: int
    """Size of the ring buffer, a power of two."""
    programs: bool = False
    """Whether its records tell of new programs."""


@dataclass(frozen=True, slots=True)
class CallSizes:
    """The lanes of system calls, one for each processor."""

    cpus: int
    records: int
    """Records a lane has room for; a multiple of `heads`."""
    heads: int
    """Heads it has room for that records have which are not taken yet."""
    record_bytes: int
    """Bytes that the data of one record may take."""
    segment: int
    """Bytes of a part of the ring of data; no record's lie across two."""
    segments: int
    """Parts, a power of two."""

    @property
    def bytes(self) -> int:
        """Size of a lane's ring of data, a power of two."""
        return self.segment * self.segments


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of one recording."""

    snaplen: int = 80
    """Payload bytes kept of each read, write, send and receive; 0 keeps none."""
    payload: tuple[PayloadRule, ...] = ()
    """Rules for what payload is kept of; the first that holds decides, without one the snaplen."""
    environment: bool = False
    """Whether the environment of each new program is kept: it often holds secrets."""
    hashes: bool = True
    """Whether programs' files are hashed when they are first seen."""
    redact: tuple[str, ...] = ()
    """Regular expressions of what is masked in arguments, environments and payload before it is written."""
    redact_secrets: bool = False
    """Whether common secrets (capture.evidence.secrets) are masked there."""
    users: bool = True
    """Whether the names of users and groups are kept."""
    filter: RecordingFilter = field(default_factory=RecordingFilter)
    """What is left out."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """`case`, `examiner`, `note` and `public_key`, as the first block tells them."""
    keeps_probe: bool = True
    """Whether the compiled probe is kept for the next recording; else nothing is written but the capture."""
    buffer_mib: int = 64
    """Kernel memory for the lanes, about."""
    hold_back_ns: int = 30_000_000
    """How long events wait for slower ones that returned before them."""
    block_events: int = 131_072
    """Events after which a block is closed."""
    block_bytes: int = 12 << 20
    """Memory of waiting events after which a block is closed: about 100,000 that are all different."""
    block_ns: int = 1_000_000_000
    """Time after which a block is closed, so that a killed recorder loses little."""

    def lanes(self) -> tuple[LaneSpec, ...]:
        """The ring buffers."""
        return (
            LaneSpec("life", 160, 80, 4096),
            # Records of 768 bytes, so that 21,845 execs find room; what does not fit is in the second.
            LaneSpec("exec", 632, 248, 4096, programs=True),
            LaneSpec(
                "exec_long", self.exec_data, TEXT_MAX, 8192 if self.environment else 2048, programs=True
            ),
            LaneSpec("other", 0, 0, 1024),
            LaneSpec("uring", _SOCKET_AND_ADDRESS, 80, 1024),
        )

    @property
    def largest_payload(self) -> int:
        """Bytes that an event may keep, whatever rule decides."""
        return max([self.snaplen, *(rule.bytes for rule in self.payload)])

    @property
    def exec_data(self) -> int:
        """Bytes behind the long record of a new program: its file's name, its arguments, its environment."""
        return 2 * TEXT_MAX + (16384 if self.environment else 0)

    def calls(self, cpus: int) -> CallSizes:
        """The lanes of system calls on so many processors: nearly half the memory heads, a quarter bytes.

        Stamps take of the rest, and where records are so long that bytes need more, heads are fewer.
        """
        room = max((self.buffer_mib << 20) // 4 // cpus, 1 << 20)
        record_bytes = _SOCKET_AND_ADDRESS + 2 * max(TEXT_MAX, self.largest_payload) + _PAGE
        segment = 4 * _power_of_two(2 * record_bytes)
        segments = _power_of_two(max(room // segment, 2))
        of_head = _HEAD + _STAMPS_OF_HEAD * _STAMP
        heads = min(7 * room // 4 // _HEAD, (4 * room - segment * segments) // of_head)
        return CallSizes(cpus, _STAMPS_OF_HEAD * heads, heads, record_bytes, segment, segments)


def _power_of_two(number: int) -> int:
    return 1 << number.bit_length() - 1
