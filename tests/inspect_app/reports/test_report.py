"""Reports: what they tell of a capture, and how it is chosen, ordered and cut."""

import csv
import io
from dataclasses import replace

import pytest

from capture.format.blocks import read_block
from inspect_app.analysis.selection import TimeRange, select
from inspect_app.cases import Case, Note, Severity, Triage, TriageState
from inspect_app.cases.anchors import event_anchor, finding_anchor
from inspect_app.cases.case import THE_CASE, By
from inspect_app.cases.note import Facts as CaseFacts
from inspect_app.cases.record import Record
from inspect_app.filters.errors import FilterError
from inspect_app.frames import open_capture
from inspect_app.frames.capture import FileState
from inspect_app.reports.case_notes import with_case
from inspect_app.reports.material import Given, ReportError
from inspect_app.reports.model import Entries, Facts, Paragraph, Picture, Table
from inspect_app.reports.noted import Noted
from inspect_app.reports.options import PARTS, TEMPLATES, ReportOptions, Template
from inspect_app.reports.report import build_report
from inspect_app.reports.sections import SECTIONS
from inspect_app.session import Session
from tests.builders.frames import MS, START_NS, build_frames
from tests.builders.incidents import container_escape
from tests.builders.report import incident


def report_of(frames, *, given=None, window=None, condition="", **options):
    session = Session(window=window, filter=condition)
    return build_report(frames, ReportOptions(session=session, made_ns=START_NS, **options), given)


def every(sections):
    for section in sections:
        yield section
        yield from every(section.parts)


def blocks_of(report, kind):
    return [
        block for section in every(report.sections) for block in section.blocks if isinstance(block, kind)
    ]


def section_of(report, name):
    return next(one for one in every(report.sections) if one.id == name)


def table_of(report, name):
    return next(block for block in blocks_of(report, Table) if block.id == name)


def facts_of(report, name):
    return {
        fact.name: fact.value
        for block in section_of(report, name).blocks
        if isinstance(block, Facts)
        for fact in block.items
    }


def words_of(report, name):
    return " ".join(str(block) for block in section_of(report, name).blocks)


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    return open_capture(incident().write(tmp_path_factory.mktemp("report") / "node.exhume"))


def test_every_section_that_can_be_asked_for_can_be_filled():
    assert [part.id for part in PARTS] == [*dict.fromkeys((*[part.id for part in PARTS],))]
    assert {part.id for part in PARTS} == set(SECTIONS)
    assert all(set(names) <= set(SECTIONS) for names in TEMPLATES.values())


def test_a_report_tells_where_it_comes_from(frames):
    given = Given(digests=[("node.exhume", "ab" * 32)])
    report = report_of(frames, given=given)
    cover = {fact.name: fact.value for fact in report.cover}
    assert cover["SHA-256"] == "ab" * 32
    assert cover["Subject"] == "node-1"
    assert cover["Verification"] == "All blocks are there and as they were written."
    assert facts_of(report, "recorded")["Host"] == "node-1"
    assert facts_of(report, "recorded")["Containers"] == "3, of which 1 gone by the end"
    assert "ab" * 32 in str(table_of(report, "files-of-capture"))


def test_a_report_names_its_window_and_filter_and_counts_only_those_events(frames):
    window = TimeRange(START_NS, START_NS + 500 * MS)
    report = report_of(frames, window=window, condition="proc.name = curl")
    count = len(select(frames, window, ["proc.name = curl"]))
    scope = facts_of(report, "scope")
    assert scope["Filter"] == "proc.name = curl"
    assert scope["Events"] == f"{count} of 223 events"
    assert [row[1] for row in table_of(report, "processes").rows] == ["curl"]


def test_what_was_not_seen_is_told_in_the_summary_and_in_the_limits(frames):
    report = report_of(frames)
    for name in ("summary", "limits"):
        assert "12 events lost" in words_of(report, name)
        assert "metadata of 1 container" in words_of(report, name)


def test_a_capture_that_is_cut_short_says_so():
    frames = build_frames()
    object.__setattr__(frames, "state", FileState("cut short", "Cut short at block 7."))
    report = report_of(frames, template=Template.EXECUTIVE)
    assert report.state == "cut short"
    assert "Cut short at block 7." in words_of(report, "summary")
    assert "ends before it was closed" in words_of(report, "integrity")


def test_a_table_is_cut_where_it_was_asked_to_and_its_whole_lies_beside():
    report = report_of(build_frames(5_000), rows=7)
    commands = table_of(report, "commands")
    assert len(commands.rows) == 7 < commands.total
    assert (
        commands.counted
        == f"7 of {commands.total:,} commands shown; all of them are in commands.csv, beside this report"
    )
    whole = next(one for one in report.attachments if one.name == "commands.csv")
    assert len(list(csv.reader(io.StringIO(whole.data.decode())))) == commands.total + 1


