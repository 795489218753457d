"""Cases made by hand, and hypothesis strategies for any."""

from hypothesis import strategies as st

from inspect_app.cases import Anchor, AnchorKind, Case, Note, Severity, Triage, TriageState
from inspect_app.cases.case import SHELVES, THE_CASE, By
from inspect_app.cases.note import Bookmark, Facts, SavedLink, Sighting
from inspect_app.cases.record import Record, Version

AT = 1_700_000_000_000_000_000
REYES, LEE = By("Reyes", AT), By("Lee", AT + 5)


def note(text="seen", *, on=None, **facts):
    return Note(on or Anchor(AnchorKind.MOMENT, time_ns=AT), text, **facts)


def case_of(*texts, by=REYES):
    """A case with a note for each text; the key of each is its number."""
    case = Case()
    for number, text in enumerate(texts):
        case = case.with_note(note(text), by, f"{number:032x}")
    return case


_words = st.text(max_size=8)
_times = st.integers(-(2**63), 2**63 - 1)
_anchors = st.one_of(
    st.builds(Anchor, st.just(AnchorKind.CAPTURE), _words),
    st.builds(
        Anchor,
        st.just(AnchorKind.EVENT),
        _words,
        time_ns=_times,
        tid=st.none() | st.integers(0, 9),
        type=_words,
    ),
    st.builds(Anchor, st.just(AnchorKind.FILE), path=st.text(min_size=1, max_size=9), ino=st.none() | _times),
)
_VALUES = {
    "facts": st.builds(Facts, _words, _words),
    "notes": st.builds(
        Note,
        _anchors,
        _words,
        st.lists(_words, max_size=2).map(tuple),
        st.sampled_from(Severity),
        st.none() | _times,
    ),
    "triage": st.builds(Triage, _anchors, st.sampled_from(TriageState), _words),
    "bookmarks": st.builds(Bookmark, _anchors, _words),
    "links": st.builds(SavedLink, _words, _words),
}
_keys = st.sampled_from([THE_CASE, "1" * 32, "a" * 32])
_clock = st.integers(0, 3)


@st.composite
def records(draw, shelf):
    """A value that was changed a few times, here or elsewhere."""
    record = Record.first(draw(_VALUES[shelf]), draw(_words), draw(_clock))
    for _ in range(draw(st.integers(0, 2))):
        value = draw(st.none() | _VALUES[shelf])
        if draw(st.booleans()):
            record = record.changed(value, draw(_words), draw(_clock))
        else:
            other = Record.of(frozenset({Version(value, draw(_words), draw(_clock))}))
            record = record.merged(other)
    return record


cases = st.builds(
    Case,
    **{shelf: st.dictionaries(_keys, records(shelf), max_size=2) for shelf in SHELVES},
    captures=st.frozensets(st.builds(Sighting, _words, st.lists(_words, max_size=2).map(tuple)), max_size=2),
)
"""Any case."""
