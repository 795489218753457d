"""`exhume-inspect report`: forms, templates, case, log, and what is refused."""

import json

import pypdf
import pytest
from click.testing import CliRunner

from inspect_app.cases import Anchor, AnchorKind, Case, CaseFile, Note, Severity
from inspect_app.cases.case import By
from inspect_app.cli import main
from inspect_app.session.examiner_log import ExaminerLog
from tests.builders.capture import START_NS
from tests.builders.report import incident


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    return incident().write(tmp_path_factory.mktemp("capture") / "node.exhume")


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.parametrize("form", ["html", "pdf", "docx", "md", "json"])
def test_each_form_is_written_by_the_ending_of_the_file(capture, tmp_path, form):
    out = tmp_path / f"report.{form}"
    result = run("report", capture, "-o", out, "--template", "executive")
    assert result.exit_code == 0, result.stderr
    assert out.stat().st_size > 2_000
    assert f"wrote {out}" in result.stderr


def test_a_report_goes_to_standard_output_in_the_form_that_is_asked_for(capture):
    result = run("report", capture, "-o", "-", "--format", "json")
    assert json.loads(result.stdout)["template"] == "technical"


def test_a_case_and_a_log_are_told(capture, tmp_path):
    note = Note(Anchor(AnchorKind.MOMENT, time_ns=START_NS + 5), "it begins", (), Severity.HIGH, report=1)
    CaseFile(tmp_path / "24.exhume-case").save(Case().with_note(note, By("Lee", START_NS)))
    ExaminerLog(tmp_path / "case.log").note("opened", file="node.exhume")
    out = tmp_path / "report.pdf"
    words = ("--case", tmp_path / "24.exhume-case", "--log", tmp_path / "case.log")
    result = run("report", capture, "-o", out, *words)
    assert result.exit_code == 0, result.stderr
    text = "\n".join(page.extract_text() for page in pypdf.PdfReader(out).pages)
    assert "it begins" in text
    assert "Examiner's log" in text
    assert "opened" in text


def test_the_time_that_is_told_can_be_chosen(capture, tmp_path, monkeypatch):
    out = tmp_path / "report.json"
    run("report", capture, "-o", out, "--as-of", "2026-01-02T03:04:05Z")
    assert json.loads(out.read_text())["made"] == "2026-01-02 03:04:05 UTC"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    run("report", capture, "-o", out)
    assert json.loads(out.read_text())["made_ns"] == 1_700_000_000 * 10**9


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("-o", "report.exe"), 2, "ends in one of"),
        (("-o", "report.html", "--container", "nowhere"), 2, "no container 'nowhere'"),
        (("-o", "report.html", "--section", "sumary"), 2, "no section 'sumary'"),
        (("-o", "report.html", "--as-of", "yesterday"), 2, "'yesterday' is no time"),
        (("-o", "report.html", "--case", "missing.exhume-case"), 5, "No such file"),
        (("-o", "report.html", "--log", "missing.log"), 5, "No such file"),
    ],
)
def test_what_cannot_be_told_is_refused(capture, tmp_path, monkeypatch, words, code, told):
    monkeypatch.chdir(tmp_path)
    result = run("report", capture, *words)
    assert result.exit_code == code
    assert told in result.stderr
    assert not (tmp_path / "report.html").exists()


def test_a_file_that_is_no_case_is_refused(capture, tmp_path):
    (tmp_path / "x.exhume-case").write_text("[]")
    result = run("report", capture, "-o", tmp_path / "report.html", "--case", tmp_path / "x.exhume-case")
    assert result.exit_code == 2
