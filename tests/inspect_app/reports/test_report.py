"""Reports: what they tell, and that they are harmless."""

import re
from html.parser import HTMLParser

import pytest

from inspect_app.analysis.selection import TimeRange, select
from inspect_app.filters.errors import FilterError
from inspect_app.frames.capture import FileState
from inspect_app.reports.charts import bar_chart, life_path, time_ticks
from inspect_app.reports.html import write_html
from inspect_app.reports.report import build_report
from inspect_app.reports.sections import ROWS_SHOWN
from inspect_app.session import Session
from tests.builders.frames import MS, START_NS, build_frames


class Page(HTMLParser):
    """Every tag, attribute and text of a page; void elements need no end."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in ("meta", "line", "path", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("line", "path", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def report_of(frames, **session):
    return build_report(frames, Session(**session), digest="ab" * 32, now_ns=START_NS)


def section(report, name):
    return next(one for one in report.sections if one.id == name)


def test_a_report_tells_where_it_comes_from(frames):
    facts = {fact.name: fact.value for fact in report_of(frames).facts}
    assert facts["Host"] == "node-1"
    assert facts["SHA-256"] == "ab" * 32
    assert facts["Verification"] == "All blocks are there and as they were written."
    assert facts["Containers"] == "3, of which 1 gone by the end"


def test_a_report_names_its_window_and_filter_and_counts_only_those_events(frames):
    window = TimeRange(START_NS, START_NS + 500 * MS)
    report = report_of(frames, window=window, filter="proc.name = curl")
    scope = {fact.name: fact.value for fact in report.scope}
    count = len(select(frames, window, ["proc.name = curl"]))
    assert scope["Filter"] == "proc.name = curl"
    assert scope["Events"] == f"{count} of 223 events"
    assert sum(report.timeline.lanes[0].counts) == count
    assert [row[1] for row in section(report, "processes").rows] == ["curl"]


def test_what_was_not_seen_comes_first(frames):
    warnings = report_of(frames).warnings
    assert any("12 events lost" in warning for warning in warnings)
    assert any("metadata of 1 container" in warning for warning in warnings)


def test_a_capture_that_is_cut_short_says_so():
    frames = build_frames()
    object.__setattr__(frames, "state", FileState("cut short", "Cut short at block 7."))
    report = report_of(frames)
    assert report.warnings[0] == "Cut short at block 7."
    assert "! cut short" in write_html(report)


def test_rows_beyond_the_cap_are_counted():
    report = report_of(build_frames(20_000))
    commands = section(report, "commands")
    assert len(commands.rows) == ROWS_SHOWN
    assert commands.total > ROWS_SHOWN
    assert commands.counted == f"{ROWS_SHOWN} of {commands.total:,} commands shown"
    assert commands.counted in write_html(report)


def test_the_page_runs_nothing_and_asks_for_nothing(frames):
    text = write_html(report_of(frames))
    page = Page(text)
    assert not page.open
    assert not {"script", "link", "iframe", "img", "object", "form", "base"} & set(page.tags)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; img-src data:") in page.attributes
    assert not re.search(r"https?://", re.sub(r"http://example\.org/index\.html", "", text))


@pytest.mark.parametrize("where", ["images", "containers", "descriptors", "host"])
def test_markup_in_a_name_is_shown_and_not_obeyed(where):
    evil = "<script>alert(1)</script>\"'><b>"
    frames = build_frames()
    match where:
        case "images":
            frames.images["comm"] = evil
            frames.images["cmdline"] = evil
        case "containers":
            frames.containers["name"] = evil
            frames.containers["image"] = evil
        case "descriptors":
            frames.descriptors["name"] = evil
        case "host":
            frames.host.update(hostname=evil, kernel=evil, recorder=evil, timezone=evil)
    page = Page(write_html(report_of(frames)))
    assert "script" not in page.tags
    assert "b" not in page.tags
    assert evil[:25] in "".join(page.text)


def test_an_empty_capture_has_a_report():
    page = Page(write_html(report_of(build_frames(0))))
    assert "None among the selected events." in "".join(page.text)


def test_a_wrong_filter_is_refused(frames):
    with pytest.raises(FilterError):
        report_of(frames, filter="proc.nam = x")


def test_a_container_that_died_is_marked_and_comes_first(frames):
    containers = section(report_of(frames), "containers")
    assert containers.marked == (True, False, False, False, False)
    assert containers.rows[0][0] == "batch"


def test_a_bar_that_is_not_zero_is_seen():
    chart = bar_chart([0, 1, 100_000], 30, 20)
    assert chart.path.count("M") == 2
    assert "v-1.5" in chart.path
    assert bar_chart([0, 0], 30, 20).path == ""
    assert bar_chart([], 30, 20).path == ""


def test_a_life_has_round_ends_where_they_were_seen():
    assert life_path(0, 100, False, False).count("a") == 0
    assert life_path(0, 100, True, True).count("a") == 2
    assert life_path(50, 50, True, True)


def test_an_empty_window_has_no_ticks():
    assert time_ticks(TimeRange(5, 5), left=0, width=10) == []
    assert len(time_ticks(TimeRange(START_NS, START_NS + 1), left=0, width=10)) == 5
