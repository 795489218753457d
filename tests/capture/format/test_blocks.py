"""Blocks and documents: hostile bytes by name, and any bytes."""

import hashlib
import io
import struct
from contextlib import suppress

import msgpack
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from capture.format import CutShort, FormatError
from capture.format.blocks import (
    GENESIS,
    MAX_BODY,
    PREFIX,
    Allowance,
    Header,
    collector_paused,
    decompress,
    pack_block,
    pack_document,
    read_block,
    unpack,
    unpack_document,
)

HEADER = Header("note", 0, 1, 2, 3, GENESIS, "name")
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.text(max_size=5)
    | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def frame_claiming(size, content=b"x"):
    """A zstd frame that states a content size of its own choice (RFC 8878, 3.1.1)."""
    block = struct.pack("<I", len(content) << 3 | 1)[:3] + content
    return b"\x28\xb5\x2f\xfd\xe0" + struct.pack("<Q", size) + block


def bomb(size, *, stated):
    compressor = zstandard.ZstdCompressor(level=19, write_content_size=stated).compressobj(
        size if stated else -1
    )
    chunk = bytes(1 << 20)
    return b"".join(compressor.compress(chunk) for _ in range(size >> 20)) + compressor.flush()


@given(PLAIN)
def test_a_document_comes_back(document):
    assert unpack_document(pack_document(document)) == document


def test_a_block_comes_back():
    data, digest = pack_block(HEADER, b"body")
    block = read_block(io.BytesIO(data), 0)
    assert (block.header, block.body, block.size, block.digest) == (HEADER, b"body", len(data), digest)


def test_a_block_that_no_reader_would_take_is_not_written():
    with pytest.raises(ValueError, match="at most"):
        pack_block(HEADER, bytes(MAX_BODY + 1))


@given(st.binary())
def test_any_bytes_are_a_block_or_refused(data):
    for start in (b"", PREFIX):
        with suppress(FormatError):
            read_block(io.BytesIO(start + data), 0)


@given(st.binary())
def test_any_bytes_are_a_document_or_refused(data):
    for decode in (unpack, unpack_document):
        with suppress(FormatError):
            decode(data)
    with suppress(FormatError):
        unpack_document(zstandard.compress(data))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x91" * 100_000 + b"\x00",
        b"\x81\xa1k" * 100_000 + b"\x00",
        b"\x91" * 40 + b"\x00",
        b"\xdd\xff\xff\xff\xff",
        b"\xdd\x00\x10\x00\x00" * 200,
        b"\xdf\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xa2\xff\xfe",
        b"\xa3\xed\xa0\x80",
        b"\xd6\xff\x00\x00\x00\x00",
        b"\xc7\x04\x01abcd",
        b"\x81\x01\x02",
        b"\x81\x91\x01\x02",
        b"\x81\xc0\x02",
        b"\x00\x00",
    ],
    ids=lambda data: data[:6].hex() or "empty",
)
def test_hostile_msgpack_is_refused(data):
    """Nested deeply, claiming gigabytes, invalid UTF-8, surrogates, extensions, odd keys, two objects."""
    with pytest.raises(FormatError):
        unpack(data)


def test_a_small_document_of_countless_empty_lists_is_refused():
    row = b"\xdd" + struct.pack(">I", 1 << 19) + b"\x90" * (1 << 19)
    with collector_paused(), pytest.raises(FormatError, match="values"):
        unpack(b"\xdc\x00\x11" + row * 17)


def test_an_allowance_is_used_up_by_one_document_after_another():
    allowance = Allowance(bytes=1000, objects=50)
    body = pack_document(list(range(20)))
    unpack_document(body, 0, allowance)
    unpack_document(body, 0, allowance)
    with pytest.raises(FormatError):
        unpack_document(body, 0, allowance)
    with pytest.raises(FormatError):
        unpack_document(pack_document(bytes(1001)), 0, Allowance(bytes=1000))


@pytest.mark.parametrize("stated", [True, False])
def test_a_decompression_bomb_is_refused(stated):
    with pytest.raises(FormatError, match="more than"):
        decompress(bomb(64 << 20, stated=stated), 1 << 20)


@pytest.mark.parametrize("size", [1 << 40, (1 << 64) - 1, 1 << 31])
def test_a_frame_with_a_forged_size_gives_no_more_than_it_holds(size):
    with suppress(FormatError):
        assert decompress(frame_claiming(size), 100) == b"x"


@given(st.binary(max_size=200), st.integers(0, 100))
def test_any_bytes_unpack_to_no_more_than_the_limit(data, limit):
    for frame in (data, zstandard.compress(data)):
        with suppress(FormatError):
            assert len(decompress(frame, limit)) <= limit


def block_with_header(head):
    """A block whose digest is right and whose header is what a forger likes."""
    start = PREFIX + msgpack.packb(head) + msgpack.packb(b"body")
    return start + b"\xc4\x20" + hashlib.sha256(start).digest()


GOOD = {"kind": "note", "seq": 0, "count": 0, "first": 0, "last": 0, "before": GENESIS, "name": ""}


@pytest.mark.parametrize(
    "fields",
    [
        None,
        [],
        "kind",
        7,
        {},
        *({name: value for name, value in GOOD.items() if name != left_out} for left_out in GOOD),
        {**GOOD, "kind": 7},
        {**GOOD, "kind": ["note"]},
        {**GOOD, "kind": b"note"},
        {**GOOD, "name": None},
        {**GOOD, "seq": "0"},
        {**GOOD, "seq": True},
        {**GOOD, "seq": 0.0},
        {**GOOD, "count": -1},
        {**GOOD, "count": 1 << 63},
        {**GOOD, "count": None},
        {**GOOD, "first": {}},
        {**GOOD, "last": 1 << 63},
        {**GOOD, "before": 0},
        {**GOOD, "before": "0" * 32},
        {**GOOD, "before": b"short"},
    ],
)
def test_a_header_with_a_field_missing_or_of_the_wrong_type_is_refused(fields):
    with pytest.raises(FormatError):
        read_block(io.BytesIO(block_with_header(msgpack.packb(fields))), 0)


def test_more_fields_in_a_header_are_ignored():
    data = block_with_header(msgpack.packb({**GOOD, "colour": "green"}))
    assert read_block(io.BytesIO(data), 0).header.kind == "note"


@pytest.mark.parametrize(
    "data",
    [
        block_with_header(bytes((64 << 10) + 1)),
        PREFIX + b"\xc6\xff\xff\xff\xff",
        PREFIX + b"\xc4\x01\x80" + b"\xc6\x04\x00\x00\x01",
        PREFIX + b"\xa4head",
        PREFIX + b"\xc4\x01\x80" + b"\xa4body",
        b"\x94\xc4\x08\x89EXHUMF\n",
    ],
    ids=[
        "header of 64 KiB and more",
        "header of 4 GiB",
        "body of 64 MiB and more",
        "str header",
        "str body",
        "mark",
    ],
)
def test_a_block_that_is_none_is_refused(data):
    with pytest.raises(FormatError) as caught:
        read_block(io.BytesIO(data), 11)
    assert not isinstance(caught.value, CutShort)
    assert caught.value.offset == 11


def test_every_cut_of_a_block_is_told_as_one():
    data, _ = pack_block(HEADER, b"body" * 100)
    for end in range(1, len(data)):
        with pytest.raises(CutShort):
            read_block(io.BytesIO(data[:end]), 0)
