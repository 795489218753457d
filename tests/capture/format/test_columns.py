"""Columns, texts and payload: what goes in comes out, whatever the values are."""

import msgpack
import numpy as np
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from capture.format import EVENT_COLUMNS, TEXT_COLUMNS, EventBatch, FormatError, Sparse, TextHeap
from capture.format import columns as columns_module
from capture.format.coding import DTYPES, pack_column, unpack_column
from capture.format.columns import MAX_EVENTS, pack_events, unpack_events

ZSTD = zstandard.ZstdCompressor(level=1)
LOW, HIGH = -(1 << 63), (1 << 63) - 1


CODINGS = [{"delta": delta, "planes": planes} for delta in (False, True) for planes in (False, True)]


def there_and_back(values, **coding):
    stored = msgpack.unpackb(msgpack.packb(pack_column(values, ZSTD, **coding)))
    return unpack_column(stored, len(values))


@pytest.mark.parametrize("dtype", sorted(DTYPES))
@given(data=st.data())
def test_a_column_of_any_type_comes_back(dtype, data):
    values = data.draw(arrays.arrays(dtype, st.integers(0, 40)))
    back = there_and_back(values)
    assert back.dtype == values.dtype
    assert back.tolist() == values.tolist()


@pytest.mark.parametrize("coding", CODINGS)
@given(arrays.arrays("<i8", st.integers(0, 40), elements=st.integers(LOW, HIGH)))
def test_a_column_of_differences_comes_back_also_where_they_wrap_around(coding, values):
    assert there_and_back(values, **coding).tolist() == values.tolist()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("dtype", sorted(DTYPES))
@given(data=st.data())
def test_a_column_comes_back_in_which_few_values_are_far_from_the_others(coding, dtype, data):
    limits = np.iinfo(dtype)
    values = np.arange(300).astype(dtype)
    for at in data.draw(st.lists(st.integers(0, 299), max_size=8)):
        values[at] = data.draw(st.integers(limits.min, limits.max))
    back = there_and_back(values, **coding)
    assert (back.dtype, back.tolist()) == (values.dtype, values.tolist())


def test_few_values_that_are_too_wide_are_kept_apart():
    values = np.arange(1000, dtype="<u8") % 200
    values[[7, 500]] = 1 << 40
    packed = pack_column(values, ZSTD)
    assert packed[:3] == ["<u8", "|u1", "plain"]
    assert len(packed) == 5
    values[:100] = 1 << 40
    assert pack_column(values, ZSTD)[1] == "<u8"


@pytest.mark.parametrize("at", [[], [0], [3, 99]])
def test_one_value_for_nearly_all_is_stored_once(at):
    sparse = Sparse(100, np.array([7], "<u2"), np.array(at, np.int64), np.full(len(at), 60_000, "<u2"))
    packed = pack_column(sparse, ZSTD, dtype=np.dtype("<u4"))
    assert packed[:4] == ["<u4", "<u4", "const", (7).to_bytes(4, "little")]
    back = unpack_column(packed, 100)
    assert (back.dtype, back.tolist()) == ("<u4", [60_000 if row in at else 7 for row in range(100)])


@pytest.mark.parametrize(
    "values",
    [
        [],
        [LOW],
        [HIGH],
        [LOW, HIGH],
        [HIGH, LOW],
        [0, LOW, HIGH, -1, 0],
        [5, 5, 5],
        [1 << 60, (1 << 60) + (1 << 31)],
        [1 << 60, (1 << 60) + (1 << 31) - 1],
        [1 << 60, (1 << 60) - (1 << 31)],
        [1 << 60, (1 << 60) - (1 << 31) - 1],
    ],
)
@pytest.mark.parametrize("coding", CODINGS)
def test_edge_values_come_back(values, coding):
    array = np.array(values, "<i8")
    assert there_and_back(array, **coding).tolist() == values


@pytest.mark.parametrize(
    ("dtype", "values", "stored"),
    [
        ("<i8", [-128, 127], "|i1"),
        ("<i8", [-129, 0], "<i2"),
        ("<i8", [0, 32768], "<i4"),
        ("<i8", [0, 1 << 31], "<i8"),
        ("<u8", [0, 255], "|u1"),
        ("<u8", [0, 256], "<u2"),
        ("<u8", [0, 65536], "<u4"),
        ("<u8", [0, 1 << 63], "<u8"),
        ("<u2", [0, 256], "<u2"),
    ],
)
def test_values_are_stored_in_the_narrowest_type_that_holds_them(dtype, values, stored):
    packed = pack_column(np.array(values, dtype), ZSTD)
    assert packed[:3] == [dtype, stored, "plain"]


def test_one_value_for_all_is_stored_once():
    assert pack_column(np.full(1000, 7, "<u8"), ZSTD) == ["<u8", "<u8", "const", (7).to_bytes(8, "little")]


def test_a_first_time_does_not_widen_the_differences():
    assert pack_column(np.array([1 << 60, (1 << 60) + 5], "<i8"), ZSTD, delta=True)[1] == "|i1"


