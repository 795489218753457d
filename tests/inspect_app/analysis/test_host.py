"""Facts of the section block, wherever it keeps them."""

import pytest

from inspect_app.analysis.host import fact_number, fact_text, options_of, recorder_text

NESTED = {
    "started_ns": 5,
    "host": {"hostname": "node-1", "cpus": 4, "machine": "aarch64", "os": b"Debian \xff"},
    "clock": {"time_zone": "UTC+0100"},
    "recorder": {
        "name": "exhume-capture",
        "version": "0.1.0",
        "command_line": ["exhume-capture", "record"],
        "settings": {"snaplen": 80},
    },
}
FLAT = {"hostname": "node-1", "cpus": 4, "recorder": "exhume 0.1.0", "options": {"payload": 80}}


@pytest.mark.parametrize("section", [NESTED, FLAT])
def test_a_fact_is_found_at_the_top_and_in_its_group(section):
    assert fact_text(section, "hostname") == "node-1"
    assert fact_number(section, "cpus") == 4


def test_the_recorder_and_its_settings_are_told():
    assert recorder_text(NESTED) == "exhume-capture 0.1.0"
    assert recorder_text(FLAT) == "exhume 0.1.0"
    assert fact_text(NESTED, "command_line") == "exhume-capture record"
    assert (options_of(NESTED), options_of(FLAT)) == ({"snaplen": 80}, {"payload": 80})


def test_undecodable_text_is_kept_apart_from_missing_text():
    assert fact_text(NESTED, "os") == "Debian \udcff"
    assert fact_text(NESTED, "kernel") == ""
    assert fact_number(NESTED, "machine") is None


@pytest.mark.parametrize(
    "section", [{}, {"host": None, "recorder": 3}, {"host": [1], "options": "x"}, {"cpus": True}]
)
def test_a_section_of_another_shape_has_no_facts(section):
    assert fact_text(section, "hostname") == ""
    assert fact_number(section, "cpus") is None
    assert options_of(section) == {}
