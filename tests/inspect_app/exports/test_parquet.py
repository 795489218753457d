"""Parquet, read by pyarrow and by DuckDB."""

import io
import json
import sys

import pytest

from inspect_app.exports.errors import ExportError
from inspect_app.views.catalogue import VIEWS
from tests.builders.frames import build_frames
from tests.inspect_app.exports.written import exported

arrow = pytest.importorskip("pyarrow", reason="Parquet is written and read with pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


@pytest.fixture(scope="module")
def frames():
    return build_frames(300_000)


def test_pyarrow_reads_what_the_frames_say(frames):
    table = parquet.read_table(io.BytesIO(exported(frames, "parquet")))
    assert table.num_rows == len(frames.events)
    times = table["time"].cast(arrow.int64()).to_numpy()
    assert (times == frames.events["time"].to_numpy()).all()
    assert (table["bytes"].to_pandas().fillna(0).to_numpy() == frames.events["size"].to_numpy()).all()
    assert table["type"].to_pylist()[:300] == frames.events["type"].iloc[:300].tolist()
    assert table["container_image"].null_count > 0


def test_the_source_is_in_the_files_metadata(frames):
    schema = parquet.read_schema(io.BytesIO(exported(frames, "parquet", "evt.num < 10")))
    assert json.loads(schema.metadata[b"exhume"])["rows"] == 9


def test_duckdb_reads_events_and_the_rows_of_a_view(frames, tmp_path):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    events, view = tmp_path / "events.parquet", tmp_path / "view.parquet"
    events.write_bytes(exported(frames, "parquet"))
    view.write_bytes(exported(frames, "parquet", view=VIEWS["processes"]))
    with duckdb.connect() as base:
        (asked,) = base.execute(f"SELECT count(*), sum(bytes) FROM '{events}'").fetchall()
        assert asked == (len(frames.events), int(frames.events["size"].sum()))
        rows = base.execute(f"SELECT * FROM '{view}'").fetchall()
        named = [row[0] for row in base.execute(f"DESCRIBE SELECT * FROM '{view}'").fetchall()]
    assert len(rows) == len(frames.processes)
    assert named == [column.id for column in VIEWS["processes"].columns]


def test_without_pyarrow_one_line_says_what_to_install(frames, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportError, match=r"pip install 'exhume\[exchange\]'"):
        exported(frames, "parquet")
