"""What a recording is asked to do, and the sizes that follow from it."""

from __future__ import annotations

from dataclasses import dataclass, field

from capture.agent.filter import RecordingFilter

MAX_SNAPLEN = 2048
"""Payload bytes an event may keep."""
_PAGE = 4096


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


@dataclass(frozen=True, slots=True)
class Settings:
    """Options of one recording."""

    snaplen: int = 80
    """Payload bytes kept of each read, write, send and receive; 0 keeps none."""
    environment: bool = False
    """Whether the environment of each new program is kept: it often holds secrets."""
    hashes: bool = True
    """Whether programs' files are hashed when they are first seen."""
    redact: tuple[str, ...] = ()
    """Regular expressions of what is masked in arguments, environments and payload before it is written."""
    redact_secrets: bool = False
    """Whether common secrets (capture.agent.secrets) are masked there."""
    users: bool = True
    """Whether the names of users and groups are kept."""
    filter: RecordingFilter = field(default_factory=RecordingFilter)
    """What is left out."""
    buffer_mib: int = 64
    """Kernel memory for the lanes, about."""
    hold_back_ns: int = 30_000_000
    """How long events wait for slower ones that returned before them."""
    block_events: int = 131_072
    """Events after which a block is closed."""
    block_bytes: int = 8 << 20
    """Bytes of payload after which a block is closed."""
    block_ns: int = 1_000_000_000
    """Time after which a block is closed, so that a killed recorder loses little."""

    def lanes(self) -> tuple[LaneSpec, ...]:
        """The lanes in the order of the probe's `LANE_` constants."""
        medium, wide, large = self.medium_data, 1024, self.large_data
        payload_is_large = self.snaplen > self.medium_payload
        pages = _power_of_two(self.buffer_mib * (1 << 20) // _PAGE // 4)
        return (
            LaneSpec("small", 0, 0, pages),
            LaneSpec("medium", medium, medium // 2, pages * 2),
            LaneSpec("wide", wide, wide // 2, max(pages // 2, 1024)),
            LaneSpec("large", large, large // 2, pages * 2 if payload_is_large else max(pages // 2, 1024)),
            LaneSpec("life", medium, medium // 2, 2048),
            LaneSpec("exec", large + self.environment_bytes, large // 2, 8192 if self.environment else 2048),
        )

    @property
    def medium_payload(self) -> int:
        """Payload that fits a medium record."""
        return self.medium_data - 76

    @property
    def medium_data(self) -> int:
        """Bytes behind a medium record's head: most paths, an address with a small payload."""
        return max(160, (76 + self.snaplen + 15) & ~15) if self.snaplen <= 256 else 160

    @property
    def environment_bytes(self) -> int:
        """Bytes that are kept of a new program's environment."""
        return 16384 if self.environment else 0

    @property
    def large_data(self) -> int:
        """Bytes behind a large record's head: two whole paths, or payload out of several buffers."""
        return 8192


def _power_of_two(number: int) -> int:
    return 1 << max(number.bit_length() - 1, 6)
