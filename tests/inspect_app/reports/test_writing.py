"""Reports as files: what lies where, JSON against its schema, and the same bytes each time."""

import csv
import hashlib
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from inspect_app.reports.material import ReportError
from inspect_app.reports.options import ReportOptions
from inspect_app.reports.report import build_report
from inspect_app.reports.writers.plain import write_json
from inspect_app.reports.writing import FORMS, document_of, form_of, write_report
from tests.builders.frames import build_frames
from tests.builders.report import MADE_NS, everything

SCHEMA = Path(__file__).resolve().parents[3] / "docs" / "report-schema.json"


@pytest.mark.parametrize("form", FORMS)
def test_a_report_is_written_with_what_lies_beside_it(tmp_path, form):
    written = write_report(everything(), tmp_path / f"report.{form}")
    assert written[0].path == tmp_path / f"report.{form}"
    for one in written:
        data = one.path.read_bytes()
        assert (one.size, one.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    beside = {one.path.name for one in written[1:]}
    assert beside == ({"some.csv", "drawn.svg"} if form == "md" else {"some.csv"})


def test_a_picture_beside_markdown_is_a_drawing_and_runs_nothing(tmp_path):
    evil = "<script>x</script>]]>&"
    write_report(everything(evil), tmp_path / "report.md")
    root = ET.fromstring((tmp_path / "report-files" / "drawn.svg").read_text())
    assert {element.tag.partition("}")[2] for element in root.iter()} == {
        "svg",
        "title",
        "style",
        "rect",
        "line",
        "text",
    }
    assert evil in [element.text for element in root.iter()]
    assert "(<report-files/drawn.svg>)" in (tmp_path / "report.md").read_text()


def test_a_formula_in_a_name_is_none_in_the_table_beside(tmp_path):
    frames = build_frames(2_000)
    frames.images["comm"] = frames.images["cmdline"] = "=HYPERLINK(1)"
    report = build_report(frames, ReportOptions(rows=2, made_ns=MADE_NS))
    written = write_report(report, tmp_path / "report.json")
    tables = [one.path for one in written if one.path.suffix == ".csv"]
    assert len(tables) > 3
    for path in tables:
        with path.open(newline="") as stream:
            assert not [
                cell for row in csv.reader(stream) for cell in row if cell.startswith(("=", "+", "@"))
            ]


def test_the_ending_tells_the_form():
    assert form_of(Path("x.HTM")) == "html"
    assert form_of(Path("x"), "pdf") == "pdf"
    for name in ("x", "x.doc", "x.exe"):
        with pytest.raises(ReportError, match="ends in one of"):
            form_of(Path(name))


@pytest.mark.parametrize("form", FORMS)
def test_the_same_capture_and_time_give_the_same_bytes(form):
    options = ReportOptions(made_ns=MADE_NS)
    first, second = (document_of(build_report(build_frames(), options), form) for _ in range(2))
    assert first == second


def test_json_holds_what_its_schema_says():
    told = json.loads(write_json(build_report(build_frames(), ReportOptions(made_ns=MADE_NS))))
    check(told, json.loads(SCHEMA.read_text()), "report")


def test_json_is_ascii_that_no_terminal_obeys():
    data = write_json(everything("\u202e\x1b[31m\ud800"))
    assert data.isascii()
    assert b"\x1b" not in data
    assert json.loads(data)["title"] == "\u202e\x1b[31m\ud800"


KINDS = {
    **{"object": dict, "array": list, "string": str, "boolean": bool},
    **{"integer": int, "number": (int, float)},
}


def check(value, schema, where, root=None):
    """Enough of JSON Schema for what this one uses."""
    root = root or schema
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        kind = value["kind"]
        names = [one["$ref"].rpartition("/")[2] for one in schema["oneOf"]]
        assert kind in names, where
        check(value, root["$defs"][kind], where, root)
        return
    if "enum" in schema:
        assert value in schema["enum"], where
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": (int, float),
        "boolean": bool,
    }
    assert isinstance(value, kinds[schema["type"]]), where
    if schema["type"] == "object":
        if "properties" not in schema:
            return
        assert set(value) == set(schema["properties"]), where
        for name, one in value.items():
            check(one, schema["properties"][name], f"{where}.{name}", root)
    elif schema["type"] == "array":
        for place, one in enumerate(value):
            check(one, schema["items"], f"{where}[{place}]", root)
