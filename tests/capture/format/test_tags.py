"""Tags of what is read again."""

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from capture.format.tags import tag_of

WITHOUT = (
    "import sys; sys.modules['cryptography.hazmat.primitives.poly1305'] = None\n"
    "from capture.format.tags import tag_of\n"
    "print(len(tag_of(b'a')), tag_of(b'a') == tag_of(b'a'), tag_of(b'a') != tag_of(b'b'))"
)


@given(st.binary(max_size=100), st.integers(0, 99), st.integers(1, 255))
def test_a_changed_byte_or_length_changes_the_tag(body, at, change):
    changed = bytearray(body + b"\0" * (at + 1 - len(body)))
    assert tag_of(bytes(changed)) == tag_of(bytes(changed))
    before = tag_of(bytes(changed))
    changed[at] ^= change
    assert tag_of(bytes(changed)) != before
    assert tag_of(bytes(changed) + b"\0") != tag_of(bytes(changed))


def test_exchanged_words_change_the_tag():
    assert tag_of(b"a" * 8 + b"b" * 8) != tag_of(b"b" * 8 + b"a" * 8)


def test_where_the_library_is_missing_it_is_a_digest():
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["32", "True", "True"]
