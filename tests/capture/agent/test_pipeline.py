"""From records to batches: what columns do at once is what a record-by-record reading does."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.agent import draining
from capture.agent import texts as texts_module
from capture.agent.chunks import chunk_of_calls, chunk_of_records
from capture.agent.draining import Drain
from capture.agent.lanes import CallLane
from capture.agent.pipeline import Assembler
from capture.agent.records import (
    ADDR_SHIFT,
    BUSY,
    DISCARDED,
    HAS_SOCKET,
    HEAD,
    STAMP,
    STAMP_WORDS,
    STAMPED,
    WORDS,
    places_of,
    record_dtype,
)
from capture.agent.settings import LaneSpec
from capture.format import EVENT_COLUMNS, TEXT_COLUMNS
from capture.model.events import EventFlag, SchedCode

OFFSET = 1_700_000_000_000_000_000
CALLS = "calls"
LIFE = LaneSpec("life", 160, 80, 64)
EXEC = LaneSpec("exec", 632, 248, 64, programs=True)
EXEC_LONG = LaneSpec("exec_long", 8192, 4096, 64, programs=True)
OTHER = LaneSpec("other", 0, 0, 64)
LANES = (CALLS, LIFE, EXEC, EXEC_LONG, OTHER)
MAX_U8 = (1 << 64) - 1
PARTS = ("sock", "addr", "text", "text2", "data")
"""In the order in which the probe lays them behind one another."""


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
    record["discarded"] = lane is not CALLS and draw(st.integers(0, 7)) == 0
    texts = {}
    if lane is not OTHER:
        words = st.sampled_from(
            [b"/etc/passwd\0", b"/etc/passwd", b"a\0", b"\0", b"sh\0-c\0ls\0", b"\xff" * 70, b"x" * 64]
        )
        texts = {name: draw(words) for name in ("text", "text2") if draw(st.booleans())}
    if lane is CALLS:
        if draw(st.booleans()):
            texts["text"] = draw(st.sampled_from([b"p" * 4095 + b"\0", b"q" * 300]))
        if draw(st.booleans()):
            texts["sock"] = draw(st.sampled_from([bytes(48), b"s" * 48]))
        if draw(st.booleans()):
            texts["addr"] = draw(st.sampled_from([b"\2\0" * 8, b"/run/x\0", b"a" * 112]))
        if draw(st.booleans()):
            texts["data"] = draw(st.binary(max_size=300))
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
        for name, content in texts.items():
            place = places_of(lane)[name]
            records[f"{name}_len"][at] = len(content)
            records["data"][at, place : place + len(content)] = np.frombuffer(content, np.uint8)
    return records


def as_calls(rows, begins=0, room=1 << 17, ring=None, newest=0):
    """Stamps, the ring of heads, the place behind the newest, the ring of their bytes, and where these end.

    Bytes that nothing claims are rubbish, also in heads: what a stamp tells.
    """
    heads = np.zeros(len(rows), HEAD)
    content = np.frombuffer(np.random.default_rng(7).bytes(room), np.uint8).copy()
    end = begins
    for at, (record, texts) in enumerate(rows):
        for name, value in record.items():
            if name != "discarded":
                heads[name][at] = value
        sizes = {name: len(texts.get(name, b"")) for name in PARTS}
        if end % room + sum(sizes.values()) + 40 > room:
            end += room - end % room
        heads["at"][at] = end % (1 << 32)
        heads["flags"][at] |= HAS_SOCKET if sizes["sock"] else 0
        heads["sizes"][at] = sizes["addr"] << ADDR_SHIFT | sizes["data"]
        heads["text_len"][at], heads["text2_len"][at] = sizes["text"], sizes["text2"]
        for name in PARTS:
            place = end % room
            content[place : place + sizes[name]] = np.frombuffer(texts.get(name, b""), np.uint8)
            end += (sizes[name] + 7) & ~7
    stamps = np.zeros(len(rows), STAMP)
    for name in STAMPED:
        stamps[name] = heads[name]
        heads[name] = 0x5A
    ring = np.zeros((len(rows) + 3, WORDS), np.uint64) if ring is None else ring
    shared = {}
    for at, head in enumerate(heads):
        if head.tobytes() not in shared:
            shared[head.tobytes()] = newest
            ring.view(HEAD)[newest] = head
            newest = (newest + 1) % len(ring)
        stamps["head"][at] = shared[head.tobytes()]
    return stamps.view("<u8").reshape(-1, STAMP_WORDS), ring, newest, content.view("<u8"), end


def chunk_of(lane, rows):
    if lane is CALLS:
        return chunk_of_calls(*as_calls(rows)[:4])[0]
    return chunk_of_records(as_records(lane, rows), lane)


def told(batch):
    """A batch as one tuple an event."""
    lengths, heap = batch.texts.lengths.astype(np.int64), batch.texts.heap
    ends = np.cumsum(lengths)
    texts = [
        None,
        *(heap[end - length : end] for end, length in zip(ends.tolist(), lengths.tolist(), strict=True)),
    ]
    columns = {name: batch.column(name).tolist() for name in batch.columns}
    rows, at = [], 0
    for row in range(len(batch)):
        event = {name: values[row] for name, values in columns.items()}
        event |= {name: texts[event.get(name, 0)] for name in TEXT_COLUMNS}
        event["payload"] = batch.payload[at : at + event["captured"]]
        at += event["captured"]
        rows.append(event)
    assert at == len(batch.payload)
    return rows


def naive(lane, record, texts):
    """What one record means, field by field."""
    event = {name: record.get(name, 0) for name in EVENT_COLUMNS if name not in TEXT_COLUMNS}
    event["time"] += OFFSET
    event["latency"] = -1 if record["latency"] == MAX_U8 else record["latency"]
    if record["code"] in (SchedCode.PROCFORK, SchedCode.PROCEXIT):
        event["a2"] += OFFSET
    for name in TEXT_COLUMNS:
        content = texts.get(name)
        is_string = name == "text" or (name == "text2" and lane not in (EXEC, EXEC_LONG))
        if content is not None and is_string:
            content = content.removesuffix(b"\0")
        event[name] = content
    event["payload"] = texts.get("data", b"")
    event["captured"] = len(event["payload"])
    return event


def frozen(events):
    return Counter(tuple(sorted(event.items(), key=lambda item: item[0])) for event in events)


@settings(max_examples=50, deadline=None)
@given(st.lists(heads(), max_size=25))
def test_columns_hold_what_each_record_says(rows):
    assembler = Assembler(OFFSET)
    for lane in LANES:
        mine = [(record, texts) for of, record, texts in rows if of is lane]
        if mine and len(chunk := chunk_of(lane, mine)):
            assembler.add(chunk)
    kept = [naive(*row) for row in rows if not row[1]["discarded"]]
    batch = assembler.batch(1 << 62)
    if not kept:
        assert batch is None or len(batch) == 0
        return
    found = told(batch)
    assert frozen(found) == frozen(kept)
    assert [event["time"] for event in found] == sorted(event["time"] for event in kept)
    for name, dtype in EVENT_COLUMNS.items():
        assert name in TEXT_COLUMNS or name in batch.columns, name
        if name in batch.columns:
            own = batch.column(name).dtype
            assert (own.kind, own.itemsize <= np.dtype(dtype).itemsize) == (np.dtype(dtype).kind, True), name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.lists(heads(), max_size=8), st.integers(0, 1000)), max_size=5))
def test_what_is_handed_out_in_parts_is_what_came_in(rounds):
    assembler, given_rows, found, handed_out, late = Assembler(OFFSET), [], [], 0, 0
    for rows, until in [*rounds, ([], 1 << 62)]:
        for lane in LANES:
            mine = [(record, texts) for of, record, texts in rows if of is lane and not record["discarded"]]
            if mine:
                assembler.add(chunk_of(lane, mine))
                given_rows += [(lane, record, texts) for record, texts in mine]
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


def row(time, **fields):
    texts = {name: fields.pop(name) for name in ("text", "text2", "addr", "sock", "data") if name in fields}
    return {"time": time, "latency": 0, "code": 0, "discarded": False, **fields}, texts


def test_events_of_several_lanes_come_out_in_order_of_time():
    assembler = Assembler(0)
    assembler.add(chunk_of(CALLS, [row(10, data=b"ten"), row(30, data=b"thirty")]))
    assembler.add(chunk_of(CALLS, [row(20, data=b"twenty" * 40), row(40)]))
    assembler.add(chunk_of(OTHER, [row(25), row(5)]))
    batch = assembler.batch(100)
    assert batch.column("time").tolist() == [5, 10, 20, 25, 30, 40]
    assert batch.payload == b"ten" + b"twenty" * 40 + b"thirty"


def test_events_of_the_same_time_stay_in_the_order_in_which_they_came():
    assembler = Assembler(0)
    assembler.add(chunk_of(OTHER, [row(9, pid=1), row(5, pid=2), row(5, pid=3)]))
    assembler.add(chunk_of(CALLS, [row(5, pid=4)]))
    assert assembler.batch(10).column("pid").tolist() == [2, 3, 4, 1]


def test_what_returned_after_the_limit_waits_for_slower_calls():
    assembler = Assembler(0)
    assembler.add(chunk_of(CALLS, [row(10, text=b"a"), row(21, text=b"b"), row(20, data=b"x")]))
    assert assembler.pending == 3
    assert assembler.batch(20).column("time").tolist() == [10, 20]
    assert assembler.pending == 1
    assert assembler.batch(20) is None
    assembler.add(chunk_of(OTHER, [row(20)]))
    batch = assembler.batch(30)
    assert batch.column("time").tolist() == [20, 21]
    assert assembler.late == 0, "20 was allowed to come up to 20"


def test_whole_chunks_that_have_returned_are_ready():
    assembler = Assembler(0)
    assembler.add(chunk_of(CALLS, [row(10), row(20)]))
    assembler.add(chunk_of(CALLS, [row(25), row(30)]))
    assert [assembler.ready(until)[0] for until in (19, 20, 29, 30)] == [0, 2, 2, 4]


def test_an_event_that_comes_after_later_ones_is_flagged_and_counted():
    assembler = Assembler(0)
    assembler.add(chunk_of(OTHER, [row(50)]))
    assembler.batch(60)
    assembler.add(chunk_of(OTHER, [row(59), row(60), row(61)]))
    flags = assembler.batch(100).column("flags")
    assert [bool(flag & EventFlag.LATE) for flag in flags.tolist()] == [True, False, False]
    assert assembler.late == 1


def test_records_that_the_probe_took_back_are_skipped():
    rows = [row(1, text=b"one"), row(2, text=b"two", discarded=True), row(3, text2=b"three")]
    chunk = chunk_of(LIFE, rows)
    assert len(chunk) == 2
    assert chunk.heads.field("time").tolist() == [1, 3]
    assert [(text.name, text.at.tolist()) for text in chunk.texts] == [("text", [0]), ("text2", [1])]
    assert len(chunk_of(LIFE, [row(1, discarded=True)])) == 0


def test_each_text_is_kept_once():
    assembler = Assembler(0)
    assembler.add(chunk_of(CALLS, [row(at, text=b"/etc/passwd\0") for at in range(50)]))
    assembler.add(chunk_of(EXEC, [row(at, text=b"/etc/passwd") for at in range(50)]))
    batch = assembler.batch(100)
    assert batch.texts.heap == b"/etc/passwd"
    assert set(batch.column("text").tolist()) == {1}


@pytest.mark.parametrize("factors", [np.zeros(1 << 11, np.uint64), np.ones(1 << 11, np.uint64)])
def test_texts_with_the_same_hash_are_kept_apart(factors, monkeypatch):
    """With such factors texts of one length, or with their words exchanged, all collide: others are drawn."""
    monkeypatch.setattr(texts_module, "_FACTORS", factors)
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
    assembler.add(chunk_of(CALLS, [row(at, text=word + b"\0") for at, word in enumerate(words)]))
    found = told(assembler.batch(100))
    assert [event["text"] for event in found] == words
    assert len(dict.fromkeys(words)) == 7


def test_a_recorded_empty_text_is_not_a_missing_one():
    assembler = Assembler(0)
    assembler.add(chunk_of(CALLS, [row(1, text=b"\0"), row(2)]))
    assert [event["text"] for event in told(assembler.batch(9))] == [b"", None]


def drained(*lanes, now=1 << 62):
    """All that lies in some lanes."""
    chunks = []
    Drain(lanes).portion(now, 1 << 30, lambda _, chunk: chunks.append(chunk))
    return chunks


class Ring:
    """A ring buffer of which the kernel's half is a list: what `Drain` needs of a Lane."""

    def __init__(self, spec, records):
        self._spec, self._records, self._taken = spec, records, 0

    @property
    def waiting(self):
        return len(self._records) - self._taken

    def put(self, records):
        self._records = np.concatenate((self._records, records))

    def take(self, most):
        ahead = self._records[self._taken : self._taken + most]
        busy = np.flatnonzero(ahead["length"] & BUSY)
        ahead = ahead[: busy[0]] if len(busy) else ahead
        chunk = chunk_of_records(ahead, self._spec)
        self._taken += len(ahead)
        ahead[:] = np.zeros(1, ahead.dtype)
        return len(ahead), chunk


