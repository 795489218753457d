"""The written reference of frames, and the examples of the page on notebooks."""

import re
from pathlib import Path

import pandas as pd
import pytest

from inspect_app.frames import open_capture
from inspect_app.frames.columns import DERIVED, TABLES
from inspect_app.frames.reference import reference
from tests.builders.capture import CaptureBuilder

DOCS = Path(__file__).parents[3] / "docs"
EXAMPLES = re.findall(r"```python\n(.*?)```", (DOCS / "notebooks.md").read_text("utf-8"), flags=re.DOTALL)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    book = CaptureBuilder()
    book.process(100, comm="sh", cwd="/home")
    book.open(100, "/etc/passwd", ino=7)
    book.event("read", ret=5, fd=3, ino=7, data=b"root:")
    book.open(100, "/tmp/passwd", ino=7, fd=4)
    book.event("openat", ret=-2, text=b"/etc/shadow", args=((1 << 64) - 100,))
    return book.write(tmp_path_factory.mktemp("notebook") / "one.exhume")


def test_the_page_tells_what_the_columns_declare():
    page = (DOCS / "frames.md").read_text("utf-8")
    assert page == reference(), "run python -m inspect_app.frames.reference > docs/frames.md"


@pytest.mark.parametrize("table", [*TABLES, *DERIVED])
def test_a_frame_has_the_declared_columns_with_their_dtypes(path, table):
    frame = getattr(open_capture(path), table)
    declared = {**TABLES, **DERIVED}[table]
    assert frame.columns.tolist() == [column.name for column in declared]
    assert {column.name: str(frame[column.name].dtype) for column in declared} == {
        column.name: column.dtype for column in declared
    }


def test_every_declared_column_says_what_it_means():
    unexplained = [
        (table, column.name)
        for table, columns in {**TABLES, **DERIVED}.items()
        for column in columns
        if not column.meaning
    ]
    assert unexplained == []


def test_the_examples_of_the_page_run_one_after_the_other(path, capsys):
    place = {"path": path}
    for example in EXAMPLES:
        exec(compile(example, "notebooks.md", "exec"), place)
    told = capsys.readouterr().out
    assert "node-1" in told
    assert "/tmp/passwd" in told


def test_pods_are_made_of_their_containers():
    from inspect_app.frames.pods import pods
    from inspect_app.frames.tables import empty_table

    columns = TABLES["containers"]
    rows = pd.concat([empty_table(columns)] * 1, ignore_index=True)
    facts = [
        ("web-1", "shop", "u1", 10, -1),
        ("web-1", "shop", "u1", 20, 90),
        ("db-0", "shop", "u2", -1, 70),
        ("",) * 3 + (-1, -1),
    ]
    for at, (pod, namespace, uid, birth, death) in enumerate(facts):
        row = {column.name: "" if column.dtype == "str" else -1 for column in columns}
        rows.loc[at] = {
            **row,
            "pod": pod,
            "namespace": namespace,
            "pod_uid": uid,
            "birth": birth,
            "death": death,
        }
    found = pods(rows)
    assert found["name"].tolist() == ["db-0", "web-1"]
    assert found["containers"].tolist() == [1, 2]
    assert (found["birth"].tolist(), found["death"].tolist()) == ([-1, 10], [70, -1])
