"""What the window and a report say of who vouches for a capture, and of where it comes from."""

from capture.evidence.provenance import provenance as told_of
from inspect_app.analysis.summary import summarise
from inspect_app.frames import open_capture
from inspect_app.reports.report import build_report
from inspect_app.reports.sections.recorded import provenance
from tests.builders.capture import CaptureBuilder
from tests.builders.evidence import rewrite, signer_of


def test_an_opened_capture_tells_who_signed_it_and_where_it_comes_from(tmp_path):
    section = {"evidence": {"case": "24-17", "examiner": "R\x1b[31m"}, "derived": [{"operation": "slice"}, 7]}
    book = CaptureBuilder(**section)
    book.event("getpid")
    plain = book.write(tmp_path / "plain.exhume")
    frames = open_capture(plain)
    assert (frames.state.state, frames.state.signed) == ("whole", False)
    assert frames.state.detail.endswith("as recorded; not signed.")
    signed = open_capture(rewrite(plain, tmp_path / "signed.exhume", signer=signer_of(1)))
    assert signed.state.signed
    assert signer_of(1).public_key.hex() in signed.state.detail
    facts = provenance(summarise(frames))
    told = {fact.name: fact.value for fact in facts}
    assert told["Case"] == "24-17"
    assert "\x1b" not in told["Examiner"]
    cover = {fact.name: fact.value for fact in build_report(frames).cover}
    assert cover["Verification"] == frames.state.detail
    assert cover["Case"] == "24-17"


def test_what_was_asked_for_when_it_was_derived_is_said_in_words():
    options = {"left_out": 5_915, "secrets": True, "bare": False, "field": ["payload", "users"]}
    section = {"derived": [{"operation": "redact", "options": options, "parents": [{"file": "node.exhume"}]}]}
    (told,) = told_of(section)
    assert told.text.endswith("(left out 5,915, secrets yes, bare no, field payload users)")
