"""A small hostile file is refused, or read, without filling the memory: each in a process of its own."""

import struct
import subprocess
import sys

import msgpack
import numpy as np
import pytest
import zstandard

from capture.format import EVENT_COLUMNS, CaptureWriter
from capture.format.coding import pack_column
from capture.format.columns import MAX_EVENTS

ZSTD = zstandard.ZstdCompressor(level=1)
MIB = 1 << 20
MOST_MIB = 1600
READ = """
import resource, sys
from capture.format import CaptureFile, FormatError
resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30))
try:
    with CaptureFile.open(sys.argv[1]) as capture:
        for part in capture.slices(("time", "text", "text2")):
            pass
        capture.read_columns()
        capture.payload(0)
    told = "read"
except FormatError as error:
    told = f"refused: {error}"
# getrusage would count what the process that began this one had at its fork (getrusage(2): kept over execve).
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(int(peak.split()[1]) // 1024, told)
"""


def zeros(size, *, stated=True):
    """A frame of many zeros, made without having them all."""
    frame = ZSTD if stated else zstandard.ZstdCompressor(level=1, write_content_size=False)
    packer = frame.compressobj(size if stated else -1)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


def forged_size(size):
    """A frame of one byte that claims to hold more (RFC 8878)."""
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + b"\x09\x00\x00x"


def body(count=1, *, column=None, texts=None, payload=b"", n_texts=0):
    columns = {name: pack_column(np.zeros(1, dtype), ZSTD) for name, dtype in EVENT_COLUMNS.items()}
    if column is not None:
        columns["time"] = column
    if payload:
        columns["captured"] = pack_column(np.full(1, MIB, "<u4"), ZSTD)
    texts = texts or [["<u4", "<u4", "const", bytes(4)], ZSTD.compress(b"")]
    packed = msgpack.packb({"columns": columns, "texts": texts, "payload": payload, "n_texts": n_texts})
    return "events", packed, count


def lengths(values):
    return ["<u4", "<u4", "plain", ZSTD.compress(np.array(values, "<u4").tobytes())]


def empty_lists(count):
    start = b"\xdd" + struct.pack(">I", MIB)
    return ZSTD.compress(
        b"\x81\xa4rows" + b"\xdd" + struct.pack(">I", count) + (start + b"\x90" * MIB) * count
    )


def distinct_texts(number):
    """A block of a million texts that no other block has."""
    heap = np.arange(number * MIB, (number + 1) * MIB, dtype="<u4").tobytes()
    return body(MAX_EVENTS, texts=[["<u4", "<u4", "const", b"\4\0\0\0"], ZSTD.compress(heap)], n_texts=MIB)


CASES = {
    "a document of a GiB": lambda: [("snapshot", zeros(1 << 30), 0)],
    "a document of a GiB that does not say so": lambda: [("snapshot", zeros(1 << 30, stated=False), 0)],
    "a document that claims a TiB": lambda: [("snapshot", forged_size(1 << 40), 0)],
    "a document of 20 million empty lists": lambda: [("snapshot", empty_lists(20), 0)],
    "many documents of 200 MiB": lambda: (
        [("note", ZSTD.compress(msgpack.packb({"text": bytes(200 * MIB)})), 0)] * 20
    ),
    "a column of a GiB": lambda: [body(column=["<i8", "<i8", "plain", zeros(1 << 30)])],
    "a column that claims a TiB": lambda: [body(column=["<i8", "<i8", "plain", forged_size(1 << 40)])],
    "texts of a GiB": lambda: [body(texts=[lengths([5]), zeros(1 << 30, stated=False)], n_texts=1)],
    "texts that claim a GiB": lambda: [body(texts=[lengths([1 << 30]), zeros(1 << 30)], n_texts=1)],
    "many blocks of texts of 100 MiB": lambda: [
        body(texts=[lengths([100 * MIB - at]), zeros(100 * MIB)], n_texts=1) for at in range(30)
    ],
    "blocks of a million texts": lambda: [distinct_texts(number) for number in range(2)],
    "payload of a GiB": lambda: [body(payload=zeros(1 << 30))],
    "payload that claims a TiB": lambda: [body(payload=forged_size(1 << 40))],
    "a million events": lambda: [body(MAX_EVENTS)],
    "many millions of events": lambda: [body(MAX_EVENTS)] * 50,
}


READABLE = ("a million events", "blocks of a million texts")
"""Claims that the size of the file allows."""


@pytest.mark.parametrize("name", CASES)
def test_a_bomb_is_read_or_refused_in_bounded_memory(name, tmp_path):
    path = tmp_path / "bomb.exhume"
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section({})
        for kind, content, count in CASES[name]():
            writer._append(kind, content, count=count)
        writer.end({})
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]
    used, _, told = done.stdout.partition(" ")
    assert int(used) < MOST_MIB + 64 * path.stat().st_size // MIB, told
    assert told == "read\n" if name in READABLE else told.startswith("refused")