def test_draining_stops_at_a_record_that_is_still_being_written(monkeypatch):
    monkeypatch.setattr(draining, "CHUNK", 3)
    records = as_records(LIFE, [row(at, text=b"%d" % at, discarded=at == 4) for at in range(9)])
    records["length"][7] |= BUSY
    ring = Ring(LIFE, records)
    chunks = drained(ring)
    assert [chunk.heads.field("time").tolist() for chunk in chunks] == [[0, 1, 2], [3, 5], [6]]
    texts = [bytes(text.rows[:, 0]) for chunk in chunks for text in chunk.texts]
    assert b"".join(texts) == b"012356", "copied before it was released"
    assert drained(ring) == []
    ring._records["length"][7] &= ~np.uint32(BUSY)
    assert [len(chunk) for chunk in drained(ring)] == [2]


@pytest.mark.parametrize("begins", [0, 8, (1 << 32) - 4096, (1 << 40) - 64])
def test_a_processors_lane_goes_round_and_gives_back_what_was_taken(begins, monkeypatch):
    """Its heads and its bytes come to their ends at different times; numbers of bytes wrap at 2**32."""
    monkeypatch.setattr(draining, "CHUNK", 7)
    size, room = 10, 4096
    stamps, ring = np.zeros((size, STAMP_WORDS), np.uint64), np.zeros((size + 2, WORDS), np.uint64)
    position = np.zeros(16, np.uint64)
    content = np.zeros(room // 8, np.uint64)
    position[[1, 9]] = begins
    lane, found, written = CallLane(position, stamps, ring, content), [], 0
    for rows in ([3, 60, 0], [1] * 9, [500, 500, 500], [8] * 10, [1]):
        batch = [
            row(written + at, data=b"%d" % (at % 10) * length, text=b"t" * (length % 3))
            for at, length in enumerate(rows)
        ]
        made, _, newest, bytes_, end = as_calls(batch, int(position[1]), room, ring, int(position[3]))
        for at in range(len(batch)):
            stamps[(written + at) % size] = made[at]
        content[:] = bytes_
        written += len(batch)
        position[4] += (newest - int(position[3])) % len(ring)
        position[0], position[1], position[3] = written, end, newest
        assert lane.waiting == len(batch)
        assert lane.fill >= len(batch) / size
        chunks = drained(lane)
        assert (lane.waiting, lane.fill) == (0, 0.0)
        assert position[9] == end, "the probe may use again what was taken"
        assert position[10] == position[4] - 1, "all heads but the last record's"
        content[:] = 0
        found += [length for chunk in chunks for length in chunk.heads.field("captured").tolist()]
        assembler = Assembler(0)
        for chunk in chunks:
            assembler.add(chunk)
        payload = assembler.batch(1 << 62).payload
        assert payload == b"".join(texts["data"] for _, texts in batch)
        assert [chunk.heads.field("time").tolist() for chunk in chunks] != []
    assert found == [3, 60, 0, *[1] * 9, 500, 500, 500, *[8] * 10, 1]


def test_heads_are_released_up_to_that_of_the_last_record_and_never_taken_back():
    """A later record may share one of the KEPT before it: the probe leaves so many."""
    stamps, ring = np.zeros((9, STAMP_WORDS), np.uint64), np.zeros((1040, WORDS), np.uint64)
    position = np.zeros(16, np.uint64)
    for made, last, released in (
        (5, 4, 4),
        (5, 2, 4),
        (1040, 1039, 1039),
        (1043, 1, 1041),
        (1043, 1030, 1041),
    ):
        position[0], position[4] = position[8] + 1, made
        stamps.view(STAMP)["head"][int(position[8]) % 9] = last
        lane = CallLane(position, stamps, ring, np.zeros(8, np.uint64))
        lane.take(1)
        assert position[10] == released
        assert lane.fill == 0.0


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("spec", [LIFE, EXEC, EXEC_LONG, OTHER], ids=lambda lane: lane.name)
def test_nothing_of_a_chunk_lies_in_a_ring_buffer_any_more(spec, count):
    """The kernel writes over records as soon as they are released, also over a single one."""
    content = {"text": b"x" * 80} if spec.data else {}
    records = as_records(spec, [row(at, pid=7, **content) for at in range(count)])
    chunk = chunk_of_records(records, spec)
    assert not any(np.shares_memory(column, records) for column in chunk.heads.columns.values())
    assert not any(np.shares_memory(text.rows, records) for text in chunk.texts)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_nothing_of_a_chunk_lies_in_a_processors_lane_any_more(count):
    stamps, heads, newest, content, _ = as_calls(
        [row(at, a0=at % 3, data=b"x" * 80, text=b"t" * 8) for at in range(count)]
    )
    chunk, _ = chunk_of_calls(stamps, heads, newest, content)
    for memory in (stamps, heads):
        assert not any(np.shares_memory(column, memory) for column in chunk.heads.columns.values())
    assert not np.shares_memory(chunk.content, content)


def storm_of(draw_from, count):
    """A lane's records whose times go up by random steps."""
    times = np.cumsum(np.random.default_rng(draw_from).integers(0, 3, count)).tolist()
    return times, Ring(LIFE, as_records(LIFE, [row(at, pid=draw_from) for at in times]))


@given(counts=st.lists(st.integers(0, 40), min_size=1, max_size=4), most=st.integers(1, 30))
@settings(max_examples=60, deadline=None)
def test_portions_are_bounded_and_what_is_written_between_them_is_whole_and_in_order(counts, most):
    storms = [storm_of(seed, count) for seed, count in enumerate(counts)]
    drain, assembler, found, now = Drain([ring for _, ring in storms]), Assembler(0), [], 1_000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(draining, "CHUNK", 3)
        is_behind, rounds, taken = True, 0, 0
        while is_behind:
            until, is_behind = drain.portion(now, most, lambda _, chunk: assembler.add(chunk))
            assert len(found) + assembler.pending - taken < most + 3
            taken = len(found) + assembler.pending
            # Records of one time may lie on both sides of a portion's end.
            batch = assembler.batch(until - 1)
            found += [] if batch is None else batch.column("time").tolist()
            rounds += 1
    assert until == now and rounds >= sum(counts) // (most + 3)
    batch = assembler.batch(now)
    found += [] if batch is None else batch.column("time").tolist()
    assert assembler.late == 0
    assert found == sorted(time for times, _ in storms for time in times)


def test_a_lane_that_is_far_behind_is_taken_first_and_holds_back_the_others(monkeypatch):
    monkeypatch.setattr(draining, "CHUNK", 4)
    old = Ring(LIFE, as_records(LIFE, [row(at) for at in range(20)]))
    new = Ring(OTHER, as_records(OTHER, [row(at) for at in range(1_000, 1_020)]))
    drain, seen = Drain([new, old]), []
    assert drain.portion(2_000, 16, lambda lane, _: seen.append(lane)) == (11, True)
    assert seen == [new, old, old, old]
    assert drain.portion(2_001, 1_000, lambda lane, _: seen.append(lane)) == (2_001, False)
    assert (old.waiting, new.waiting) == (0, 0)


def test_few_records_rest_until_a_chunk_of_them_has_come_together(monkeypatch):
    """What is in another lane is taken meanwhile; it is handed out when the calls have been, too."""
    monkeypatch.setattr(draining, "CHUNK", 6)
    position = np.zeros(16, np.uint64)
    stamps, heads, newest, content, end = as_calls([row(at, data=b"x") for at in range(100, 105)])
    lane = CallLane(
        position, np.concatenate([stamps, np.zeros((95, STAMP_WORDS), np.uint64)]), heads, content
    )
    life = Ring(LIFE, as_records(LIFE, [row(at) for at in (90, 110)]))
    position[:5] = len(stamps), end, 0, newest, newest
    drain, seen = Drain([lane, life]), []
    assert drain.portion(200, 99, lambda lane, _: seen.append(lane), may_rest=True) == (0, False)
    assert (seen, lane.waiting) == ([life], 5)
    assert drain.portion(300, 99, lambda lane, _: seen.append(lane)) == (300, False)
    assert (seen, lane.waiting) == ([life, lane], 0)
    drain.is_urgent = lambda lane: lane is not life
    life.fill = 0.1
    life.put(as_records(LIFE, [row(310)]))
    assert drain.portion(350, 99, lambda lane, _: seen.append(lane), may_rest=True) == (300, False)
    assert (seen, life.waiting) == ([life, lane], 1)
    assert drain.portion(350, 99, lambda lane, _: seen.append(lane)) == (350, False)
    assert seen.pop() is life
    monkeypatch.setattr(draining, "CHUNK", 5)
    position[8:10] = 0
    assert drain.portion(400, 99, lambda lane, _: seen.append(lane), may_rest=True) == (400, False)
    assert seen == [life, lane, lane]
