"""Captures of strangers, through the commands of the analyst's side."""

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from tests.builders.hostile import CASES

COMMANDS = (
    *(("view", "processes"), ("view", "files", "--format", "csv"), ("view", "programs", "--format", "json")),
    *(("view", "connections"), ("view", "containers"), ("tree",), ("tiles",), ("at", "+1ms")),
    *(("report",), ("slice", "--filter", "evt.rawres < 0")),
)


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_capture_is_shown_without_harm(name, tmp_path):
    path = CASES[name]().write(tmp_path / "x.exhume", block=50)
    for command in COMMANDS:
        word, *more = command
        output = ["-o", str(tmp_path / f"{word}.html")] if word in ("report", "slice") else []
        result = CliRunner().invoke(main, [word, str(path), *more, *output])
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            command,
            result.exception,
        )
        assert result.exit_code == 0, (command, result.stderr)
        assert result.stdout.replace("\n", "").replace("\r", "").isprintable(), command
    html = (tmp_path / "report.html").read_text("utf-8")
    assert "<b>&=1" not in html
    assert not set(html) & set("\x00\x1b\u202e\u2066\u009b")
