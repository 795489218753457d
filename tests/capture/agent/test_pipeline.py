"""From records to batches: what columns do at once is what a record-by-record reading does."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.agent import pipeline
from capture.agent.pipeline import Assembler, drain, take_apart
from capture.agent.records import ADDR_AT, BUSY, DATA_AT, DISCARDED, HEAD, SOCK_AT, field_of, record_dtype
from capture.agent.settings import LaneSpec
from capture.format import EVENT_COLUMNS, TEXT_COLUMNS
from capture.model.events import EventFlag, SchedCode

OFFSET = 1_700_000_000_000_000_000
SMALL = LaneSpec("small", 0, 0, 64)
MEDIUM = LaneSpec("medium", 160, 80, 64)
LARGE = LaneSpec("large", 8192, 4096, 64)
LANES = (SMALL, MEDIUM, LARGE)
MAX_U8 = (1 << 64) - 1


@st.composite
def heads(draw):
    """One record's fields, its texts (with their closing NUL or not) and payload, as the probe lays them."""
    lane = draw(st.sampled_from(LANES))
    record = {
        name: draw(st.integers(0, np.iinfo(HEAD[name]).max)) for name in ("cgroup", "a0", "a5", "ino", "fd")
    }
    record |= {name: draw(st.integers(0, 3)) for name in ("pid", "tid", "cpu", "mode", "dev", "uid")}
    record["ret"] = draw(st.integers(-(1 << 63), (1 << 63) - 1))
    record["time"], record["latency"] = draw(st.integers(0, 1000)), draw(st.sampled_from([0, 7, MAX_U8]))
    record["code"] = draw(st.sampled_from([0, 1, 257, int(SchedCode.PROCFORK), int(SchedCode.PROCEXIT)]))
    record["flags"] = draw(st.sampled_from([0, int(EventFlag.TEXT_TRUNCATED)]))
    record["a2"] = draw(st.integers(0, 1000))
    record["discarded"] = draw(st.integers(0, 7)) == 0
    texts = {}
    if lane.data and draw(st.booleans()):
        words = st.sampled_from(
            [b"/etc/passwd\0", b"/etc/passwd", b"a\0", b"\0", b"sh\0-c\0ls\0", b"\xff" * 70, b"x" * 64]
        )
        texts = {name: draw(words) for name in ("text", "text2") if draw(st.booleans())}
    elif lane.data:
        if draw(st.booleans()):
            texts["sock"] = draw(st.sampled_from([bytes(48), b"s" * 48]))
        if draw(st.booleans()):
            texts["addr"] = draw(st.sampled_from([b"\2\0" * 8, b"/run/x\0"]))
        if draw(st.booleans()):
            texts["data"] = draw(st.binary(max_size=lane.data - DATA_AT if lane is MEDIUM else 300))
    return lane, record, texts


def as_records(lane, rows):
    """The records as they lie in a ring buffer; bytes that nothing claims are rubbish."""
    dtype = record_dtype(lane.data)
    records = np.frombuffer(np.random.default_rng(7).bytes(dtype.itemsize * len(rows)), dtype).copy()
    for name in HEAD.names:
        records[name] = 0
    for at, (record, texts) in enumerate(rows):
        for name, value in record.items():
            if name != "discarded":
                records[name][at] = value
        records["length"][at] = dtype.itemsize - 8 | (DISCARDED if record["discarded"] else 0)
        places = {"text": 0, "text2": lane.second, "sock": SOCK_AT, "addr": ADDR_AT, "data": DATA_AT}
        for name, content in texts.items():
            records[f"{name}_len"][at] = len(content)
            records["data"][at, places[name] : places[name] + len(content)] = np.frombuffer(content, np.uint8)
    return records


def chunk_of(lane, rows):
    return take_apart(as_records(lane, rows), lane)


def told(batch):
    """A batch as one tuple an event."""
    lengths, heap = batch.texts.lengths.astype(np.int64), batch.texts.heap
    ends = np.cumsum(lengths)
    texts = [
        None,
        *(heap[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)),
    ]
    columns = {name: values.tolist() for name, values in batch.columns.items()}
    rows, at = [], 0
    for row in range(len(batch)):
        event = {name: values[row] for name, values in columns.items()}
        event |= {name: texts[event.get(name, 0)] for name in TEXT_COLUMNS}
        event["payload"] = batch.payload[at : at + event["captured"]]
        at += event["captured"]
        rows.append(event)
    assert at == len(batch.payload)
    return rows