def test_a_table_that_is_shown_whole_has_nothing_beside(frames):
    report = report_of(frames)
    assert not [
        table for table in blocks_of(report, Table) if len(table.rows) == table.total and table.beside
    ]


def test_each_template_chooses_and_orders_its_sections(attacked):
    for template in Template:
        report = report_of(attacked, template=template)
        told = [section.id for section in report.sections]
        assert told == [name for name in TEMPLATES[template] if name in told]
        assert set(TEMPLATES[template]) - set(told) <= {"examiner"}


def test_only_the_sections_that_are_asked_for_are_told(attacked):
    report = report_of(attacked, sections=("limits", "summary"))
    assert [section.id for section in report.sections] == ["summary", "limits"]


def test_an_executive_report_cites_no_events_for_it_has_no_list_of_them(attacked):
    report = report_of(attacked, template=Template.EXECUTIVE)
    assert not [entry for block in blocks_of(report, Entries) for entry in block.items if entry.event]


def test_findings_stand_below_their_tactic_and_cite_their_events(attacked):
    report = report_of(attacked)
    assert section_of(report, "tactic-execution").title == "Execution"
    overview = table_of(report, "findings-overview")
    assert "Program run from a file that was written in the recording" in [row[1] for row in overview.rows]
    cited = {row[0] for row in table_of(report, "cited-events").rows}
    told = {
        row[-1] for table in blocks_of(report, Table) if table.id.startswith("rule-") for row in table.rows
    }
    assert told
    assert told <= cited


def test_findings_that_are_cut_name_the_file_that_has_them_all(tmp_path):
    book = incident()
    for number in range(30):
        book.open(100, f"/etc/shadow-{number}", ino=900 + number, fd=7)
        book.open(100, "/etc/shadow", ino=78, fd=8)
    report = report_of(open_capture(book.write(tmp_path / "node.exhume")))
    (beside,) = [one for one in report.attachments if one.name == "findings.csv"]
    cut = [
        one for one in blocks_of(report, Table) if one.id.startswith("rule-") and len(one.rows) < one.total
    ]
    assert [len(one.rows) for one in cut] == [25]
    assert "; all of them are in findings.csv, beside this report" in cut[0].counted
    assert len(list(csv.reader(io.StringIO(beside.data.decode())))) > cut[0].total


def test_a_note_on_another_day_than_the_capture_tells_its_day(attacked):
    before = Noted("when it was installed", START_NS - 86_400 * 1_000 * MS)
    (entry,) = [
        one
        for block in blocks_of(report_of(attacked, given=Given(notes=[before])), Entries)
        for one in block.items
    ]
    assert entry.time.startswith("2023-11-13 ")


def test_what_the_recorder_was_told_is_said_in_words():
    frames = build_frames()
    given = {"snaplen": 4_096, "users": True, "redact": [], "hold_back_ns": 30_000_000, "payload": ["a", "b"]}
    told = facts_of(report_of(replace(frames, host={**frames.host, "options": given})), "recorded")[
        "Settings"
    ]
    assert told == "snaplen 4,096, users yes, redact nothing, hold back 30 ms, payload a b"


def test_a_cited_event_is_told_with_the_block_that_it_lies_in(attacked, tmp_path):
    path = incident().write(tmp_path / "node.exhume", block=4)
    frames = open_capture(path)
    report = report_of(frames)
    blocks = {row[1]: row for row in table_of(report, "cited-blocks").rows}
    events = table_of(report, "cited-events").rows
    assert {row[3] for row in events} == set(blocks)
    data = path.read_bytes()
    for _, _, offset, digest in blocks.values():
        at = int(offset.replace(",", ""))
        assert bytes.fromhex(digest) == read_block(io.BytesIO(data[at:]), at).digest
    assert any("/etc/shadow" in row[2] for row in events)


def test_noted_events_make_the_timeline_in_order_of_time(attacked):
    times = attacked.events["time"].to_numpy()
    notes = [
        Noted("the second", int(times[8]), "write (200)", "high", "Reyes", ("dropper",), 8),
        Noted("the first\nhas two lines", int(times[3]), severity="low", row=3),
        Noted("of no moment"),
    ]
    report = report_of(attacked, given=Given(notes=notes))
    (entries,) = [block for block in section_of(report, "timeline").blocks if isinstance(block, Entries)]
    assert [entry.text[0] for entry in entries.items] == ["the first", "the second", "of no moment"]
    assert entries.items[0].text == ("the first", "has two lines")
    assert entries.items[1].about == "high · Reyes · dropper"
    assert entries.items[1].event in {row[0] for row in table_of(report, "cited-events").rows}
    assert entries.items[2].time == "no moment"


