"""docs/capture-format.md says what the code does."""

import re
from pathlib import Path

import pytest

from capture.format import EVENT_COLUMNS, FORMAT_VERSION, blocks, columns, pool
from capture.format.blocks import Header
from capture.model.events import EventFlag, SchedCode

PAGE = (Path(__file__).parents[3] / "docs/capture-format.md").read_text("utf-8")


@pytest.mark.parametrize("name", EVENT_COLUMNS)
def test_each_column_is_on_the_page_with_its_type(name):
    row = re.search(
        rf"^\| .*`{'a0' if re.match('a[1-5]', name) else name}`.* \| `(..\d)` \|", PAGE, re.MULTILINE
    )
    assert row[1] == EVENT_COLUMNS[name]


@pytest.mark.parametrize("flag", EventFlag)
def test_each_flag_is_on_the_page_with_its_bit(flag):
    assert f"| {int(flag)} | {flag.name} |" in PAGE


@pytest.mark.parametrize("code", SchedCode)
def test_each_scheduler_code_is_on_the_page(code):
    assert f"| `0x{int(code):04X}` | {code.name.lower()}" in PAGE


@pytest.mark.parametrize("name", Header.__slots__)
def test_each_field_of_the_header_is_on_the_page(name):
    assert re.search(rf"^\| .*`{name}`.* \| (str|int|bin) \|", PAGE, re.MULTILINE)


def test_the_limits_are_on_the_page():
    assert f"Format version {FORMAT_VERSION}." in PAGE
    for what, limit in (
        ("header", f"{blocks.MAX_HEADER >> 10} KiB"),
        ("body", f"{blocks.MAX_BODY >> 20} MiB"),
        ("events in a block", f"{columns.MAX_EVENTS:,}"),
        ("columns in a block", f"{columns.MAX_COLUMNS}"),
        ("texts, and payload, of a block when unpacked", f"{columns.MAX_TEXTS >> 20} MiB each"),
        ("a document when unpacked", f"{blocks.MAX_DOCUMENT >> 20} MiB"),
        ("entries of one list or map", f"{blocks.MAX_LENGTH:,}"),
        ("nesting of a document", f"{blocks.MAX_DEPTH} levels"),
        (
            "events in a file of n bytes, and rows of counted calls",
            f"{pool.EVENTS:,} + {pool.EVENTS_PER_BYTE} n each",
        ),
    ):
        assert f"| {what} | {limit} |" in PAGE


def test_the_first_bytes_of_a_block_are_on_the_page():
    assert f"`{blocks.PREFIX.hex(' ').upper()}`" in PAGE
