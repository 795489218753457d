"""Texts of blocks get the codes that looking each of them up gives."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from capture.format import text_table
from capture.format.pool import Pool
from capture.format.text_table import LONGEST, PackedTexts

TEXTS = st.lists(
    st.text("ab/\0", max_size=2 * LONGEST + 3).map(str.encode) | st.binary(max_size=20), unique=True
)


def packed(texts):
    return PackedTexts(b"".join(texts), np.cumsum([len(text) for text in texts], dtype=np.int64))


def plainly(blocks):
    """The codes of each block's texts by a dictionary, and all texts."""
    codes, every, told = {}, [b""], []
    for block in blocks:
        for text in block:
            if text not in codes:
                codes[text] = len(every)
                every.append(text)
        told.append([0, *(codes[text] for text in block)])
    return told, every


@given(st.lists(TEXTS, max_size=6))
def test_texts_of_many_blocks_get_the_codes_of_a_dictionary(blocks):
    pool = Pool()
    told = [pool.codes_of(packed(block), 0).tolist() for block in blocks]
    assert (told, pool.texts) == plainly(blocks)


def test_a_table_that_grows_finds_what_it_held_before():
    blocks = [
        [f"/file-{at}".encode() for at in range(start, start + 5_000)] for start in range(0, 40_000, 4_000)
    ]
    pool = Pool()
    pool.admit(1 << 20)
    told = [pool.codes_of(packed(block), 0).tolist() for block in blocks]
    assert (told, pool.texts) == plainly(blocks)


def test_texts_that_differ_in_one_byte_are_told_apart():
    for length in range(1, LONGEST + 3):
        blocks = [[b"x" * at + b"y" + b"x" * (length - at - 1) for at in range(length)]] * 2
        pool = Pool()
        assert [pool.codes_of(packed(block), 0).tolist() for block in blocks] == plainly(blocks)[0]


def test_a_full_table_leaves_texts_to_the_dictionary(monkeypatch):
    monkeypatch.setattr(text_table, "MOST", 3)
    blocks = [[b"a", b"b", b"c", b"d"], [b"e", b"d", b"a"], [b"e", b"c"]]
    pool = Pool()
    assert [pool.codes_of(packed(block), 0).tolist() for block in blocks] == plainly(blocks)[0]


def test_codes_that_were_forgotten_are_given_anew():
    pool = Pool()
    pool.codes_of(packed([b"one", b"two"]), 0)
    pool.forget_texts()
    assert pool.codes_of(packed([b"two"]), 0).tolist() == [0, 1]
