"""Texts of a capture as the cells of other formats: nothing in them is obeyed by who reads them.

CSV      what a spreadsheet takes for a formula gets a quote before it; control characters, marks that
         reorder text and bytes that are no UTF-8 appear as escapes (`capture.model.text`)
JSON     exact but for bytes that are no UTF-8, which appear as \\xff: a lone surrogate is refused by most
         readers. All else beyond ASCII is escaped, so that a terminal that shows the file obeys nothing
fields   formats without quoting (l2tcsv, TLN): the separator becomes a blank
"""

from __future__ import annotations

import json

from capture.model.text import printable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def decodable(text: str) -> str:
    """The text without lone surrogates: bytes that were no UTF-8 appear as \\xff."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text


def json_text(text: str) -> str:
    """A JSON string, in ASCII."""
    return json.dumps(decodable(text))


def csv_cell(text: str) -> str:
    """A cell that no spreadsheet calculates and no terminal obeys, quoted where it must be."""
    shown = ("'" if text.startswith(_FORMULA_STARTS) else "") + printable(text)
    return '"' + shown.replace('"', '""') + '"' if '"' in shown or "," in shown else shown


def plain_field(text: str, separator: str) -> str:
    """A field of a format that cannot quote."""
    return printable(text).replace(separator, " ")
