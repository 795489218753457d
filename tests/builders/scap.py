"""Small .scap files, put together from facts.

    book = ScapBuilder()
    book.process(100, comm="sh", cgroups=["cpu=/docker/abc"])
    book.call("openat", tid=100, enter=..., exit=...)
    book.plain()

Parameters are given as numbers, text (a NUL is added) or bytes, and packed as the declared table says.
"""

import struct
import zlib

import zstandard

from capture.format.convert.kinds import kinds

START_NS = 1_700_000_000_000_000_000
MS = 1_000_000
NUMBER_OF = {}
"""The newest kind of each name."""
for _number, _kind in sorted(kinds().items()):
    NUMBER_OF[_kind.name] = _number
_SIZES = {"pid": 8, "tid": 8, "res": 8, "fd": 8, "ID": 2, "nativeID": 2, "type": 4}


class ScapBuilder:
    """Collects blocks; each event comes a millisecond after the one before."""

    def __init__(self, *, major=1, minor=2, events=0x216) -> None:
        self.blocks: list[bytes] = [block(0x0A0D0D0A, struct.pack("<IHHQ", 0x1A2B3C4D, major, minor, 0xFF))]
        self.event_block = events
        self.now = START_NS
        self.machine()

    def machine(self, hostname=b"node-1") -> None:
        """The machine."""
        self.add(
            0x201, struct.pack("<IQQ128sQQQQ", 2, 1 << 30, 1 << 15, hostname, START_NS - 10**12, 0, 0, 0)
        )

    def add(self, kind: int, payload: bytes) -> None:
        """Any block."""
        self.blocks.append(block(kind, payload))

    def process(self, tid, *, version=9, block_type=None, **facts) -> None:
        """A table with one process, in the layout of a version."""
        kind = (
            block_type
            or {**{1: 0x202, 2: 0x207, 3: 0x209, 4: 0x210, 5: 0x211, 6: 0x212, 7: 0x213, 8: 0x214, 9: 0x215}}[
                version
            ]
        )
        self.add(kind, process_entry(tid, version, **facts))

    def descriptors(self, tid, *entries: bytes, version=2) -> None:
        """A table of descriptors; entries as `descriptor` makes them."""
        self.add({1: 0x203, 2: 0x218}[version], struct.pack("<q", tid) + b"".join(entries))

    def event(self, number, tid, *values, time=None, cpu=0, flags=None, block_type=None, count=None) -> None:
        """An event of a type; the values are its first parameters, None is an empty one."""
        if time is None:
            time = self.now = self.now + MS
        kind = kinds().get(number & ~1)
        declared = kind.parameters(number) if kind else ()
        packed = [
            packed_value(declared[at] if at < len(declared) else None, value)
            for at, value in enumerate(values)
        ]
        block_type = block_type or self.event_block
        wide = block_type in (0x221, 0x222)
        sizes = b"".join(struct.pack("<I" if wide else "<H", len(value)) for value in packed)
        counted = block_type in (0x216, 0x217, 0x221, 0x222)
        head = struct.pack("<I", len(packed) if count is None else count) if counted else b""
        body = head + sizes + b"".join(packed)
        event = struct.pack("<QQIH", time, tid & (1 << 64) - 1, 22 + len(body), number) + body
        mark = struct.pack("<I", flags or 0) if block_type in (0x208, 0x217, 0x222) else b""
        self.add(block_type, struct.pack("<H", cpu) + mark + event)

    def call(self, name, tid=100, enter=(), exit=(), **more) -> None:  # noqa: A002
        """A call: its beginning and its end."""
        number = more.pop("number", NUMBER_OF.get(name))
        self.event(number, tid, *enter, **more)
        self.event(number + 1, tid, *exit, **more)

    def generic(self, scap_id, native, tid=100) -> None:
        """A call that is told by its number alone."""
        self.event(0, tid, scap_id, native)
        self.event(1, tid, scap_id)

    def plain(self) -> bytes:
        """The file."""
        return b"".join(self.blocks)

    def gzip(self) -> bytes:
        """The file, packed."""
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        return packer.compress(self.plain()) + packer.flush()

    def zstd(self) -> bytes:
        """The file, packed the other way."""
        return zstandard.ZstdCompressor().compress(self.plain())


