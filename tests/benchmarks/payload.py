"""How quick payload is searched, and messages in it recognised.

    python -m tests.benchmarks.payload [MILLIONS]

The capture is made up: 2,000 sockets and pipes, transfers of 20 to 4,096 bytes of which at most a given
number is kept, one in a hundred of them an HTTP head, a DNS message or a hello. Nothing is asserted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from capture.format import EVENT_COLUMNS, CaptureWriter, EventBatch
from capture.model.catalogue import spec_named
from inspect_app.analysis.needles import hex_bytes, pattern, plain_text
from inspect_app.analysis.payload_search import search
from inspect_app.filters.transfers import transfers
from inspect_app.frames import open_capture
from inspect_app.frames.protocols.exchanges import recognise
from tests.builders.capture import PIPE, SOCKET, START_NS, sock
from tests.builders.messages import dns_query, tls_client_hello

_BLOCK = 100_000
_THINGS = 2_000
_WORDS = b'alpha beta gamma delta epsilon {"key": 17, "value": "some text"} 2026-01-02T03:04:05 INFO '
_HEADS = (
    b"GET /index.html?page=7 HTTP/1.1\r\nHost: shop.example.org\r\nUser-Agent: curl/8.5.0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 512\r\n\r\n",
    dns_query("www.example.org"),
    tls_client_hello(),
)


def main() -> None:
    """Print the figures."""
    millions = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    for snaplen in (80, 4_096):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "payload.exhume"
            write(path, int(millions * 1e6), snaplen)
            measure(path, snaplen)


def write(path: Path, count: int, snaplen: int) -> None:
    """A capture of so many transfers."""
    random = np.random.default_rng(1)
    texts = [sock(f"10.0.{n >> 8}.{n & 255}:{1024 + n}", "10.9.0.1:80") for n in range(_THINGS)]
    texts += [
        sock(f"10.1.{n >> 8}.{n & 255}:{1024 + n}", "10.9.0.1:53", kind=2, protocol=17)
        for n in range(_THINGS)
    ]
    lengths = np.array([len(text) for text in texts], "<u4")
    del lengths
    pool = np.frombuffer((_WORDS * 200)[:16_384], np.uint8)
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section({"host": {"hostname": "made-up", "machine": "x86_64"}, "clock": {"started": START_NS}})
        for start in range(0, count, _BLOCK):
            writer.events(_batch(random, start, min(_BLOCK, count - start), snaplen, texts, pool))
        writer.end({"events": count})


def _batch(random, start, count, snaplen, texts, pool) -> EventBatch:
    columns = {name: np.zeros(count, dtype) for name, dtype in EVENT_COLUMNS.items()}
    thing = random.zipf(1.3, count) % _THINGS
    size = np.minimum(20 + random.exponential(400, count).astype(np.int64), 4_096)
    columns["time"] = START_NS + np.arange(start, start + count) * 1_000
    writes = random.random(count) < 0.5
    columns["code"] = np.where(writes, spec_named("write").x86_64, spec_named("read").x86_64).astype("<i4")
    columns["pid"] = (100 + thing % 200).astype(columns["pid"].dtype)
    columns["tid"] = columns["pid"].astype(columns["tid"].dtype)
    columns["fd"] = (3 + thing).astype(columns["fd"].dtype)
    columns["ino"] = (1_000 + thing).astype(columns["ino"].dtype)
    columns["dev"][:] = 1
    socket = thing % 4 < 3
    columns["mode"] = np.where(socket, SOCKET, PIPE).astype(columns["mode"].dtype)
    udp = thing % 4 == 2
    columns["sock"] = np.where(socket, 1 + thing + _THINGS * udp, 0).astype(columns["sock"].dtype)
    columns["ret"] = size.astype(columns["ret"].dtype)
    kept = np.minimum(size, snaplen)
    pieces = [
        pool[at : at + length].tobytes()
        for at, length in zip(random.integers(0, 8_000, count), kept, strict=True)
    ]
    for at in np.flatnonzero(random.random(count) < 0.01).tolist():
        head = _HEADS[2 if udp[at] else at % 2 + 2 * (at % 8 == 7 and not udp[at]) if at % 8 == 7 else at % 2]
        pieces[at] = (head + pieces[at])[: kept[at]] if not udp[at] else head[:snaplen]
        kept[at] = len(pieces[at])
        if udp[at]:
            columns["ret"][at] = len(head)
    columns["captured"] = kept.astype(columns["captured"].dtype)
    return EventBatch(columns, texts, b"".join(pieces))


def measure(path: Path, snaplen: int) -> None:
    """Open it and time each question once, in this process."""
    frames = open_capture(path)
    kept = int(frames.events["captured"].sum())
    print(f"snaplen {snaplen}: {len(frames.events):,} transfers, {kept / 1e6:,.0f} MB kept")
    begun = time.process_time()
    for _ in frames.source.payload_blocks():
        pass
    _tell("decompress", begun, kept)
    begun = time.process_time()
    moved = transfers(frames)
    _tell("what follows what", begun, kept)
    begun = time.process_time()
    found = recognise(frames, moved)
    _tell(
        f"recognise ({len(found.http):,} http, {len(found.dns):,} dns, {len(found.tls):,} tls)", begun, kept
    )
    needles = {
        "text, rare": plain_text("hunter2"),
        "text, rare, any case": plain_text("hunter2", ignore_case=True),
        "text, common beginning": plain_text("gamma delta omega"),
        "hex": hex_bytes("de ad be ef 00"),
        "regex": pattern(r"hunter[0-9]+"),
        "regex, lines": pattern(r"^POST /[a-z]+"),
        "regex, classes": pattern(r"[A-Z][a-z]+:[^\s]{20,40}@"),
    }
    for name, needle in needles.items():
        begun = time.process_time()
        matches = search(frames, needle)
        _tell(f"search {name} ({len(matches)})", begun, kept)


def _tell(name: str, begun: float, kept: int) -> None:
    took = time.process_time() - begun
    print(f"  {name:60} {took:7.3f} s  {kept / took / 1e6:8,.0f} MB/s")


if __name__ == "__main__":
    main()
