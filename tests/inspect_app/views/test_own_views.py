"""Views of the analyst's own: as good as the built-in ones, and their file is only data."""

# ruff: noqa: E501 - one case a line, however long

import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspect_app.analysis.selection import select
from inspect_app.views.catalogue import VIEWS, Kind, set_own_views, views_for
from inspect_app.views.export import to_csv, to_text
from inspect_app.views.own import load_views, read_views
from inspect_app.views.own_tables import MAX_FILE, ViewFileError, from_yaml
from inspect_app.views.reference import reference
from inspect_app.views.sorting import default_order
from inspect_app.views.table import apply_view
from tests.builders.frames import build_frames

STORY = build_frames()
EXAMPLE = """
[[view]]
id = "opens_by_user"
title = "Opens by user"
description = "Who opened how many files."
tips = ["Root opens most."]
filter = "evt.type in (open, openat)"
rows = "user"
columns = [
    "user.name",
    { count = "events", title = "Opens" },
    { count = "errors", shown = false },
    { distinct = "fd.name", title = "Files" },
    { max = "latency" },
    "last",
]
sort = "-events"
opens = "slow_reads"

[[view]]
id = "slow_reads"
title = "Slow reads"
filter = "evt.is_io_read = true and evt.latency > 5ms"
columns = ["evt.rawtime", "evt.latency", "proc.aname[1]", "evt.arg.fd", "fd.name", "evt.buffer"]
sort = "-evt.latency"
"""


@pytest.fixture
def own_views():
    set_own_views(read_views(EXAMPLE))
    yield
    set_own_views(())


def test_an_own_view_is_applied_like_any_other(own_views):
    table = apply_view(VIEWS["opens_by_user"], STORY, select(STORY))
    rows = [tuple(table.value(row, at) for at in range(4)) for row in default_order(table).tolist()]
    opens = [
        len(select(STORY, None, [f"evt.type in (open, openat) and user.name = {name}"]))
        for name in ("alice", "nginx", "root")
    ]
    assert {(name, count) for name, count, *_ in rows} == set(
        zip(("alice", "nginx", "root"), opens, strict=True)
    )
    assert [count for _, count, *_ in rows] == sorted(opens, reverse=True)
    assert table.columns[1].title == "Opens" and not table.columns[2].shown
    for row in range(len(table)):
        assert len(select(STORY, None, [table.condition(row)])) == table.events[row]


def test_an_own_list_has_a_row_for_each_event(own_views):
    view = VIEWS["slow_reads"]
    table = apply_view(view, STORY, select(STORY))
    assert view.kind is Kind.LIST and len(table) == len(select(STORY, None, [view.filter])) == 3
    parents = {table.value(row, table.position("proc.aname[1]")) for row in range(len(table))}
    assert "sh" in parents
    assert "curl\\n" in to_text(table, default_order(table)) and to_csv(table, default_order(table))


def test_own_views_stand_behind_the_built_in_ones_wherever_views_are_listed(own_views):
    assert list(VIEWS)[-2:] == ["opens_by_user", "slow_reads"]
    assert "opens_by_user" in {view.id for view in views_for("process")}
    assert "opens_by_user" not in {view.id for view in views_for("user")}
    assert "### `slow_reads`: Slow reads" in reference()


def test_an_id_that_is_built_in_is_refused():
    text = EXAMPLE.replace('"slow_reads"', '"processes"')
    with pytest.raises(ValueError, match="processes is a built-in view"):
        set_own_views(read_views(text))
    assert VIEWS["processes"].title == "Processes"


