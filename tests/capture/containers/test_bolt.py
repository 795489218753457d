"""Look-ups in BoltDB files, whole, damaged and hostile. That real ones are read is tried in tests/kernel."""

import os
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.containers import bolt
from capture.containers.documents import MetadataError
from tests.builders.bolt_file import PAGE, bolt_file

MANY = {b"key-%04d" % number: b"v%d" % number for number in range(500)}
CONTENT = {b"a": {b"inner": {b"k": b"v", b"l": b""}, b"big": b"x" * 20_000}, b"many": MANY}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "db"


def ask(path, question):
    return bolt.ask(path, question)


@pytest.mark.parametrize(("fan_out", "page"), [(1000, PAGE), (7, PAGE), (7, 512), (50, 65536)])
def test_values_and_buckets_are_found_however_the_file_is_laid_out(path, fan_out, page):
    path.write_bytes(bolt_file(CONTENT, fan_out=fan_out, page=page))
    assert ask(path, lambda root: root.value(b"a", b"inner", b"k")) == b"v"
    assert ask(path, lambda root: root.value(b"a", b"inner", b"l")) == b""
    assert ask(path, lambda root: root.value(b"a", b"big")) == b"x" * 20_000
    assert ask(path, lambda root: root.value(b"many", b"key-0321")) == b"v321"
    assert ask(path, lambda root: root.buckets()) == [b"a", b"many"]
    assert ask(path, lambda root: root.bucket(b"a", b"inner").values()) == {b"k": b"v", b"l": b""}
    # A list stops where documents stop.
    assert list(ask(path, lambda root: root.bucket(b"many").values())) == sorted(MANY)[:256]


@pytest.mark.parametrize("keys", [(b"b",), (b"a", b"inner", b"m"), (b"a", b"big", b"k"), (b"many", b"key-9")])
def test_what_is_not_there_is_none(path, keys):
    path.write_bytes(bolt_file(CONTENT, fan_out=7))
    assert ask(path, lambda root: root.value(*keys)) is None
    assert ask(path, lambda root: root.bucket(*keys)) is None


def test_a_bucket_is_no_value_and_a_value_no_bucket(path):
    path.write_bytes(bolt_file(CONTENT))
    assert ask(path, lambda root: root.value(b"a")) is None
    assert ask(path, lambda root: root.bucket(b"a", b"big")) is None


def test_a_file_that_is_not_there_is_none(path):
    assert ask(path, lambda root: root.buckets()) is None


def test_the_older_meta_page_counts_when_the_newer_one_is_damaged(path):
    content = bytearray(bolt_file(CONTENT))
    content[PAGE + 40] ^= 1
    path.write_bytes(content)
    assert ask(path, lambda root: root.buckets()) == []


def test_a_question_is_asked_again_when_the_owner_wrote_twice_meanwhile(path):
    path.write_bytes(bolt_file({b"old": {}}, txid=7))
    asked = []

    def question(root):
        asked.append(root.buckets())
        if len(asked) == 1:
            # Written in place, as the owner does.
            with path.open("r+b") as stream:
                stream.write(bolt_file({b"new": {}}, txid=9))
        return asked[-1]

    assert ask(path, question) == [b"new"]
    assert asked == [[b"old"], [b"new"]]


def test_a_file_that_never_rests_is_refused(path):
    path.write_bytes(bolt_file({b"b": {}}, txid=7))
    moves = iter(range(9, 100, 2))

    def question(root):
        with path.open("r+b") as stream:
            stream.write(bolt_file({b"b": {}}, txid=next(moves)))

    with pytest.raises(MetadataError, match="changed too fast"):
        ask(path, question)


def _loop():
    """A branch page that leads to itself."""
    content = bytearray(bolt_file({b"k%03d" % n: b"v" for n in range(40)}, fan_out=7))
    at = next(
        page for page in range(2, len(content) // PAGE) if content[page * PAGE + 8] == 1
    )  # flags of a branch
    for element in range(content[at * PAGE + 10]):
        struct.pack_into("<Q", content, at * PAGE + 16 + 16 * element + 8, at)
    return bytes(content)


def _changed(offset, value, size="<I"):
    content = bytearray(bolt_file({b"b": {b"k": b"v" * 3000}}))
    struct.pack_into(size, content, offset, value)
    return bytes(content)


# In this file page 4 is the bucket's leaf, page 5 the root's.
HOSTILE = {
    "empty": b"",
    "text": b"not a database" * 1000,
    "zeros": bytes(3 * PAGE),
    "a loop of pages": _loop(),
    "an element beyond its page": _changed(4 * PAGE + 16 + 8, 1 << 30),
    "a value beyond its page": _changed(4 * PAGE + 16 + 12, 1 << 31),
    "more elements than fit": _changed(4 * PAGE + 10, 0xFFFF, "<H"),
    "a page of an unknown kind": _changed(4 * PAGE + 8, 64, "<H"),
    "a page that calls itself another": _changed(4 * PAGE, 9),
    "a page with a huge tail": _changed(4 * PAGE + 12, 0xFFFFFFFF),
    "cut short": bolt_file({b"b": {b"k": b"v" * 3000}})[: 4 * PAGE + 100],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_database_is_refused(path, kind):
    path.write_bytes(HOSTILE[kind])
    with pytest.raises(MetadataError, match=r"no BoltDB|too large"):
        ask(path, lambda root: (root.value(b"k001"), root.value(b"b", b"k"), list(root.values())))


def test_a_named_pipe_is_refused(path):
    os.mkfifo(path)
    with pytest.raises(MetadataError, match="not a regular file"):
        ask(path, lambda root: root.buckets())


@given(seed=st.integers(0, 1 << 32), flips=st.integers(1, 40))
def test_any_damage_gives_an_answer_or_one_kind_of_error(tmp_path_factory, seed, flips):
    content = bytearray(bolt_file(CONTENT, fan_out=50))
    chance = random.Random(seed)
    for _ in range(flips):
        content[chance.randrange(2 * PAGE, len(content))] = chance.randrange(256)
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content)
    try:
        ask(path, lambda root: (root.value(b"a", b"inner", b"k"), root.bucket(b"many"), root.values()))
    except MetadataError:
        return
