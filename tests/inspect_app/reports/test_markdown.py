"""The Markdown form: readable as it is, and no text of a capture becomes markup."""

import os
import re
from pathlib import Path

import pytest

from inspect_app.frames import open_capture
from inspect_app.reports.options import ReportOptions
from inspect_app.reports.report import build_report
from inspect_app.reports.writers.markdown import escaped, write_markdown
from tests.builders.report import MADE_NS, everything, incident

GOLDEN = Path(__file__).with_name("golden") / "incident.md"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# not a heading", r"\# not a heading"),
        ("- not a list", r"\- not a list"),
        ("+ nor this", r"\+ nor this"),
        ("1. nor this", r"1\. nor this"),
        ("12) nor this", r"12\) nor this"),
        ("> no quotation", r"\> no quotation"),
        ("=====", r"\====="),
        ("a|b", r"a\|b"),
        ("<b>x</b> &amp;", r"\<b\>x\</b\> \&amp;"),
        ("[x](javascript:y)", r"\[x\](javascript\:y)"),
        ("![x](y)", r"\!\[x\](y)"),
        ("`code` *em* _em_ ~~del~~", r"\`code\` \*em\* \_em\_ \~\~del\~\~"),
        ("https://x.example", r"https\://x.example"),
        ("www.x.example", r"www\.x.example"),
        ("a@b.example @someone", r"a\@b.example \@someone"),
        (":smile: $x$", r"\:smile: \$x\$"),
        (r"\x1b", r"\\x1b"),
        ("one\ntwo\r\n\u2028three", "one two three"),
        ("03:04:05 at 10.0.0.1:80", "03:04:05 at 10.0.0.1:80"),
        ("/usr/bin/python3.11", "/usr/bin/python3.11"),
    ],
)
def test_what_would_be_markup_is_text(text, shown):
    assert escaped(text) == shown


def test_a_table_has_as_many_cells_in_each_row_whatever_stands_in_them():
    lines = write_markdown(everything("a|b\n| c |")).decode().splitlines()
    begin = next(place for place, line in enumerate(lines) if "Name" in line and line.startswith("|"))
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines[begin : begin + 4]}
    assert cells == {7}


def test_no_line_but_our_own_begins_a_heading_or_a_list():
    evil = "# x\n- y\n> z\n    code\n---\n```"
    lines = write_markdown(everything(evil)).decode().splitlines()
    headings = [line for line in lines if re.match(r"\s{0,3}#{1,6} ", line)]
    assert len(headings) == 5
    assert not [line for line in lines if line.strip() in ("---", "```")]


def test_a_small_incident_reads_as_it_did(tmp_path, monkeypatch):
    """Write it anew with EXHUME_WRITE_GOLDEN=1, and read the difference."""
    monkeypatch.chdir(tmp_path)
    frames = open_capture(incident().write(Path("node.exhume")))
    report = build_report(frames, ReportOptions(made_ns=MADE_NS))
    told = without_sizes(write_markdown(report).decode())
    if os.environ.get("EXHUME_WRITE_GOLDEN"):
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(told)
    assert told == GOLDEN.read_text()


def without_sizes(text):
    """Without what another version of the compressor would change: digests, and where blocks lie."""
    text = re.sub(r"[0-9a-f]{64}", "(digest)", text)
    return re.sub(r"(\| node\.exhume \| \d+) \| [\d,]+ \|", r"\1 | (offset) |", text)
