"""Heads taken apart: each field is what it was, however few of them differ and however they come together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capture.agent.heads import heads_of, joined, stamped_heads
from capture.agent.order import Order
from capture.agent.ordered import Ordered
from capture.agent.records import ADDR_SHIFT, DATA_LEN, FIELDS, HEAD, STAMP, STAMP_WORDS, STAMPED, WORDS
from capture.format import Sparse, whole

EDGES = {
    name: [0, 1, 127, 128, 255, 256, 65_535, np.iinfo(HEAD[name]).min, np.iinfo(HEAD[name]).max]
    for name in HEAD.names
}


@st.composite
def records(draw, least=1, most=400):
    """Records that have much in common, as those have that one program makes; a few are another's."""
    made = np.zeros(draw(st.integers(least, most)), HEAD)
    rng = np.random.default_rng(draw(st.integers(0, 9)))
    for name in HEAD.names:
        fitting = [
            edge for edge in EDGES[name] if np.iinfo(HEAD[name]).min <= edge <= np.iinfo(HEAD[name]).max
        ]
        made[name] = draw(st.sampled_from(fitting))
        for share in draw(st.sampled_from([(), (), (0.02,), (0.5,), (1.0,)])):
            others = rng.random(len(made)) < share
            made[name][others] = rng.choice(np.array(fitting, HEAD[name]), int(others.sum()))
    return made


def expected(made, name):
    if name in ("captured", "addr_len"):
        return ((made["sizes"] & DATA_LEN) if name == "captured" else made["sizes"] >> ADDR_SHIFT).tolist()
    return made[name].view("<i8").tolist() if name == "latency" else made[name].tolist()


def taken(made):
    return heads_of(made.view("<u8").reshape(-1, WORDS))


@st.composite
def shared_records(draw):
    """Records of which many have all but their stamps in common, and the heads that they share."""
    heads, rng = draw(records(most=80)), np.random.default_rng(draw(st.integers(0, 9)))
    count = draw(st.integers(1, 900))
    often = rng.random(count) < draw(st.sampled_from([0.0, 0.5, 0.99]))
    which = np.where(
        often, rng.integers(min(2, len(heads)), size=count), rng.integers(len(heads), size=count)
    )
    if draw(st.booleans()):
        which.sort()
    made = heads[which]
    made["time"], made["latency"] = np.arange(count) + (1 << 50), rng.integers(1, 300, count)
    made["latency"][rng.random(count) < 0.01] = (1 << 64) - 1
    # Where nobody has any bytes, nobody asks where they are.
    made["at"] = np.arange(count) * 8 if made["flags"].max() >= 1 << 15 or has_bytes(made) else 0
    return made, which


def has_bytes(made):
    return bool(made["sizes"].any() or made["text_len"].any() or made["text2_len"].any())


def taken_shared(made, which, ring_starts):
    """As the probe writes them: stamps, and a ring that holds each head once, from some place on."""
    ring = np.frombuffer(np.random.default_rng(3).bytes(HEAD.itemsize * 100), HEAD).copy()
    stamps = np.zeros(len(made), STAMP)
    for name in STAMPED:
        stamps[name] = made[name]
    places = (np.arange(int(which.max()) + 1) + ring_starts) % len(ring)
    stamps["head"] = places[which]
    ring[places[which]] = made
    ring["time"], ring["latency"], ring["at"] = 0x5A, 0x5A, 0
    words = stamps.view("<u8").reshape(-1, STAMP_WORDS), ring.view("<u8").reshape(-1, WORDS)
    return stamped_heads(*words, (int(places[-1]) + 1) % len(ring))


@given(shared_records(), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_calls_that_share_heads_have_all_that_is_in_them(found, ring_starts):
    made, which = found
    heads = taken_shared(made, which, ring_starts)
    for name, field in FIELDS.items():
        assert heads.field(name).tolist() == expected(made, name), name
        assert max(value & field.mask for value in expected(made, name)) <= heads.most(name)
    keep = made["time"] % 3 == 0
    for name in FIELDS:
        assert heads.take(keep).field(name).tolist() == expected(made[keep], name), name


@given(st.lists(shared_records(), min_size=1, max_size=3), records(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_shared_heads_that_are_joined_and_put_in_order_are_what_they_were(parts, plain, random):
    all_ = [taken_shared(*part, at * 40) for at, part in enumerate(parts)]
    made = np.concatenate([part for part, _ in parts])
    if random.random() < 0.5:
        all_, made = [*all_, taken(plain)], np.concatenate([made, plain])
    heads = joined(all_)
    time = made["time"].copy()
    if random.random() < 0.7:
        time = np.array([random.randrange(len(made)) for _ in made])
    rows = np.argsort(time, kind="stable")
    ordered = Ordered(heads, Order(time))
    for name in FIELDS:
        if name != "at":
            assert heads.field(name).tolist() == expected(made, name), name
            assert ordered.field(name).tolist() == expected(made[rows], name), name


@given(records())
@settings(max_examples=25, deadline=None)
def test_every_field_comes_back_in_a_type_that_is_not_wider(made):
    heads = taken(made)
    for name, field in FIELDS.items():
        values = heads.field(name)
        assert values.tolist() == expected(made, name), name
        assert values.dtype.itemsize <= 1 << (field.size - 1).bit_length()
        assert max(value & field.mask for value in expected(made, name)) <= heads.most(name)


@given(st.lists(records(), min_size=1, max_size=4), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_parts_that_are_joined_and_put_in_order_are_what_they_were(parts, random):
    heads, made = joined([taken(part) for part in parts]), np.concatenate(parts)
    time = np.array([random.randrange(len(made)) for _ in made])
    order, rows = Order(time), np.argsort(time, kind="stable")
    for name in FIELDS:
        assert heads.field(name).tolist() == expected(made, name), name
        assert whole(order.of_column(heads.column(name))).tolist() == expected(made[rows], name), name
    assert order.places(rows).tolist() == list(range(len(made)))


@given(records(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_some_of_the_heads_are_those(made, random):
    keep = np.array([random.random() < 0.5 for _ in made])
    heads = taken(made).take(keep)
    assert len(heads) == keep.sum()
    for name in FIELDS:
        assert heads.field(name).tolist() == expected(made[keep], name), name


@pytest.mark.parametrize("count", [1, 2, 63, 64, 65, 129, 1000])
def test_nothing_of_them_lies_where_they_were_any_more(count):
    made = np.frombuffer(np.random.default_rng(5).bytes(HEAD.itemsize * count), HEAD)
    for column in taken(made).columns.values():
        assert not np.shares_memory(column.values if isinstance(column, Sparse) else column, made)


def test_what_few_do_is_kept_apart_from_what_all_do():
    made = np.zeros(1000, HEAD)
    made["time"] = np.arange(1000)
    made["pid"], made["pid"][400] = 7, 70_000
    heads = taken(made)
    assert set(heads.columns) == {"time", "pid"}
    assert isinstance(heads.columns["pid"], Sparse)
    assert (heads.columns["pid"].at.tolist(), heads.columns["pid"].values.tolist()) == ([400], [70_000])
    assert heads.memory < 1000 * 8
