"""The Word form, read again with python-docx."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn

from inspect_app.reports.writers.word import write_word
from tests.builders.report import everything

EVIL = '</w:t><w:instrText>DDEAUTO c:\\\\cmd</w:instrText> { HYPERLINK "http://x.example" } =1+1'


def read(report):
    return docx.Document(io.BytesIO(write_word(report)))


@pytest.fixture(scope="module")
def document():
    return read(everything(EVIL))


def test_a_field_or_element_in_a_text_is_shown_and_not_obeyed(document):
    texts = [node.text for node in document.element.iter(qn("w:t"))]
    assert sum(EVIL in (text or "") for text in texts) >= 10
    assert [node.text for node in document.element.iter(qn("w:instrText"))] == []
    assert not list(document.element.iter(qn("w:hyperlink"), qn("w:fldSimple")))


def test_the_only_fields_are_those_of_page_numbers(document):
    section = document.sections[0]
    told = [
        node.text
        for part in (section.header, section.footer, section.first_page_footer)
        for node in part._element.iter(qn("w:instrText"))
    ]
    assert set(told) == {"PAGE", "NUMPAGES"}


def test_headings_are_headings(document):
    levels = [line.style.name for line in document.paragraphs if line.style.name.startswith("Heading")]
    assert levels == ["Heading 1", "Heading 2", "Heading 1", "Heading 1"]


def test_tables_repeat_their_header_on_every_page(document):
    headers = [row for table in document.tables for row in table._tbl.iter(qn("w:tblHeader"))]
    assert len(headers) >= 4


def test_pictures_are_told_in_words(document):
    (shape,) = document.inline_shapes
    assert shape._inline.docPr.get("descr") == EVIL


ORDER = {
    "w:tblPr": ["w:tblStyle", "w:tblW", "w:jc", "w:tblBorders", "w:tblLayout", "w:tblCellMar", "w:tblLook"],
    "w:tcPr": ["w:tcW", "w:shd"],
    "w:pPr": ["w:pStyle", "w:keepNext", "w:keepLines", "w:numPr", "w:shd", "w:spacing", "w:ind", "w:jc"],
}


@pytest.mark.parametrize("name", ORDER)
def test_properties_stand_in_the_order_of_the_schema(document, name):
    """Word says of others that the file is damaged."""
    places = {qn(one): place for place, one in enumerate(ORDER[name])}
    for properties in document.element.iter(qn(name)):
        found = [places[child.tag] for child in properties]
        assert found == sorted(found)


def test_it_leads_nowhere_outside():
    with zipfile.ZipFile(io.BytesIO(write_word(everything(EVIL)))) as package:
        told = b"".join(package.read(name) for name in package.namelist() if name.endswith(".rels"))
    assert b'TargetMode="External"' not in told


def test_the_same_report_is_the_same_bytes():
    assert write_word(everything()) == write_word(everything())