def naive(record, texts):
    """What one record means, field by field."""
    event = {name: record.get(name, 0) for name in EVENT_COLUMNS if name not in TEXT_COLUMNS}
    event["time"] += OFFSET
    event["latency"] = -1 if record["latency"] == MAX_U8 else record["latency"]
    if record["code"] in (SchedCode.PROCFORK, SchedCode.PROCEXIT):
        event["a2"] += OFFSET
    for name in TEXT_COLUMNS:
        content = texts.get(name)
        if content is not None and name in ("text", "text2"):
            content = content.removesuffix(b"\0")
        event[name] = content
    event["payload"] = texts.get("data", b"")
    event["captured"] = len(event["payload"])
    return event


def frozen(events):
    return Counter(tuple(sorted(event.items(), key=lambda item: item[0])) for event in events)


@settings(max_examples=150, deadline=None)
@given(st.lists(heads(), max_size=25))
def test_columns_hold_what_each_record_says(rows):
    assembler = Assembler(OFFSET)
    for lane in LANES:
        mine = [(record, texts) for of, record, texts in rows if of is lane]
        if mine and len(chunk := chunk_of(lane, mine)):
            assembler.add(chunk)
    kept = [naive(record, texts) for _, record, texts in rows if not record["discarded"]]
    batch = assembler.batch(1 << 62)
    if not kept:
        assert batch is None or len(batch) == 0
        return
    found = told(batch)
    assert frozen(found) == frozen(kept)
    assert [event["time"] for event in found] == sorted(event["time"] for event in kept)
    for name, dtype in EVENT_COLUMNS.items():
        assert name in TEXT_COLUMNS or name in batch.columns, name
        assert name not in batch.columns or batch.columns[name].dtype == np.dtype(dtype), name


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.lists(heads(), max_size=8), st.integers(0, 1000)), max_size=5))
def test_what_is_handed_out_in_parts_is_what_came_in(rounds):
    assembler, given_rows, found, handed_out, late = Assembler(OFFSET), [], [], 0, 0
    for rows, until in [*rounds, ([], 1 << 62)]:
        for lane in LANES:
            mine = [(record, texts) for of, record, texts in rows if of is lane and not record["discarded"]]
            if mine:
                assembler.add(chunk_of(lane, mine))
                given_rows += [(record, texts) for record, texts in mine]
        batch = assembler.batch(until)
        if batch is None:
            continue
        part = told(batch)
        assert all(event["time"] <= OFFSET + until for event in part)
        for event in part:
            is_late = event["time"] < OFFSET + handed_out
            assert bool(event["flags"] & EventFlag.LATE) is is_late
            late += is_late
            event["flags"] &= ~int(EventFlag.LATE)
        found += part
        handed_out = max(handed_out, until)
    assert frozen(found) == frozen(naive(*row) for row in given_rows)
    assert (assembler.late, assembler.pending) == (late, 0)


def row(time, lane=SMALL, **fields):
    texts = {name: fields.pop(name) for name in ("text", "text2", "addr", "sock", "data") if name in fields}
    return {"time": time, "latency": 0, "code": 0, "discarded": False, **fields}, texts


def test_events_of_several_lanes_come_out_in_order_of_time():
    assembler = Assembler(0)
    assembler.add(chunk_of(MEDIUM, [row(10, data=b"ten"), row(30, data=b"thirty")]))
    assembler.add(chunk_of(LARGE, [row(20, data=b"twenty" * 40), row(40)]))
    assembler.add(chunk_of(SMALL, [row(25), row(5)]))
    batch = assembler.batch(100)
    assert batch.columns["time"].tolist() == [5, 10, 20, 25, 30, 40]
    assert batch.payload == b"ten" + b"twenty" * 40 + b"thirty"


def test_events_of_the_same_time_stay_in_the_order_in_which_they_came():
    assembler = Assembler(0)
    assembler.add(chunk_of(SMALL, [row(9, pid=1), row(5, pid=2), row(5, pid=3)]))
    assembler.add(chunk_of(MEDIUM, [row(5, pid=4)]))
    assert assembler.batch(10).columns["pid"].tolist() == [2, 3, 4, 1]


def test_what_returned_after_the_limit_waits_for_slower_calls():
    assembler = Assembler(0)
    assembler.add(chunk_of(MEDIUM, [row(10, text=b"a"), row(21, text=b"b"), row(20, data=b"x")]))
    assert assembler.pending == 3
    assert assembler.batch(20).columns["time"].tolist() == [10, 20]
    assert assembler.pending == 1
    assert assembler.batch(20) is None
    assembler.add(chunk_of(SMALL, [row(20)]))
    batch = assembler.batch(30)
    assert batch.columns["time"].tolist() == [20, 21]
    assert assembler.late == 0, "20 was allowed to come up to 20"


