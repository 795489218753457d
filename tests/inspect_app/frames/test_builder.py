import numpy as np
import pytest

from inspect_app.frames import columns
from tests.builders.frames import build_frames


@pytest.mark.parametrize("count", [None, 1, 20_000])
def test_the_builder_makes_every_declared_column_with_its_dtype(count):
    frames = build_frames(count)
    for name, declared in [
        ("events", columns.EVENT_COLUMNS),
        ("processes", columns.PROCESS_COLUMNS),
        ("threads", columns.THREAD_COLUMNS),
        ("images", columns.IMAGE_COLUMNS),
        ("descriptors", columns.DESCRIPTOR_COLUMNS),
        ("containers", columns.CONTAINER_COLUMNS),
        ("users", columns.USER_COLUMNS),
        ("drops", columns.DROP_COLUMNS),
    ]:
        frame = getattr(frames, name)
        assert [(column, str(dtype)) for column, dtype in frame.dtypes.items()] == [
            (column.name, column.dtype) for column in declared
        ], name


def test_every_row_number_of_the_builder_leads_somewhere():
    frames = build_frames(5_000)
    events = frames.events
    assert len(events) == 5_000
    assert (np.diff(events["time"]) >= 0).all()
    for column, frame in [
        ("process", frames.processes),
        ("thread", frames.threads),
        ("image", frames.images),
        ("container", frames.containers),
        ("descriptor", frames.descriptors),
        ("path", frames.paths),
        ("path2", frames.paths),
    ]:
        assert events[column].between(-1, len(frame) - 1).all(), column
    assert (frames.threads["process"].to_numpy()[events["thread"]] == events["process"]).all()
    assert (frames.images["process"].to_numpy()[events["image"]] == events["process"]).all()


def test_the_builder_keeps_payloads_texts_and_arguments():
    frames = build_frames(5_000)
    rows = np.flatnonzero(frames.events["captured"])
    assert all(len(frames.source.payload(row)) == frames.events["captured"][row] for row in rows[:300])
    assert len(frames.source.argument(0)) == 5_000
    execs = np.flatnonzero(frames.events["type"] == "execve")
    assert frames.source.texts(execs[0])[1].startswith(b"curl\0")
