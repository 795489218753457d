"""Files that are damaged, cut short, or made to harm: converted as far as they go, or refused in one way."""

import gzip
import io
import struct

import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from capture.format import CaptureFile, FormatError, State
from capture.format.convert import convert, converting, is_scap, source
from tests.builders.scap import ScapBuilder, descriptor, file_body, ipv4_tuple
from tests.builders.scap_samples import NO_SAMPLES, samples
from tests.capture.format.convert.converted import Converted


def small() -> ScapBuilder:
    """A little of everything."""
    book = ScapBuilder()
    book.process(100, cgroups=["cpu=/docker/c0ffee"], environ=["A=1"])
    book.descriptors(100, descriptor(3, 16, file_body("/etc/passwd"), ino=5))
    book.call("read", enter=(3, 4096), exit=(5, b"hello"))
    book.call("connect", enter=(4,), exit=(0, ipv4_tuple(bytes(4), 1, bytes(4), 2), 4))
    book.call("pipe", exit=(0, 8, 9, 4321))
    book.generic(140, 186)
    book.event(272, 0, '{"container": {"id": "c0ffee"}}')
    book.event(4242, 1, b"unknown")
    book.call("close", enter=(3,), exit=(0,))
    return book


SMALL = small().plain()
EVENT_BLOCKS = st.sampled_from((0x204, 0x216, 0x221))


def read(data: bytes) -> None:
    """Convert, and read all of what came of it."""
    output = io.BytesIO()
    convert(io.BytesIO(data), output)
    capture = CaptureFile(output)
    capture.grow()
    capture.read_columns()
    for row in range(capture.count):
        capture.payload(row)


def converted_or_refused(data: bytes) -> bool:
    try:
        read(data)
    except FormatError:
        return False
    return True


@pytest.mark.parametrize("block", [1, 5, 6, 0xA])
def test_a_file_of_packets_is_no_scap_file_though_it_begins_like_one(block):
    head = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
    data = head + struct.pack("<IIIII", block, 20, 1, 65535, 20)
    assert not is_scap(io.BytesIO(data))
    with pytest.raises(FormatError, match="pcapng file of packets"):
        convert(io.BytesIO(data), io.BytesIO())
    assert is_scap(io.BytesIO(head + struct.pack("<III", 0x201, 12, 12)))


def test_a_file_that_is_cut_anywhere_is_converted_as_far_as_it_goes():
    whole = Converted(SMALL)
    counts = []
    for end in (*range(28, len(SMALL), 11), len(SMALL) - 1):
        if converted_or_refused(SMALL[:end]):
            result = convert(io.BytesIO(SMALL[:end]), io.BytesIO())
            counts.append(result.tally.blocks)
            assert result.tally.blocks == result.tally.events + result.tally.paired - result.tally.added
    assert counts == sorted(counts)
    assert counts[-1] == whole.result.tally.blocks - 1


def test_what_comes_of_a_file_that_is_cut_short_is_cut_short_too():
    found = Converted(SMALL[:-8])
    assert found.capture.verdict.state is State.CUT_SHORT
    assert "ends inside a block" in found.result.fault
    assert any("not read to its end" in note["text"] for note in found.capture.documents["note"])


def test_damage_in_the_middle_costs_only_what_is_damaged():
    at = SMALL.rindex(struct.pack("<I", 0x216), 0, SMALL.index(b"hello"))
    broken = SMALL[:at] + b"\xff" * 16 + SMALL[at + 16 :]
    found = Converted(broken)
    assert found.result.skipped > 0
    assert not found.result.is_whole
    assert found.counts()["close"] == 1


def test_a_length_that_claims_more_than_there_is_costs_one_block():
    at = SMALL.rindex(struct.pack("<I", 0x216), 0, SMALL.index(b"hello")) + 4
    broken = SMALL[:at] + struct.pack("<I", 30 << 20) + SMALL[at + 4 :]
    assert Converted(broken).counts()["close"] == 1