WRONG = [
    ("id = 1", "it is no TOML", "[[view"),
    ('colour = "red"', "'colour' means nothing here", ""),
    ('colums = ["fd.name"]', "'colums' means nothing here; did you mean columns?", ""),
    ('rows = "usr"', "rows = 'usr' is no key; did you mean user?", ""),
    ('filter = "proc.nam = a"', "the filter is wrong: column 1: there is no field 'proc.nam'", ""),
    ("filter = 3", "filter must be text", ""),
    ('columns = ["proc.nam"]', "there is no field 'proc.nam'", ""),
    ('columns = ["proc.name = a or proc.pid"]', "is no field", ""),
    ('columns = [{ count = "event" }]', "there is no measure 'event'; did you mean events?", ""),
    ('columns = [{ sum = "errors" }]', "errors counts events", ""),
    ('columns = [{ count = "events", sum = "bytes" }]', "exactly one of", ""),
    ('columns = [{ used = "cpus" }]', "there is no figure 'cpus'; did you mean cpu?", ""),
    ("columns = [1]", "a column is a text or a table", ""),
    ("columns = []", "columns must be given", ""),
    ('columns = ["fd.name", "fd.name"]', "two columns are the same", ""),
    ('sort = "-nothing"', "is no column; there are", ""),
    ('opens = "nowhere"', "opens 'nowhere', which is no view", ""),
    ('id = "../../etc"', "is not small letters, digits and _", ""),
    ('title = "' + "x" * 200 + '"', "title has 200 characters, more than 100", ""),
    ('tips = ["' + "x" * 2_000 + '"]', "tips are a list of texts", ""),
]


@pytest.mark.parametrize(("line", "message", "broken"), WRONG, ids=[line[:30] for line, *_ in WRONG])
def test_what_is_wrong_is_told_with_its_place(line, message, broken):
    fields = {"id": 'id = "mine"', "title": 'title = "Mine"', "columns": 'columns = ["fd.name"]'}
    fields[line.split(" ")[0]] = line
    with pytest.raises(ViewFileError) as caught:
        read_views("[[view]]\n" + "\n".join(fields.values()) + broken)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 400


HOSTILE = {
    "deep lists": "a = " + "[" * 100_000 + "]" * 100_000,
    "deep tables": "a" + ".a" * 50_000 + " = 1",
    "deep headers": "[a" + ".a" * 50_000 + "]",
    "deep keys of inline tables": "a = { b" + '."c"' * 50_000 + " = 1 }",
    "many views": '[[view]]\nid = "a"\ntitle = ""\ncolumns = ["fd.name"]\n' * 5_000,
    "a wide view": '[[view]]\nid = "a"\ntitle = ""\ncolumns = [' + '"fd.name",' * 20_000 + "]",
    "a huge filter": '[[view]]\nid = "a"\ntitle = ""\ncolumns = ["fd.name"]\nfilter = "'
    + "(" * 200_000
    + '"',
    "a catastrophic filter": '[[view]]\nid = "a"\ntitle = ""\ncolumns = ["fd.name"]\nfilter = "fd.name regex \'((a{1000}){1000}){1000}\'"',
    "no view": "view = 1",
    "views that are none": "view = [1, 2]",
    "a number as wide as a file": "a = " + "9" * 200_000,
    "a date that is none": "a = 2024-99-99",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_is_refused_soon(text):
    began = time.process_time()
    with pytest.raises(ViewFileError):
        read_views(text)
    assert time.process_time() - began < 10


def test_a_file_that_is_too_large_or_no_text_is_refused(tmp_path):
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_FILE + 1))
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name in ("large.toml", "binary.toml"):
        with pytest.raises(ViewFileError, match=name):
            load_views(tmp_path / name)
    (tmp_path / "good.toml").write_text(EXAMPLE)
    assert [view.id for view in load_views(tmp_path / "good.toml")] == ["opens_by_user", "slow_reads"]


YAML_EXAMPLE = """
view:
  - id: opens_by_user
    title: Opens by user
    description: Who opened how many files.
    tips: [Root opens most.]
    filter: evt.type in (open, openat)
    rows: user
    columns:
      - user.name
      - {count: events, title: Opens}
      - {count: errors, shown: false}
      - {distinct: fd.name, title: Files}
      - {max: latency}
      - last
    sort: -events
    opens: slow_reads
  - id: slow_reads
    title: Slow reads
    filter: >-
      evt.is_io_read = true
      and evt.latency > 5ms
    columns: [evt.rawtime, evt.latency, "proc.aname[1]", evt.arg.fd, fd.name, evt.buffer]
    sort: -evt.latency
"""