def block(kind: int, payload: bytes) -> bytes:
    """A block, filled up to a multiple of four bytes."""
    payload += bytes(-len(payload) % 4)
    size = len(payload) + 12
    return struct.pack("<II", kind, size) + payload + struct.pack("<I", size)


def packed_value(parameter, value) -> bytes:
    if value is None:
        return b""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode() + b"\0"
    size = _SIZES.get(parameter.name, 8 if parameter.type == "s" else 4) if parameter else 8
    if not -(1 << (8 * size - 1)) <= value < 1 << (8 * size):
        size = 8
    return (value & ((1 << (8 * size)) - 1)).to_bytes(size, "little")


def _text(value) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<H", len(raw)) + raw


def process_entry(
    tid,
    version=9,
    *,
    pid=None,
    ppid=1,
    comm="sh",
    exe="/bin/sh",
    args=(),
    cwd="/root/",
    uid=0,
    gid=0,
    environ=(),
    cgroups=(),
    later=b"",
) -> bytes:
    """One entry of a process table."""
    joined = [b"".join(word.encode() + b"\0" for word in words) for words in (args, environ, cgroups)]
    entry = struct.pack("<qqq", tid, pid or tid, ppid)
    entry += struct.pack("<q", tid) * ((version >= 6) + (version >= 8))
    entry += _text(comm) + _text(exe) + (_text(exe) if version >= 7 else b"")
    entry += _text(joined[0]) + _text(cwd) + struct.pack("<QIII", 1024, 0, uid, gid)
    entry += struct.pack("<IIIQQ", 2000, 1000, 0, 1, 2) if version >= 2 else b""
    entry += _text(joined[1]) if version >= 3 else b""
    entry += struct.pack("<qq", 7, 7) + _text(joined[2]) if version >= 4 else b""
    entry += _text("/") if version >= 5 else b""
    if version >= 9:
        entry = struct.pack("<I", len(entry) + len(later) + 4) + entry + later
    return entry


def descriptor(fd, kind, body: bytes, *, ino=0, version=2) -> bytes:
    """One entry of a table of descriptors; `body` as its type demands."""
    entry = struct.pack("<qQB", fd, ino, kind) + body
    return struct.pack("<I", len(entry) + 4) + entry if version >= 2 else entry


def file_body(name: str, flags=0, dev=0) -> bytes:
    """What stands of a file (type 16)."""
    return struct.pack("<I", flags) + _text(name) + struct.pack("<I", dev)


def ipv4_body(local: bytes, lport: int, remote: bytes, rport: int, protocol=2) -> bytes:
    """What stands of a connected socket (type 3)."""
    return local + remote + struct.pack("<HHB", lport, rport, protocol)


def ipv4_tuple(first: bytes, fport: int, second: bytes, sport: int) -> bytes:
    """Both ends of a connection, as a parameter."""
    return b"\x02" + first + struct.pack("<H", fport) + second + struct.pack("<H", sport)


def user_entry(uid, gid, name, home, shell, *, version=2) -> bytes:
    """One user."""
    entry = struct.pack("<BII", 0, uid, gid) + _text(name) + _text(home) + _text(shell)
    return struct.pack("<I", len(entry) + 4) + entry if version >= 2 else entry


def group_entry(gid, name, *, version=2) -> bytes:
    """One group."""
    entry = struct.pack("<BI", 1, gid) + _text(name)
    return struct.pack("<I", len(entry) + 4) + entry if version >= 2 else entry


def interface_entry(name: bytes, address: bytes, *, version=2) -> bytes:
    """An IPv4 or IPv6 interface with its speed."""
    kind = 1 if len(address) == 4 else 2
    entry = struct.pack("<HH", kind, len(name)) + address * 3 + struct.pack("<Q", 0) + name
    return struct.pack("<I", len(entry)) + entry if version >= 2 else entry