@pytest.mark.parametrize(
    "column",
    [
        None,
        7,
        [],
        ["<i8", "<i8", "const"],
        ["<i8", "<i8", "const", b"", b""],
        ["<i8", "<i8", "const", b"1234567"],
        ["<i8", "<i8", "const", b"123456789"],
        ["<i8", "<i8", "const", "12345678"],
        ["O", "O", "const", bytes(8)],
        ["<U1000000", "<U1000000", "const", bytes(4)],
        ["V1000000000", "|i1", "plain", b""],
        [">i8", ">i8", "const", bytes(8)],
        [8, 8, "const", bytes(8)],
        [["<i8"], "<i8", "const", bytes(8)],
        ["<i8", "<i8", "plain", b"no zstd"],
        ["<i8", "<i8", "plain", b""],
        ["<i8", "<i8", "plain", ZSTD.compress(bytes(8 * 3))],
        ["<i8", "<i8", "plain", ZSTD.compress(bytes(8 * 5))],
        ["<i8", "<i8", "delta", b"1234567"],
        ["<i8", "<i8", "delta planes", b"1234567"],
        ["<i8", "<i8", "planes", ZSTD.compress(bytes(8 * 3))],
        ["<i8", "<i8", "no planes", ZSTD.compress(bytes(8 * 4))],
        ["<i8", "<i8", "const", bytes(8), b"no zstd"],
        ["<i8", "<i8", "const", bytes(8), ZSTD.compress(bytes(11))],
        ["<i8", "<i8", "const", bytes(8), ZSTD.compress(b"\4" + bytes(11))],
        ["<i8", "<i8", "const", bytes(8), ZSTD.compress(bytes(12 * 5))],
        ["<i8", "<i8", "const", bytes(8), 5],
        ["<i8", "<i8", "const", bytes(8), b"", b""],
        ["<i8", "|i1", "delta", bytes(8) + ZSTD.compress(bytes(3)), ZSTD.compress(b"\3" + bytes(11))],
        ["<i8", "<i8", "delta", bytes(8) + ZSTD.compress(bytes(8 * 4))],
        ["<i8", "<i8", "\x1b[31m" * 1000, bytes(8)],
    ],
)
def test_what_is_no_column_of_four_values_is_refused(column):
    with pytest.raises(FormatError):
        unpack_column(column, 4)


def events_of(count, **columns):
    filled = {name: np.zeros(count, dtype) for name, dtype in EVENT_COLUMNS.items()}
    return filled | {name: np.array(values, EVENT_COLUMNS[name]) for name, values in columns.items()}


@st.composite
def batches(draw):
    """Any values in all columns, with texts and payload that fit them."""
    count = draw(st.integers(1, 12))
    texts = draw(st.lists(st.binary(max_size=20), max_size=6))
    columns = {
        name: draw(arrays.arrays(dtype, count, elements=arrays.from_dtype(np.dtype(dtype))))
        for name, dtype in EVENT_COLUMNS.items()
        if name not in (*TEXT_COLUMNS, "captured")
    }
    for name in TEXT_COLUMNS:
        columns[name] = draw(arrays.arrays("<i4", count, elements=st.integers(0, min(len(texts), 4 * count))))
    columns["captured"] = draw(arrays.arrays("<u4", count, elements=st.integers(0, 9)))
    return EventBatch(columns, texts[: 4 * count], bytes(range(256))[: int(columns["captured"].sum())])


@given(batches())
def test_a_batch_of_events_comes_back(batch):
    body = unpack_events(pack_events(batch, ZSTD), len(batch), 0)
    for name, values in batch.columns.items():
        back = body.column(name)
        assert back.dtype == np.dtype(EVENT_COLUMNS[name])
        assert back.tolist() == values.tolist(), name
    assert body.texts() == list(batch.texts)
    assert body.payload() == batch.payload


def test_a_heap_of_texts_is_stored_as_a_list_of_them_is():
    columns = events_of(2, text=[1, 2])
    one = pack_events(EventBatch(columns, [b"ab", b"c"], b""), ZSTD)
    other = pack_events(EventBatch(columns, TextHeap(np.array([2, 1], "<u4"), b"abc"), b""), ZSTD)
    assert one == other


def test_a_column_that_was_not_recorded_is_zero_and_minus_one_where_zero_means_something():
    columns = events_of(3)
    for name in ("fd", "latency", "ino"):
        del columns[name]
    body = unpack_events(pack_events(EventBatch(columns, [], b""), ZSTD), 3, 0)
    assert body.column("fd").tolist() == body.column("latency").tolist() == [-1] * 3
    assert body.column("ino").tolist() == [0] * 3


