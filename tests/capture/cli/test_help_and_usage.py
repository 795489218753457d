"""What the commands say of themselves, and what they refuse to be told."""

import json

import click
import pytest

from capture.agent.requirements import check_machine
from capture.cli import main
from capture.cli.record import Duration

COMMANDS = sorted(main.commands)


def test_there_are_these_commands_and_no_others():
    assert [
        *(
            "check",
            "convert",
            "decrypt",
            "encrypt",
            "events",
            "freeze",
            "info",
            "keygen",
            "merge",
            "record",
            "redact",
        ),
        *("salvage", "slice", "verify"),
    ] == COMMANDS


def test_the_help_of_the_group_shows_examples_and_exit_codes(run):
    text = run("--help").stdout
    assert "exhume-capture record -o node.exhume --duration 60s" in text
    for code in range(8):
        assert f"\n    {code}  " in text
    for command in COMMANDS:
        assert f"exhume-capture {command}" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_shows_how_it_is_used(command, run):
    result = run(command, "-h")
    assert result.exit_code == 0
    assert f"exhume-capture {command} " in result.stdout


@pytest.mark.parametrize("command", ["info", "verify", "events"])
@pytest.mark.parametrize("arguments", [(), ("a", "--no-such-option")])
def test_wrong_usage_has_its_own_exit_code(command, arguments, run):
    assert run(command, *arguments).exit_code == 2


@pytest.mark.parametrize("arguments", [("-n", "-1"), ("-n", "x"), ("--format", "xml")])
def test_wrong_options_are_refused(arguments, run):
    assert run("events", "file", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30", 30),
        ("30s", 30),
        ("0.5", 0.5),
        ("500ms", 0.5),
        ("5m", 300),
        ("5min", 300),
        ("1h", 3600),
        ("1.5h", 5400),
        ("2 s", 2),
    ],
)
def test_a_duration_is_read_in_its_unit(text, seconds):
    assert Duration().convert(text, None, None) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text", ["", "0", "0s", "-1", "-1s", "s", "5d", "5 minutes", "1e3", "1h30m", "inf", "nan", "5,5s", "٣"]
)
def test_what_is_no_duration_is_refused_with_examples(text):
    with pytest.raises(click.BadParameter, match="30s, 500ms, 5m or 1h was expected"):
        Duration().convert(text, None, None)


@pytest.mark.parametrize("arguments", [("--duration", "soon"), ("--snaplen", "-1"), ("--snaplen", "99999")])
def test_record_refuses_wrong_options_before_it_makes_a_file(arguments, run, tmp_path):
    path = tmp_path / "never.exhume"
    assert run("record", "-o", path, *arguments).exit_code == 2
    assert not path.exists()


def test_record_does_not_write_over_a_capture(run, capture):
    before = capture.read_bytes()
    result = run("record", "-o", capture, "--duration", "1ms")
    assert result.exit_code == 6
    assert "exists already" in result.stderr
    assert "--overwrite" in result.stderr
    assert capture.read_bytes() == before


def test_record_tells_where_it_cannot_write(run, tmp_path):
    result = run("record", "-o", tmp_path / "no" / "such" / "folder.exhume", "--duration", "1ms")
    assert result.exit_code == 6
    assert result.stderr.count("\n") == 1
    assert "cannot be written" in result.stderr


def test_check_tells_each_requirement_and_the_remedy_of_what_is_missing(run, tmp_path):
    answers = check_machine(tmp_path)
    result = run("check", "-o", tmp_path, "--json")
    told = json.loads(result.stdout)
    assert [row["name"] for row in told] == [answer.name for answer in answers]
    assert all(row["ok"] or row["remedy"] for row in told)
    able = all(row["ok"] for row in told if row["needed"])
    assert result.exit_code == (0 if able else 1)
    text = run("check", "-o", tmp_path).stdout
    assert all(answer.name.split()[0] in text for answer in answers)