def test_without_notes_the_timeline_tells_what_rules_found(attacked):
    (entries,) = [
        block for block in section_of(report_of(attacked), "timeline").blocks if isinstance(block, Entries)
    ]
    assert any("written in the recording" in entry.title for entry in entries.items)


def test_ten_thousand_notes_are_cut_and_lie_beside(frames):
    notes = [Noted(f"note {number}", START_NS + number, row=number % 200) for number in range(10_000)]
    report = report_of(frames, given=Given(notes=notes))
    assert sum(len(block.items) for block in blocks_of(report, Entries)) == 1_000
    beside = next(one for one in report.attachments if one.name == "notes.csv")
    assert beside.data.count(b"\n") == 10_001
    assert "10,000 notes by analysts; 1,000 are shown" in words_of(report, "timeline")


def test_the_pictures_show_processes_with_what_they_descend_from(attacked):
    report = report_of(attacked)
    tree = next(picture for picture in blocks_of(report, Picture) if picture.id == "process-tree")
    labels = [shape.text for shape in tree.drawing.shapes if hasattr(shape, "text")]
    assert any(label.startswith("100") for label in labels)
    assert any(label.startswith("201") and "--quiet" in label for label in labels)


def test_a_container_that_is_gone_has_a_dossier(frames):
    report = report_of(frames, template=Template.CONTAINER, containers=("batch",))
    dossier = next(one for one in every(report.sections) if one.title == "batch")
    assert "was gone at" in str(dossier.blocks[0])
    assert "exit code 1" in str(dossier.blocks[0])
    assert {part.title for part in dossier.parts} >= {"Commands", "Files changed", "Peers"}
    assert report.subtitle == "batch on node-1"
    assert facts_of(report, "scope")["Filter"] == "container.id = 0f0e0d0c0b0a"


def test_a_container_that_is_not_there_is_refused(frames):
    with pytest.raises(ReportError, match="no container 'nowhere'"):
        report_of(frames, containers=("nowhere",))


def test_a_container_that_died_is_marked_and_comes_first(frames):
    containers = table_of(report_of(frames), "containers")
    assert containers.marked == (True, False, False, False, False)
    assert containers.rows[0][0] == "batch"


def test_indicators_tell_addresses_with_what_they_are_and_digests(attacked):
    report = report_of(attacked)
    assert ("203.0.113.9", "private") in [row[:2] for row in table_of(report, "addresses").rows]
    assert ("/dev/shm/x", "written and then run") in table_of(report, "paths").rows
    assert [row[0] for row in table_of(report, "http-hosts").rows] == ["files.example"]


def test_the_examiners_log_is_told_up_to_the_line_that_is_not_as_it_was_written(frames):
    lines = [
        {"time": "2026-01-02T03:04:05.000+00:00", "user": "reyes", "action": "opened", "file": "x\x1b[31m"}
    ]
    report = report_of(
        frames, given=Given(examiner_log=lines, log_problem="line 2 was not written after line 1")
    )
    assert "not as it was written" in words_of(report, "examiner")
    (row,) = table_of(report, "examiner-log").rows
    assert row == ("2026-01-02 03:04:05.000", "reyes", "opened", "file x\\x1b[31m")


def test_rules_that_could_not_be_asked_are_named(frames):
    lean = replace(frames)
    assert "could be asked" in words_of(report_of(lean), "rules-asked")


def test_an_empty_capture_has_a_report():
    for template in Template:
        report = report_of(build_frames(0), template=template)
        assert any(isinstance(block, Paragraph) for block in blocks_of(report, Paragraph))


def test_a_wrong_filter_is_refused(frames):
    with pytest.raises(FilterError):
        report_of(frames, condition="proc.nam = x")


def test_who_asked_for_a_report_can_stop_it(frames):
    class Stop(Exception):
        pass

    def progress(done, total):
        if done == 2:
            raise Stop

    with pytest.raises(Stop):
        build_report(frames, ReportOptions(made_ns=START_NS), progress=progress)


def test_a_case_gives_the_timeline_and_what_is_held_of_findings(attacked):
    shadow = next(
        row for row in range(len(attacked.events)) if attacked.events["type"].iat[row] == "openat" and row > 8
    )
    secrets = "Secrets read by a program that is not known to need them"
    case = Case(facts={THE_CASE: Record.first(CaseFacts("24-18", "The shop", "Lee"), "Lee", START_NS)})
    chosen = Note(event_anchor(attacked, shadow), "passwords were read", ("loot",), Severity.HIGH, report=10)
    case = case.with_note(chosen, By("Lee", START_NS))
    case = case.with_note(replace(chosen, text="not chosen", report=None), By("Lee", START_NS))
    held = Triage(finding_anchor(attacked, secrets, shadow), TriageState.CONFIRMED, "nobody does that")
    case = case.with_triage(held, By("Lee", START_NS))
    report = report_of(attacked, given=with_case(Given(), case, attacked))
    assert {fact.name: fact.value for fact in report.cover}["Case"] == "24-18"
    assert report.header == "Case 24-18"
    (entries,) = [one for one in section_of(report, "timeline").blocks if isinstance(one, Entries)]
    (entry,) = entries.items
    assert entry.text == ("passwords were read",)
    assert entry.about == "high · Lee · loot"
    assert (
        "/etc/shadow"
        in next(row for row in table_of(report, "cited-events").rows if row[0] == entry.event)[2]
    )
    assert "confirmed: nobody does that" in str(table_of(report, f"rule-{secrets.replace(' ', '-')}").rows)
    assert "1 confirmed" in words_of(report, "findings")


