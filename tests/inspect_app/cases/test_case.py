"""A case as a value: notes that are written, changed, taken away, put in order and merged."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from inspect_app.cases import Anchor, AnchorKind, Case, CaseError, Severity, Triage, TriageState
from inspect_app.cases.case import By, key_of, moved_in_report
from tests.builders.cases import AT, LEE, REYES, case_of, cases, note

KEY = f"{0:032x}"


def texts(case):
    return [one.note.text for one in case.shown_notes()]


def test_what_a_note_was_before_is_kept():
    case = case_of("first").with_note(note("second"), LEE, KEY)
    (shown,) = case.shown_notes()
    assert (shown.note.text, shown.author, shown.edited_by) == ("second", "Reyes", "Lee")
    assert [one.value.text for one in case.notes[KEY].versions] == ["first", "second"]


def test_a_note_that_was_taken_away_can_be_put_back():
    gone = case_of("seen").told("notes", KEY, None, REYES)
    assert texts(gone) == []
    assert gone.note(KEY) is None
    assert texts(gone.with_note(note("seen"), REYES, KEY)) == ["seen"]


def test_the_same_again_changes_nothing():
    case = case_of("seen")
    assert case.with_note(note("seen"), LEE, KEY) is case


def test_a_clock_that_was_set_back_does_not_bring_an_old_text_back():
    case = case_of("first").with_note(note("second"), By("Reyes", AT - 10**9), KEY)
    assert texts(case) == ["second"]


def test_two_edits_at_once_are_both_kept_and_told():
    start = case_of("start")
    mine, theirs = start.with_note(note("mine"), REYES, KEY), start.with_note(note("theirs"), LEE, KEY)
    merged = mine.merged(theirs)
    (shown,) = merged.shown_notes()
    assert shown.note.text == "theirs"
    assert [(one.author, one.value.text) for one in shown.disputed] == [("Reyes", "mine")]
    assert merged.disputes() == [("notes", KEY)]
    decided = merged.with_note(note("both"), REYES, KEY)
    assert decided.disputes() == []
    assert len(decided.notes[KEY].versions) == 4


def test_who_wrote_outweighs_who_took_away():
    start = case_of("start")
    merged = start.with_note(note("more"), REYES, KEY).merged(start.told("notes", KEY, None, LEE))
    assert texts(merged) == ["more"]
    assert merged.disputes() == [("notes", KEY)]


def test_two_analysts_who_judge_one_finding_judge_the_same_thing():
    on = Anchor(AnchorKind.FINDING, "as Reyes saw it", "a", time_ns=AT, type="execve", tid=7, rule="Shell")
    other = replace(on, label="as Lee saw it", digest="00")
    case = Case().with_triage(Triage(on, TriageState.CONFIRMED), REYES)
    case = case.merged(Case().with_triage(Triage(other, TriageState.DISMISSED, "a test"), LEE))
    assert list(case.triage) == [key_of(on)]
    assert case.triage_of(on).reason == "a test"
    assert case.triage_of(replace(on, tid=8)).state is TriageState.OPEN


def test_notes_are_listed_by_the_time_of_what_they_are_on():
    late, early = (Anchor(AnchorKind.MOMENT, time_ns=time) for time in (AT + 9, AT + 1))
    case = Case().with_note(note("late", on=late), REYES).with_note(note("early", on=early), REYES)
    assert texts(case) == ["early", "late"]


def in_report(*texts):
    case = Case()
    for number, text in enumerate(texts):
        case = case.with_note(note(text, report=case.report_end()), REYES, f"{number:032x}")
    return case


@pytest.mark.parametrize(
    ("which", "to", "order"),
    [(0, 2, "bca"), (2, 0, "cab"), (1, 1, "abc"), (0, 1, "bac"), (2, 99, "abc"), (1, -5, "bac")],
)
def test_a_note_is_moved_in_the_report(which, to, order):
    case = moved_in_report(in_report("a", "b", "c"), f"{which:032x}", to, REYES)
    assert "".join(one.note.text for one in case.report_notes()) == order


def test_moving_costs_one_version_and_goes_on_when_no_number_is_left_between():
    case = in_report("a", "b", "c")
    for turn in range(60):
        case = moved_in_report(case, f"{turn % 3:032x}", 1, By("Reyes", AT + turn))
    notes = "".join(one.note.text for one in case.report_notes())
    assert sorted(notes) == ["a", "b", "c"]
    assert notes[1] == "abc"[59 % 3]
    assert len({one.note.report for one in case.report_notes()}) == 3


def test_a_note_that_is_not_in_the_report_cannot_be_moved_there():
    with pytest.raises(CaseError, match="not in the report"):
        moved_in_report(case_of("a"), KEY, 0, REYES)


def test_what_is_not_there_cannot_be_taken_away():
    with pytest.raises(CaseError, match="there is none"):
        Case().told("notes", KEY, None, REYES)


def test_an_anchor_has_what_its_kind_is_found_by():
    with pytest.raises(CaseError, match="'pid'"):
        Anchor(AnchorKind.PROCESS)
    with pytest.raises(CaseError, match="ends at 4"):
        Anchor(AnchorKind.WINDOW, time_ns=5, end_ns=4)


def test_severities_are_in_order():
    assert sorted(Severity, key=lambda one: one.rank)[-1] is Severity.CRITICAL


@settings(max_examples=30, deadline=None)
@given(cases, cases, cases)
def test_merging_is_the_same_in_any_order_and_however_often(one, two, three):
    assert one.merged(two) == two.merged(one)
    assert one.merged(two).merged(three) == one.merged(two.merged(three))
    assert one.merged(one) == one
    assert one.merged(two).merged(two) == one.merged(two)


@settings(max_examples=30, deadline=None)
@given(cases, cases)
def test_merging_takes_nothing_away(one, two):
    merged = one.merged(two)
    for case in (one, two):
        for key, record in case.notes.items():
            assert set(record.versions) <= set(merged.notes[key].versions)
