"""A second reader, written from docs/capture-format.md with nothing but msgpack and zstandard."""

import hashlib
import struct
from itertools import accumulate

import msgpack
import zstandard

LETTERS = {"i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I", "i8": "q", "u8": "Q"}


def unzip(data):
    return zstandard.ZstdDecompressor().decompressobj().decompress(data) if data else b""


def numbers(kind, data):
    letter = LETTERS[kind[1:]]
    return list(struct.unpack(f"<{len(data) // struct.calcsize(letter)}{letter}", data))


def read_column(column, count):
    dtype, stored, coding, data, *exceptions = column
    first = data[:8] if coding.startswith("delta") else b""
    if coding == "const":
        values = numbers(dtype, data) * count
    else:
        data = unzip(data[len(first) :])
        if coding.endswith("planes"):
            size, kept = int(stored[-1]), count - bool(first)
            data = b"".join(data[at::kept] for at in range(kept)) if size > 1 else data
        values = numbers(stored, data)
    for frame in map(unzip, exceptions):
        n = len(frame) // (4 + int((dtype if not first else "<i8")[-1]))
        for at, value in zip(
            numbers("<u4", frame[: 4 * n]), numbers("<i8" if first else dtype, frame[4 * n :]), strict=True
        ):
            values[at] = value
    return list(accumulate(numbers("<i8", first) + values)) if first else values


def read_events(body, count):
    columns = {name: read_column(column, count) for name, column in body["columns"].items()}
    lengths, heap = read_column(body["texts"][0], body["n_texts"]), unzip(body["texts"][1])
    texts = [
        None,
        *(heap[end - length : end] for end, length in zip(accumulate(lengths), lengths, strict=True)),
    ]
    payload, ends = unzip(body["payload"]), accumulate(columns["captured"])
    for row, end in enumerate(ends):
        event = {name: values[row] for name, values in columns.items()}
        event |= {name: texts[event.get(name, 0)] for name in ("text", "text2", "addr", "sock", "exe", "env")}
        yield event | {"payload": payload[end - event["captured"] : end]}


def read_capture(path):
    section, documents, events, before = None, {}, [], bytes(32)
    data = path.read_bytes()
    unpacker = msgpack.Unpacker(max_buffer_size=len(data))
    unpacker.feed(data)
    start = 0
    for mark, packed, body, digest in unpacker:
        header, end = msgpack.unpackb(packed), unpacker.tell()
        assert mark == b"\x89EXHUME\n" and header["before"] == before
        assert digest == hashlib.sha256(data[start : end - 34]).digest()
        start, before = end, digest
        if header["kind"] == "events":
            events += read_events(msgpack.unpackb(body), header["count"])
        elif header["kind"] == "section":
            section = msgpack.unpackb(unzip(body))
        else:
            documents.setdefault((header["kind"], header["name"]), []).append(msgpack.unpackb(unzip(body)))
    return section, documents, sorted(events, key=lambda event: event["time"])
