"""Whole, cut short or altered: no change of a file goes unseen."""

import hashlib
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.format import CaptureFile, FormatError, State, integrity, verify
from capture.format.blocks import PREFIX, read_block
from tests.builders.capture import MS, START_NS, CaptureBuilder


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a small capture: section, tables, three event blocks, counters, end."""
    book = CaptureBuilder()
    book.tables = {"processes": [], "users": []}
    book.process(100, comm="sh")
    book.drops = [{"kind": "lost", "where": "small", "count": 1}]
    for at in range(3):
        book.event("openat", text=b"/etc/passwd", ret=3, data=b"x" * at)
    return book.write(tmp_path_factory.mktemp("whole") / "small.exhume", block=1).read_bytes()


@pytest.fixture(scope="module")
def blocks(whole):
    """The file as the bytes of its blocks."""
    stream, parts = io.BytesIO(whole), []
    while (block := read_block(stream, stream.tell())) is not None:
        parts.append(whole[block.offset : block.offset + block.size])
    return parts


def state_of(data):
    """What verify says, None where it says that this is no capture."""
    try:
        return verify(io.BytesIO(data))
    except FormatError:
        return None


def test_a_file_as_it_was_written_is_whole(whole, blocks):
    verdict = state_of(whole)
    assert verdict.state is State.WHOLE
    assert verdict.blocks == len(blocks) == 8
    assert str(verdict) == "whole: 8 blocks, every digest as recorded"


def test_the_digests_are_sha256_and_each_block_names_the_one_before(blocks):
    before = bytes(32)
    for data in blocks:
        assert data.startswith(PREFIX)
        assert data[-32:] == hashlib.sha256(data[:-34]).digest()
        assert read_block(io.BytesIO(data), 0).header.before == before
        before = data[-32:]


def test_every_flipped_bit_is_seen(whole):
    for at in range(len(whole)):
        for bit in (0, 3, 7) if at % 8 else range(8):
            damaged = bytearray(whole)
            damaged[at] ^= 1 << bit
            verdict = state_of(bytes(damaged))
            assert verdict is None or verdict.state is not State.WHOLE, (at, bit)


def test_a_flipped_byte_is_told_at_its_block(whole, blocks):
    start = 0
    for number, data in enumerate(blocks):
        damaged = bytearray(whole)
        damaged[start + len(data) // 2] ^= 0xFF
        verdict = state_of(bytes(damaged))
        assert (verdict.state, verdict.block) == (State.ALTERED, number)
        assert verdict.blocks == len(blocks) - 1
        start += len(data)


def test_damage_tells_the_last_event_before_it(whole, blocks):
    times = [START_NS + MS * at for at in (1, 2, 3)]
    for number, last in ((3, 0), (4, times[0]), (5, times[1]), (6, times[2]), (7, times[2])):
        kept = blocks[:number]
        assert state_of(b"".join(kept)).before == last
        altered = [*kept, bytes(len(blocks[number])), *blocks[number + 1 :]]
        assert state_of(b"".join(altered)).before == last


def test_every_cut_is_seen_and_what_is_whole_before_it_is_read(whole, blocks, tmp_path):
    path = tmp_path / "cut.exhume"
    ends = [sum(map(len, blocks[: number + 1])) for number in range(len(blocks))]
    for size in range(len(whole)):
        verdict = state_of(whole[:size])
        readable = sum(end <= size for end in ends)
        if not readable:
            assert verdict is None
            continue
        assert (verdict.state, verdict.block, verdict.blocks) == (State.CUT_SHORT, readable, readable)
        if size % 7 == 0 or size in ends:
            path.write_bytes(whole[:size])
            with CaptureFile.open(path) as capture:
                assert capture.verdict == verdict
                assert capture.count == len(capture.read_columns()["time"]) == min(max(readable - 3, 0), 3)


@pytest.mark.parametrize("number", range(8))
def test_a_block_taken_out_is_seen(blocks, number):
    left = b"".join(blocks[:number] + blocks[number + 1 :])
    verdict = state_of(left)
    assert verdict.state is (State.CUT_SHORT if number == 7 else State.ALTERED)
    assert verdict.block == number


@pytest.mark.parametrize("number", range(7))
def test_blocks_that_changed_places_are_seen(blocks, number):
    swapped = [*blocks[:number], blocks[number + 1], blocks[number], *blocks[number + 2 :]]
    verdict = state_of(b"".join(swapped))
    assert (verdict.state, verdict.block) == (State.ALTERED, number)


@pytest.mark.parametrize("number", range(8))
def test_a_block_put_in_twice_is_seen(blocks, number):
    verdict = state_of(b"".join(blocks[: number + 1] + blocks[number:]))
    assert (verdict.state, verdict.block) == (State.ALTERED, number + 1)


@pytest.mark.parametrize("rest", [b"\0", b"\n", PREFIX, b"x" * 5000])
def test_what_stands_after_the_end_is_seen(whole, rest):
    assert state_of(whole + rest).state is not State.WHOLE


def test_blocks_after_the_end_are_seen(whole, blocks):
    for block in blocks:
        assert state_of(whole + block).state is State.ALTERED


def test_bytes_between_blocks_are_seen(blocks):
    verdict = state_of(b"".join(blocks[:4]) + b"between" + b"".join(blocks[4:]))
    assert (verdict.state, verdict.block, verdict.blocks) == (State.ALTERED, 4, 8)


def test_a_block_of_another_capture_is_seen(blocks, tmp_path):
    other = CaptureBuilder(hostname="other")
    other.tables = {"processes": [], "users": []}
    for _ in range(3):
        other.event("openat")
    data = other.write(tmp_path / "other.exhume", block=1).read_bytes()
    stream = io.BytesIO(data)
    offsets = [read_block(stream, stream.tell()).offset for _ in range(6)]
    foreign = data[offsets[4] : offsets[5]]
    verdict = state_of(b"".join([*blocks[:4], foreign, *blocks[5:]]))
    assert (verdict.state, verdict.block) == (State.ALTERED, 4)


def test_damage_in_one_block_costs_only_that_block(whole, blocks, tmp_path):
    path = tmp_path / "damaged.exhume"
    at = sum(map(len, blocks[:4])) + 20
    path.write_bytes(whole[:at] + b"\xff" + whole[at + 1 :])
    with CaptureFile.open(path) as capture:
        assert capture.read_columns(("time",))["time"].tolist() == [START_NS + MS, START_NS + 3 * MS]
        assert [capture.payload(row) for row in range(2)] == [b"", b"xx"]
        assert (capture.verdict.state, capture.verdict.block) == (State.ALTERED, 4)


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_or_refused(data):
    verdict = state_of(data)
    assert verdict is None or verdict.state is not State.WHOLE


@given(st.randoms(use_true_random=False))
def test_any_damage_is_read_or_refused(whole, rng: random.Random):
    """Bytes changed, taken out, put in: nothing but FormatError, and never called whole."""
    data = bytearray(whole)
    for _ in range(rng.randint(1, 6)):
        at, length = rng.randrange(len(data)), rng.randint(0, 40)
        data[at : at + length] = rng.randbytes(rng.choice((0, length, 3)))
    if bytes(data) == whole:
        return
    verdict = state_of(bytes(data))
    assert verdict is None or verdict.state is not State.WHOLE


@pytest.fixture(scope="module")
def nested(tmp_path_factory):
    """A capture of a program that read another capture, and where the block lies that holds it."""
    folder, rng = tmp_path_factory.mktemp("nested"), random.Random(1)
    inner = CaptureBuilder()
    for _ in range(12):
        inner.event("read", ret=4_000, data=rng.randbytes(4_000))
    data = inner.write(folder / "inner.exhume", block=1).read_bytes()
    book = CaptureBuilder()
    book.event("read", ret=len(data), data=data)
    book.event("close")
    whole = book.write(folder / "outer.exhume", block=1).read_bytes()
    holder = max(_walked(whole)[0], key=lambda block: block.size)
    assert whole.count(PREFIX) > len(_walked(whole)[0]), "its blocks can be seen from outside"
    return whole, holder


def _walked(data):
    walk = integrity.Walk(io.BytesIO(data))
    return list(walk), walk.verdict


def test_blocks_that_a_recorded_program_read_are_content_where_theirs_is_damaged(nested):
    whole, holder = nested
    for place in (holder.offset + 200, holder.offset + holder.size - 1):
        found, verdict = _walked(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        expected = [block.digest for block in _walked(whole)[0] if block.header.seq != holder.header.seq]
        assert [block.digest for block in found] == expected
        assert (verdict.state, verdict.block) == (State.ALTERED, holder.header.seq)


def test_a_file_that_ends_inside_what_a_recorded_program_read_is_cut_short(nested):
    whole, holder = nested
    found, verdict = _walked(whole[: holder.offset + holder.size - 1_000])
    assert (verdict.state, verdict.block) == (State.CUT_SHORT, holder.header.seq)
    assert len(found) == holder.header.seq


def test_blocks_behind_one_that_lies_about_its_length_are_found(nested):
    whole, holder = nested
    place = holder.offset + len(PREFIX) + 1  # of the header's length
    found, verdict = _walked(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
    assert verdict.state is State.ALTERED
    assert found[-1].digest == _walked(whole)[0][-1].digest


@pytest.fixture(scope="module")
def nested_later(tmp_path_factory):
    """As `nested`, but the blocks that were read have numbers that could follow."""
    folder, rng = tmp_path_factory.mktemp("later"), random.Random(2)
    inner = CaptureBuilder()
    for _ in range(30):
        inner.event("read", ret=900, data=rng.randbytes(900))
    data = inner.write(folder / "inner.exhume", block=1).read_bytes()
    book = CaptureBuilder()
    book.event("close")
    book.event("read", ret=len(data), data=data)
    book.event("close")
    whole = book.write(folder / "outer.exhume", block=1).read_bytes()
    blocks = _walked(whole)[0]
    holder = max(blocks, key=lambda block: block.size)
    inside = [block.header.seq for block in _walked(data)[0]]
    assert max(inside) > holder.header.seq > min(inside)
    return whole, holder


def test_wherever_a_file_ends_inside_what_a_program_read_it_is_cut_short(nested_later):
    whole, holder = nested_later
    for size in (
        *range(holder.offset + 200, holder.offset + holder.size, 97),
        holder.offset + holder.size - 1,
    ):
        found, verdict = _walked(whole[:size])
        assert (verdict.state, verdict.block) == (State.CUT_SHORT, holder.header.seq), size
        assert len(found) == holder.header.seq


def test_a_length_that_was_made_larger_is_an_alteration_wherever_it_stands(nested_later):
    """Also where the file is cut short behind it: the digest proves what the length was."""
    whole, _ = nested_later
    blocks = _walked(whole)[0]
    for block in blocks[:-2]:
        head = block.offset + len(PREFIX)
        width = {0xC4: 1, 0xC5: 2}[whole[head]]
        body = head + 1 + width + int.from_bytes(whole[head + 1 : head + 1 + width], "big")
        for there in (whole, whole[:-10]):
            data = bytearray(there)
            data[body + (2 if whole[body] == 0xC6 else 1)] |= 0x80
            found, verdict = _walked(bytes(data))
            assert (verdict.state, verdict.block) == (State.ALTERED, block.header.seq)
            assert found[-1].header.seq >= blocks[-2].header.seq


def test_blocks_inside_each_other_do_not_take_forever(monkeypatch):
    """Each mark claims a body up to the end: reading from each of them would take the square of the size."""
    monkeypatch.setattr(integrity, "_SEARCH", 1 << 20)
    start = PREFIX + b"\xc4\x00\xc6"
    count = 20_000
    size = count * (len(start) + 4)
    nested = b"".join(
        start + (size - at - len(start) - 4 - 40).to_bytes(4, "big")
        for at in range(0, size - 100, len(start) + 4)
    )
    read = 0

    class Counting(io.BytesIO):
        def read(self, *args):
            nonlocal read
            data = super().read(*args)
            read += len(data)
            return data

    with pytest.raises(FormatError):
        verify(Counting(nested + bytes(100)))
    assert read < 10 * size + (4 << 20)