def test_views_in_yaml_are_those_in_toml(tmp_path):
    for name in ("mine.yaml", "mine.YML"):
        (tmp_path / name).write_text(YAML_EXAMPLE)
        assert load_views(tmp_path / name) == read_views(EXAMPLE)
    assert read_views("", from_yaml) == read_views("---\n# nothing\n", from_yaml) == ()


MINE = "view:\n- id: mine\n  title: Mine\n  columns: [fd.name]\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("view: }", 1, "no YAML: "),
        ("- id: mine", 0, "views are written as a list under `view:`"),
        ("views:\n- id: mine", 0, "'views' means nothing here; views are written as a list under `view:`"),
        ("view: {id: mine}", 0, "views are written as a list under `view:`"),
        (MINE + "  colour: red", 5, "mine: 'colour' means nothing here"),
        (MINE + "  filter: proc.nam = a", 5, "there is no field 'proc.nam'"),
        (MINE + "  opens: procesess", 5, "which is no view; did you mean processes?"),
        (MINE + "- id: mine\n  title: Mine\n  columns: [fd.name]", 2, "there are two views 'mine'"),
        (MINE.replace("Mine", "1"), 3, "title must be given, as text"),
        (MINE.replace("fd.name", "[fd.name]"), 4, "a column is a text or a table, not a list"),
        (MINE.replace("  title: Mine\n", ""), 2, "title must be given, as text"),
        ("view:\n- *none", 2, "no anchor is called none"),
        ("view: !!python/object:os.system [x]", 0, "views are written as a list"),
        ("view:\n- &a [*a]", 0, "views are written as a list"),
        ("view: " + "[" * 30 + "]" * 30, 1, "20 levels"),
        ("view: " + "[" * 100_000, 1, ""),
        ("{" * 100_000, 1, ""),
        ("view: [" + "{a: b}," * 100_000 + "]", 1, "more than 100,000 values"),
    ],
)
def test_what_is_wrong_in_yaml_is_told_with_its_line(text, line, message):
    with pytest.raises(ViewFileError) as caught:
        read_views(text, from_yaml)
    assert message in str(caught.value) and caught.value.line == line
    assert len(str(caught.value)) < 400


def test_aliases_upon_aliases_are_refused_without_being_written_out():
    laughs = ["a0: &a0 [lol, lol]"] + [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60)]
    for key in ("columns", "tips", "sort", "filter", "title", "id", "shown"):
        text = "view:\n- " + "\n  ".join(
            (*laughs, "id: a", "title: a", "columns: [fd.name]", f"{key}: [*a59]")
        )
        with pytest.raises(ViewFileError):
            read_views(text, from_yaml)
    column = "view:\n- x: [" + ", ".join(f"&b{n} [{'*b' + str(n - 1) if n else 'x'}]" for n in range(9)) + "]"
    with pytest.raises(ViewFileError):
        read_views(column, from_yaml)


def test_in_toml_the_line_is_told_too():
    text = EXAMPLE.replace('sort = "-evt.latency"', 'sort = "-evt.latencies"')
    with pytest.raises(ViewFileError, match=r"^line 25: slow_reads: sort"):
        read_views(text)
    with pytest.raises(ViewFileError, match=r"^line 2: view 1: id must be given"):
        read_views(text.replace('id = "opens_by_user"\n', ""))


LINES = st.sampled_from(
    [*EXAMPLE.splitlines(), *(line for line, *_ in WRONG), "[view]", "[[view]]", "\x00", "]", '"""']
)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINES, max_size=12).map("\n".join) | st.text(max_size=60))
def test_any_text_is_views_or_an_error(text):
    try:
        views = read_views(text)
    except ViewFileError:
        return
    for view in views:
        assert len(apply_view(view, STORY, select(STORY)).columns) == len(view.columns)


def test_the_example_of_the_user_guide_is_views():
    guide = (Path(__file__).parents[3] / "docs" / "user-guide.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", guide, re.DOTALL)
    views = read_views(example)
    assert [view.id for view in views] == ["set_id_runs", "set_id_list"]
    (example,) = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    (same,) = read_views(example, from_yaml)
    assert (same.columns, same.filter, same.sort) == (views[0].columns, views[0].filter, views[0].sort)
    for view in views:
        assert len(apply_view(view, STORY, select(STORY)).columns) == len(view.columns)
