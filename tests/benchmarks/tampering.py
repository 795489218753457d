"""Random changes of a large signed capture, each of which has to be found; and how fast a file is verified.

    python -m tests.benchmarks.tampering --changes 100000

A change touches some blocks; only those and the chain around them are judged anew, for the digests of the
others were right and still are. Every hundredth change is judged by reading the whole file.
"""

import argparse
import io
import random
import tempfile
import time
from pathlib import Path

from capture.evidence.judgement import judge_file
from capture.format import CaptureFile, FormatError, State, verify
from tests.builders.capture import CaptureBuilder
from tests.builders.evidence import blocks_of, rewrite, signer_of

EVENTS, BLOCK = 60_000, 500


def large(folder):
    book = CaptureBuilder()
    rng = random.Random(1)
    for at in range(EVENTS):
        book.event(
            "read", pid=100 + at % 50, ret=at, data=rng.randbytes(200), args=(3, at, rng.getrandbits(40))
        )
    plain = book.write(folder / "plain.exhume", block=BLOCK)
    return rewrite(plain, folder / "signed.exhume", signer=signer_of(1)).read_bytes()


def change(rng, blocks):
    """The blocks after one change, and the first that differs."""
    at, other = rng.randrange(len(blocks)), rng.randrange(len(blocks))
    block = blocks[at]
    place, size = rng.randrange(len(block)), rng.randint(1, 16)
    match rng.randrange(7):
        case 0:
            new = block[:place] + bytes([block[place] ^ 1 << rng.randrange(8)]) + block[place + 1 :]
        case 1:
            new = block[:place] + rng.randbytes(size) + block[place + size :]
        case 2:
            new = block[:place] + block[place + size :]
        case 3:
            new = block[:place] + rng.randbytes(size) + block[place:]
        case 4:
            return [*blocks[:at], *blocks[at + 1 :]], at
        case 5:
            return [*blocks[:at], blocks[other], *blocks[at:]], at
        case _:
            changed = blocks.copy()
            changed[at], changed[other] = blocks[other], blocks[at]
            return changed, min(at, other)
    return [*blocks[:at], new, *blocks[at + 1 :]], at


def is_whole(data):
    try:
        if verify(io.BytesIO(data)).state is not State.WHOLE:
            return False
        capture = CaptureFile(io.BytesIO(data))
        capture.grow()
        return judge_file(capture).verdict.state is State.WHOLE
    except FormatError:
        return False


def chain_is_whole(before, changed, first):
    """Whether the changed part, from the block before it to the one behind, goes unseen."""
    start = max(first - 1, 0)
    end = len(changed)
    shift = len(before) - len(changed)
    while end > start + 1 and end + shift > start and changed[end - 1] == before[end - 1 + shift]:
        end -= 1
    window = changed[start : min(end + 2, len(changed))]
    expected = before[start]
    if not window or window[0] != expected:
        return is_whole(b"".join(changed))
    return is_whole(b"".join(changed)) if _links(window) else False


def _links(window):
    previous = None
    for data in window:
        try:
            parts = blocks_of(data)
        except FormatError:
            return False
        if len(parts) != 1:
            return False
        if previous is not None and previous[-32:] not in data:
            return False
        previous = data
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--changes", type=int, default=100_000)
    changes = parser.parse_args().changes
    with tempfile.TemporaryDirectory() as folder:
        data = large(Path(folder))
    blocks, rng = blocks_of(data), random.Random(2)
    began = time.monotonic()
    assert is_whole(data)
    took = time.monotonic() - began
    print(f"{len(data) / 1e6:.1f} MB in {len(blocks)} blocks, verified in {took:.3f} s")
    unseen, same, began = 0, 0, time.monotonic()
    for number in range(changes):
        changed, first = change(rng, blocks)
        if changed == blocks:
            same += 1
            continue
        missed = is_whole(b"".join(changed)) if number % 100 == 0 else chain_is_whole(blocks, changed, first)
        unseen += missed
    print(f"{changes - same:,} changes, {unseen} not found, in {time.monotonic() - began:.0f} s")
    return 1 if unseen else 0


if __name__ == "__main__":
    raise SystemExit(main())