def test_of_a_case_in_which_no_note_was_chosen_all_make_the_timeline(attacked):
    case = Case()
    for text, row in (("the later one", 9), ("the first one", 3)):
        case = case.with_note(Note(event_anchor(attacked, row), text), By("Lee", START_NS))
    report = report_of(attacked, given=with_case(Given(), case, attacked))
    (entries,) = [one for one in section_of(report, "timeline").blocks if isinstance(one, Entries)]
    assert [entry.text for entry in entries.items] == [("the first one",), ("the later one",)]


def test_a_report_of_several_hosts_names_them_and_the_file_of_each_event(tmp_path):
    paths = []
    for name in ("one", "two"):
        book = incident()
        book.section["host"] = {**book.section["host"], "hostname": f"node-{name}", "boot_id": name}
        book.section["capture_id"] = name
        paths.append(book.write(tmp_path / f"{name}.exhume"))
    report = report_of(open_capture(paths))
    assert report.subtitle == "node-one, node-two"
    assert "the machines node-one, node-two" in words_of(report, "summary")
    assert "one.exhume: 24-17; two.exhume: 24-17" in report.header
    assert {row[3] for row in table_of(report, "cited-events").rows} == {"one.exhume", "two.exhume"}


def test_what_two_wrote_at_the_same_time_is_told_in_both_versions_and_of_whom(attacked):
    key = "a" * 32
    note = Note(event_anchor(attacked, 1), "first words")
    begun = Case().with_note(note, By("Reyes", START_NS), key)
    mine = begun.with_note(replace(note, text="it was the shop"), By("Lee", START_NS + 1), key)
    theirs = begun.with_note(replace(note, text="it was not"), By("Reyes", START_NS + 2), key)
    gone = begun.told("notes", key, None, By("Kim", START_NS + 3))
    case = mine.merged(theirs).merged(gone)
    (entry,) = [
        entry
        for block in blocks_of(report_of(attacked, given=with_case(Given(), case, attacked)), Entries)
        for entry in block.items
        if "it was" in " ".join(entry.text)
    ]
    words = " ".join((*entry.text, entry.about))
    for told in ("it was the shop", "it was not", "Lee", "Reyes"):
        assert told in words
    assert "Kim took it away" in words


def test_a_report_about_a_container_tells_only_what_was_noted_in_it(frames):
    owner = frames.events["container"].to_numpy()
    inside, outside = int((owner == 2).argmax()), int((owner == 0).argmax())
    notes = [Noted("inside", START_NS, row=inside), Noted("outside", START_NS, row=outside)]
    report = report_of(frames, given=Given(notes=notes), template=Template.CONTAINER, containers=("batch",))
    (entries,) = [one for one in section_of(report, "timeline").blocks if isinstance(one, Entries)]
    assert [entry.text for entry in entries.items] == [("inside",)]


def test_a_container_that_did_nothing_has_a_dossier_too(tmp_path):
    """Who it was is told all the same: what an image left idle may matter."""
    frames = open_capture(container_escape(tmp_path / "node.exhume"), cache=False)
    report = build_report(frames, ReportOptions(template=Template.CONTAINER, made_ns=0))
    dossiers = next(section for section in report.sections if section.id == "containers")
    (idle,) = [part for part in dossiers.parts if part.title == "job"]
    told = {
        fact.name: fact.value for block in idle.blocks if isinstance(block, Facts) for fact in block.items
    }
    assert told["Image"] == "registry.example/job:1"
    assert any(getattr(block, "text", "") == "No event of it was recorded." for block in idle.blocks)


def test_what_has_no_name_is_no_indicator(tmp_path):
    """Requests without a host are requests, and nothing to look for elsewhere."""
    frames = open_capture(container_escape(tmp_path / "node.exhume"), cache=False)
    report = build_report(frames, ReportOptions(template=Template.CONTAINER, made_ns=0))
    indicators = next(section for section in report.sections if section.id == "indicators")
    tables = [block for part in indicators.parts for block in part.blocks if isinstance(block, Table)]
    assert tables
    assert all(row[0] not in ("", "—") for table in tables for row in table.rows)
