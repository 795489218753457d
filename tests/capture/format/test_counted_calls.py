"""Sums of counted calls come back as they were written; what no recorder writes is refused."""

import msgpack
import numpy as np
import pytest
import zstandard

from capture.format import COUNTED_COLUMNS, CaptureFile, CaptureWriter, FormatError
from capture.format.columns import pack_table

ZSTD = zstandard.ZstdCompressor()


def columns_of(rows, seed=1):
    rng = np.random.default_rng(seed)
    return {name: rng.integers(0, 1 << 15, rows).astype(dtype) for name, dtype in COUNTED_COLUMNS.items()}


def written(path, *bodies):
    """A capture with these blocks of counted calls: columns, or (body, count) as they are."""
    with path.open("wb") as stream:
        writer = CaptureWriter(stream)
        writer.section({"host": {"machine": "x86_64"}})
        for body in bodies:
            if isinstance(body, dict):
                writer.counted(body)
            else:
                writer._append("counted", body[0], count=body[1])
        writer.end({})
    return path


def test_blocks_of_counted_calls_come_back_one_after_another(tmp_path):
    first, second = columns_of(7), columns_of(3, seed=2)
    with CaptureFile.open(written(tmp_path / "a.exhume", first, second)) as capture:
        assert capture.unknown == {}
        found = capture.counted()
    assert list(found) == list(COUNTED_COLUMNS)
    for name, dtype in COUNTED_COLUMNS.items():
        assert found[name].dtype == np.dtype(dtype)
        assert found[name].tolist() == [*first[name].tolist(), *second[name].tolist()]


def test_a_capture_without_counted_calls_has_none(tmp_path):
    with CaptureFile.open(written(tmp_path / "a.exhume")) as capture:
        assert {len(values) for values in capture.counted().values()} == {0}


def test_columns_that_are_missing_are_zero_and_unknown_ones_are_passed_over(tmp_path):
    body = pack_table({"count": np.array([5, 6]), "of_tomorrow": np.array([1, 2])}, ZSTD)
    with CaptureFile.open(written(tmp_path / "a.exhume", (body, 2))) as capture:
        found = capture.counted()
    assert found["count"].tolist() == [5, 6] and found["pid"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        (msgpack.packb([]), 1),
        (msgpack.packb({}), 1),
        (msgpack.packb({"columns": []}), 1),
        (msgpack.packb({"columns": {"count": 7}}), 1),
        (pack_table({"count": np.array([1, 2])}, ZSTD), 3),
        (pack_table({"count": np.array([1, 1])}, ZSTD), 1 << 40),
        (b"\xc1", 1),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, body, count):
    with pytest.raises(FormatError):
        CaptureFile.open(written(tmp_path / "a.exhume", (body, count)))


def test_a_small_file_cannot_claim_any_number_of_rows(tmp_path):
    # A constant column takes a few bytes, however many rows it stands for.
    body = pack_table({"count": np.ones(2, np.int64)}, ZSTD)
    with pytest.raises(FormatError, match="rows of tables"):
        CaptureFile.open(written(tmp_path / "a.exhume", *[(body, 1 << 20)] * 3))