def test_an_event_that_comes_after_later_ones_is_flagged_and_counted():
    assembler = Assembler(0)
    assembler.add(chunk_of(SMALL, [row(50)]))
    assembler.batch(60)
    assembler.add(chunk_of(SMALL, [row(59), row(60), row(61)]))
    flags = assembler.batch(100).columns["flags"]
    assert [bool(flag & EventFlag.LATE) for flag in flags.tolist()] == [True, False, False]
    assert assembler.late == 1


def test_records_that_the_probe_took_back_are_skipped():
    rows = [row(1, data=b"one"), row(2, data=b"two", discarded=True), row(3, text=b"three")]
    chunk = chunk_of(MEDIUM, rows)
    assert len(chunk) == 2
    assert field_of(chunk.words, "time").tolist() == [1, 3]
    assert chunk.payload.tobytes() == b"one"
    assert len(chunk_of(MEDIUM, [row(1, discarded=True)])) == 0


def test_each_text_is_kept_once():
    assembler = Assembler(0)
    assembler.add(chunk_of(MEDIUM, [row(at, text=b"/etc/passwd\0") for at in range(50)]))
    assembler.add(chunk_of(LARGE, [row(at, text=b"/etc/passwd") for at in range(50)]))
    batch = assembler.batch(100)
    assert batch.texts.heap == b"/etc/passwd"
    assert set(batch.columns["text"].tolist()) == {1}


@pytest.mark.parametrize("factors", [np.zeros(1 << 11, np.uint64), np.ones(1 << 11, np.uint64)])
def test_texts_with_the_same_hash_are_kept_apart(factors, monkeypatch):
    """With such factors texts of one length, or with their words exchanged, all collide."""
    monkeypatch.setattr(pipeline, "_FACTORS", factors)
    words = [
        b"aaaaaaaabbbbbbbb",
        b"bbbbbbbbaaaaaaaa",
        b"aaaaaaaabbbbbbbb",
        b"x",
        b"y",
        b"",
        b"x\0y",
        b"x\0\0y",
    ]
    assembler = Assembler(0)
    assembler.add(chunk_of(MEDIUM, [row(at, text=word + b"\0") for at, word in enumerate(words)]))
    found = told(assembler.batch(100))
    assert [event["text"] for event in found] == words
    assert len(dict.fromkeys(words)) == 7


def test_a_recorded_empty_text_is_not_a_missing_one():
    assembler = Assembler(0)
    assembler.add(chunk_of(MEDIUM, [row(1, text=b"\0"), row(2)]))
    assert [event["text"] for event in told(assembler.batch(9))] == [b"", None]


class Ring:
    """A lane of which the kernel's half is a list: what `drain` needs of a Lane."""

    def __init__(self, spec, records):
        self.spec, self.dtype, self._records, self._taken = spec, record_dtype(spec.data), records, 0

    @property
    def waiting(self):
        return (len(self._records) - self._taken) * self.dtype.itemsize

    def peek(self, most):
        ahead = self._records[self._taken : self._taken + most]
        busy = np.flatnonzero(ahead["length"] & BUSY)
        return ahead[: busy[0]] if len(busy) else ahead

    def release(self, count):
        self._records[self._taken : self._taken + count] = np.zeros(1, self.dtype)
        self._taken += count


def test_draining_stops_at_a_record_that_is_still_being_written(monkeypatch):
    monkeypatch.setattr(pipeline, "CHUNK", 3)
    records = as_records(MEDIUM, [row(at, data=b"%d" % at, discarded=at == 4) for at in range(9)])
    records["length"][7] |= BUSY
    ring = Ring(MEDIUM, records)
    chunks = drain(ring)
    assert [field_of(chunk.words, "time").tolist() for chunk in chunks] == [[0, 1, 2], [3, 5], [6]]
    assert b"".join(chunk.payload.tobytes() for chunk in chunks) == b"012356", "copied before it was released"
    assert drain(ring) == []
    ring._records["length"][7] &= ~np.uint32(BUSY)
    assert [len(chunk) for chunk in drain(ring)] == [2]


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("lane", LANES, ids=lambda lane: lane.name)
def test_nothing_of_a_chunk_lies_in_the_ring_any_more(lane, count):
    """The kernel writes over records as soon as they are released, also over a single one."""
    content = {"data": b"x" * (lane.data - DATA_AT)} if lane.data else {}
    records = as_records(lane, [row(at, pid=7, **content) for at in range(count)])
    chunk = take_apart(records, lane)
    assert not np.shares_memory(chunk.words, records)
    assert not np.shares_memory(chunk.payload, records)
    records = as_records(MEDIUM, [row(at, text=b"t" * 80) for at in range(count)])
    assert not np.shares_memory(take_apart(records, MEDIUM).texts["text"].rows, records)