def test_events_that_have_no_text_are_divided_too(monkeypatch):
    monkeypatch.setattr(columns_module, "WRITTEN_EVENTS", 3)
    columns = {"time": np.arange(8), "captured": np.zeros(8, np.uint8)}
    ret = Sparse(8, np.array([1], np.int8), np.array([6]), np.array([-1], np.int8))
    parts = EventBatch({**columns, "ret": ret}, TextHeap(np.empty(0, "<u4"), b""), b"").parts()
    bodies = [unpack_events(pack_events(part, ZSTD), len(part), 0) for part in parts]
    assert [value for body in bodies for value in body.column("time").tolist()] == list(range(8))
    assert [value for body in bodies for value in body.column("ret").tolist()] == [1, 1, 1, 1, 1, 1, -1, 1]


def test_what_is_too_much_for_one_block_is_divided_and_nothing_is_lost(monkeypatch):
    monkeypatch.setattr(columns_module, "WRITTEN_EVENTS", 3)
    monkeypatch.setattr(columns_module, "WRITTEN_BYTES", 12)
    texts = [b"seven77", b"", b"x", b"yy", b"unused"]
    columns = events_of(
        7, text=[1, 2, 0, 3, 1, 4, 4], text2=[0, 4, 0, 0, 3, 0, 1], captured=[1, 0, 5, 2, 4, 3, 0]
    )
    payload = b"abbbbbccddddeee"
    parts = EventBatch(columns, texts, payload).parts()
    assert all(len(part) <= 3 and len(part.payload) <= 12 for part in parts)
    bodies = [unpack_events(pack_events(part, ZSTD), len(part), 0) for part in parts]
    assert b"".join(body.payload() for body in bodies) == payload
    for name in TEXT_COLUMNS:
        told = [[b"", *body.texts()][code] for body in bodies for code in body.column(name).tolist()]
        assert told == [[b"", *texts][code] for code in columns[name].tolist()]
    assert [value for body in bodies for value in body.column("captured").tolist()] == columns[
        "captured"
    ].tolist()


def packed_body(**changes):
    columns = {name: pack_column(values, ZSTD) for name, values in events_of(2).items()}
    body = {
        "columns": columns,
        "texts": [pack_column(np.empty(0, "<u4"), ZSTD), b""],
        "payload": b"",
        "n_texts": 0,
    }
    return msgpack.packb(body | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"columns": []},
        {"columns": None},
        {"columns": {str(number): [] for number in range(1000)}},
        {"payload": "text"},
        {"n_texts": "0"},
        {"n_texts": -1},
        {"n_texts": 9},
        {"n_texts": 1 << 62},
        {"n_texts": 1.0},
    ],
)
def test_an_event_block_without_its_parts_is_refused(changes):
    with pytest.raises(FormatError):
        unpack_events(packed_body(**changes), 2, 0)


def test_a_block_cannot_claim_more_events_than_a_block_holds():
    with pytest.raises(FormatError, match="events"):
        unpack_events(packed_body(), MAX_EVENTS + 1, 0)


def lengths_column(*values, dtype="<u4"):
    return ["<i8", dtype, "plain", ZSTD.compress(np.array(values, dtype).tobytes())]


@pytest.mark.parametrize(
    ("texts", "n_texts"),
    [
        (None, 1),
        ([], 1),
        ([lengths_column(1)], 1),
        ([lengths_column(1), "str"], 1),
        ([lengths_column(5), ZSTD.compress(b"four")], 1),
        ([lengths_column(3, 2), ZSTD.compress(b"four")], 2),
        ([lengths_column(3), ZSTD.compress(b"four")], 1),
        ([lengths_column(3), b"no zstd"], 1),
        ([lengths_column(-1, 5, dtype="<i8"), ZSTD.compress(b"four")], 2),
        ([lengths_column((1 << 63) - 1, (1 << 63) - 1, 6, dtype="<i8"), ZSTD.compress(b"four")], 3),
        ([["<u8", "<u8", "const", b"\xff" * 8], ZSTD.compress(b"")], 8),
        ([["<u4", "<u4", "const", b"\xff" * 4], ZSTD.compress(b"")], 8),
        ([["<u4", "<u4", "const", (100 << 20).to_bytes(4, "little")], ZSTD.compress(b"")], 8),
    ],
)
def test_texts_whose_lengths_overlap_or_pass_the_heap_are_refused(texts, n_texts):
    body = unpack_events(packed_body(texts=texts, n_texts=n_texts), 2, 0)
    with pytest.raises(FormatError):
        body.texts()


@pytest.mark.parametrize(
    ("captured", "payload"),
    [
        ([1, 2], b""),
        ([1, 2], ZSTD.compress(b"ab")),
        ([1, 2], ZSTD.compress(b"abcd")),
        ([(1 << 32) - 1, (1 << 32) - 1], ZSTD.compress(b"abc")),
    ],
)
def test_payload_that_is_not_as_long_as_its_events_say_is_refused(captured, payload):
    columns = {"captured": pack_column(np.array(captured, "<u4"), ZSTD)}
    body = unpack_events(packed_body(columns=columns, payload=payload), 2, 0)
    with pytest.raises(FormatError):
        body.payload()
