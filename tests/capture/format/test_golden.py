"""Files of released versions stay readable, also by a reader written from docs/capture-format.md alone."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from capture.cli import main
from capture.format import FORMAT_VERSION, TEXT_COLUMNS, CaptureFile, State
from tests.builders.golden import write_golden
from tests.capture.format.second_reader import read_capture

GOLDEN = Path(__file__).parent / "golden"
VERSIONS = sorted(path.stem for path in GOLDEN.glob("*.exhume"))


@pytest.mark.parametrize("version", VERSIONS)
def test_a_file_of_each_version_is_whole_and_tells_the_same_events(version):
    result = CliRunner().invoke(main, ["events", str(GOLDEN / f"{version}.exhume")])
    assert result.output == (GOLDEN / f"{version}.events.txt").read_text("utf-8")
    assert result.exit_code == 0


def test_what_is_written_today_holds_what_the_golden_file_holds(tmp_path):
    write_golden(tmp_path / "today.exhume")
    newest = GOLDEN / f"v{FORMAT_VERSION}.exhume"
    with CaptureFile.open(newest) as old, CaptureFile.open(tmp_path / "today.exhume") as new:
        assert old.verdict.state is new.verdict.state is State.WHOLE
        assert (old.section, old.documents, old.ending) == (new.section, new.documents, new.ending)
        then, now = old.read_columns(), new.read_columns()
        assert {name: values.tolist() for name, values in then.items()} == {
            name: values.tolist() for name, values in now.items()
        }
        assert old.texts == new.texts


@pytest.mark.parametrize("version", VERSIONS)
def test_a_second_reader_written_from_the_page_finds_the_same(version):
    section, documents, events = read_capture(GOLDEN / f"{version}.exhume")
    with CaptureFile.open(GOLDEN / f"{version}.exhume") as capture:
        columns = capture.read_columns()
        assert len(events) == capture.count == 20
        for row, event in enumerate(events):
            for name, values in columns.items():
                value = int(values[row])
                if name in TEXT_COLUMNS:
                    assert event[name] == (capture.texts[value] if value else None)
                else:
                    assert event.get(name, 0) == value, (row, name)
            assert event["payload"] == capture.payload(row)
        assert section == capture.section
        for name in ("processes", "descriptors", "users", "cgroups"):
            assert documents["snapshot", name] == [{"rows": capture.table(name)}]
        assert documents["containers", ""] == capture.documents["containers"]
        assert documents["end", ""] == [capture.ending]