@pytest.mark.parametrize("pack", [ScapBuilder.gzip, ScapBuilder.zstd])
def test_a_packed_file_that_is_cut_is_converted_as_far_as_it_goes(pack):
    book = small()
    for number in range(3000):
        book.call("close", enter=(number,), exit=(-9,))
    found = Converted(pack(book)[:-40])
    assert found.result.fault
    assert found.capture.verdict.state is State.CUT_SHORT


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_change_of_a_file_is_converted_or_refused(data):
    raw = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(raw) - 1))
        width = data.draw(st.sampled_from((1, 2, 4, 8)))
        value = data.draw(st.sampled_from((0, 1, 0x7F, 0xFF, (1 << 8 * width) - 1, 1 << (8 * width - 1))))
        raw[place : place + width] = (value & ((1 << 8 * width) - 1)).to_bytes(width, "little")
    converted_or_refused(bytes(raw))


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
@example(b"\x01")
@example(b"\x01\0\0\0")
def test_any_bytes_after_the_first_block_are_converted_unless_they_are_packets(data):
    assert converted_or_refused(SMALL[:28] + data) != source.has_packets(SMALL[:28] + data)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_converted_or_refused(data):
    assert not converted_or_refused(data) or is_scap(io.BytesIO(data))


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 430), st.lists(st.binary(max_size=24), max_size=8), st.sampled_from((0x204, 0x216, 0x221))
)
def test_any_parameters_of_any_kind_are_converted(number, values, block_type):
    book = ScapBuilder(events=block_type)
    book.call("read", enter=(3, 9), exit=(5, b"hello"))
    book.event(number, 100, *values)
    found = Converted(book.plain())
    assert found.result.tally.blocks == 3


@pytest.mark.parametrize("count", [0, 63, 64, 1 << 16, (1 << 32) - 1])
def test_a_count_of_parameters_that_is_a_lie_is_survived(count):
    book = ScapBuilder()
    book.event(7, 100, 5, b"hello", count=count)
    assert Converted(book.plain()).names == ["read"]


def test_numbers_of_threads_and_descriptors_beyond_all_bounds_are_survived():
    book = ScapBuilder()
    for number in (-1, 1 << 40, (1 << 63) - 1, -(1 << 63), (1 << 31) - 1):
        book.call("read", tid=number, enter=(number, 9), exit=(number, b"x"))
        book.call("dup2", enter=(number,), exit=(number, number, number))
        book.call("pipe", exit=(0, number, number, number))
        book.event(
            223, 100, number, "x", b"", number, number, number, "/", 0, 0, 0, 0, 0, 0, "c", b"", 0, 0, 0
        )
    assert Converted(book.plain()).result.tally.blocks == 35


def test_times_that_are_none_are_survived():
    book = ScapBuilder()
    for time in (0, (1 << 64) - 1, 1 << 63, 5):
        book.event(186, 100, 0, 0, 0, 0, time=time)
    assert Converted(book.plain()).counts() == {"procexit": 4}


def test_threads_that_never_finish_anything_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(converting, "PIECE", 4096)
    monkeypatch.setattr(converting, "_WAITING", 2048)
    book = ScapBuilder()
    for tid in range(1, 2000):
        book.event(6, tid, 3, 10)
    found = Converted(book.plain())
    assert found.counts() == {"read": 1999}
    assert found.result.tally.entry_only > 1900


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_small_file_that_unpacks_to_very_much_is_left_where_it_becomes_too_much(pack, monkeypatch):
    monkeypatch.setattr(source, "ALWAYS_ALLOWED", 1 << 20)
    monkeypatch.setattr(source, "MAX_RATIO", 2)
    monkeypatch.setattr(converting, "PIECE", 1 << 20)
    found = Converted(pack(SMALL + bytes(64 << 20)))
    assert "unpacks to more" in found.result.fault


def test_deeply_nested_or_huge_container_records_are_only_events():
    book = ScapBuilder()
    for text in (
        "[" * 50_000,
        '{"container": ' * 5000,
        '{"container": {"id": "x", "labels": []}}',
        "null",
        "\ud800",
    ):
        book.event(324, 0, text.encode("utf-8", "surrogatepass") + b"\0", block_type=0x221)
    assert Converted(book.plain()).counts() == {"container": 5}


@pytest.mark.parametrize(
    "data", [b"", b"\x0a\x0d\x0d\x0a", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"hello", bytes(100)]
)
def test_what_is_no_scap_file_is_refused(data):
    assert not is_scap(io.BytesIO(data))
    with pytest.raises(FormatError):
        convert(io.BytesIO(data), io.BytesIO())


def test_a_version_that_nobody_has_written_is_refused_and_named():
    with pytest.raises(FormatError, match=r"2\.0"):
        convert(io.BytesIO(ScapBuilder(major=2, minor=0).plain()), io.BytesIO())


@pytest.mark.skipif(samples() is None, reason=NO_SAMPLES)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_changed_samples_are_converted_or_refused(data):
    raw = bytearray((samples() / "libs-unit-sample.scap").read_bytes())
    for _ in range(data.draw(st.integers(1, 40))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    converted_or_refused(bytes(raw[: data.draw(st.integers(20, len(raw)))]))
