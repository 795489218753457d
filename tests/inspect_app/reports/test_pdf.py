"""The PDF form, read again with pypdf."""

import io
import re

import pypdf
import pytest

from inspect_app.reports.writers.glyphs import drawable
from inspect_app.reports.writers.layout import shares
from inspect_app.reports.writers.pdf import write_pdf
from tests.builders.report import everything

EVIL = '#eval("1") #panic() $x^2$ *bold* _it_ = heading @ref <label> `raw` \\ "quoted" #{1+1} //no /*no*/ https://x.example'
PATH = "/var/lib/" + "0123456789abcdef" * 8 + "/merged/bin/with_under_and-dash"


def read(report):
    return pypdf.PdfReader(io.BytesIO(write_pdf(report)))


def text_of(reader):
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(text):
    return re.sub(r"\s", "", text)


@pytest.fixture(scope="module")
def document():
    return read(everything(EVIL, exact=PATH))


def test_markup_at_any_place_of_a_report_is_shown_and_not_obeyed(document):
    assert squeezed(text_of(document)).count(squeezed(EVIL)) >= 10


def test_nothing_in_it_leads_out_of_the_document(document):
    actions = [annotation.get_object() for page in document.pages for annotation in page.get("/Annots", [])]
    assert actions
    assert not [one for one in actions if "/URI" in one.get("/A", {})]
    assert "/JavaScript" not in document.trailer["/Root"].get("/Names", {})
    assert "/OpenAction" not in document.trailer["/Root"]


def test_a_long_path_is_broken_and_can_still_be_copied_as_it_is(document):
    text = text_of(document)
    assert squeezed(PATH) in squeezed(text)
    assert "\u200b" not in text
    assert "\u00ad" not in text


def test_it_has_pages_with_numbers_a_header_and_bookmarks(document):
    last = document.pages[-1].extract_text()
    assert f"Page {len(document.pages)} of {len(document.pages)}" in last
    assert "Case" in last
    assert [one.title for one in document.outline if not isinstance(one, list)]


def test_it_is_tagged_for_readers_who_hear_it_and_made_for_archives(document):
    root = document.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].lower().startswith("en")
    told = root["/Metadata"].get_data().decode()
    assert re.search(r"pdfaid:part[>=\"']+2", told)
    assert re.search(r"pdfuaid:part[>=\"']+1", told)


def test_the_same_report_is_the_same_bytes():
    assert write_pdf(everything()) == write_pdf(everything())


def test_columns_share_the_width_of_the_page():
    table = next(block for block in everything().sections[0].blocks if getattr(block, "id", "") == "some")
    parts = shares(table)
    assert sum(parts) == pytest.approx(1, abs=0.01)
    assert parts[1] == max(parts)
    assert min(parts) > 0.04


def test_what_the_fonts_cannot_draw_is_written_as_an_escape():
    text = text_of(read(everything("日本 \U0001f600 naïve Ω Щ →")))
    assert "\\u65e5\\u672c \\U0001f600 naïve Ω Щ →" in text
    assert "日" not in text


def test_characters_that_a_report_writes_itself_can_be_drawn():
    assert drawable("✓ ✗ … — – · “”  → ≥ ▾ KiB µs") == "✓ ✗ … — – · “”  → ≥ ▾ KiB µs"
