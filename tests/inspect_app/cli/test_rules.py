"""`exhume-inspect rules` on a capture made by hand."""

import json

import pytest
from click.testing import CliRunner

from inspect_app.cli import main
from inspect_app.cli.boundary import ExitCode
from tests.builders.capture import CaptureBuilder

RULES = """
- rule: Shadow opened
  desc: d
  condition: evt.type = openat and fd.name = /etc/shadow
  output: "%proc.name opened %fd.name"
  priority: ERROR
  tags: [credentials]
- rule: Anything opened
  desc: d
  condition: evt.type = openat
  output: opened %fd.name
  priority: DEBUG
- rule: From a name
  desc: d
  condition: mesos.task.name = x
  output: o
  priority: INFO
- rule: Off
  desc: d
  condition: evt.type = openat
  output: o
  priority: INFO
  enabled: false
"""


@pytest.fixture
def files(tmp_path):
    book = CaptureBuilder()
    book.process(100, comm="sh\x1b[31m", cwd="/")
    book.open(100, "/etc/shadow", ino=7)
    book.open(100, "/etc/\x1b]0;hosts", ino=8)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    return book.write(tmp_path / "x.exhume"), rules


def run(files, *more):
    capture, rules = files
    return CliRunner().invoke(main, ["rules", str(capture), "-r", str(rules), *more])


def test_alerts_are_lines_and_what_became_of_each_rule_is_told(files):
    done = run(files)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert [line.split(": ", 1)[1] for line in lines] == [
        "Error sh\\x1b[31m opened /etc/shadow",
        "Debug opened /etc/shadow",
        "Debug opened /etc/\\x1b]0;hosts",
    ]
    assert "\x1b" not in done.output
    assert "not evaluable: From a name" in done.stderr
    assert "4 rules: 2 evaluated, 1 disabled, 1 not evaluable; 3 alerts by 2 of them" in done.stderr


def test_json_is_one_alert_a_line(files):
    done = run(files, "--format", "json", "--rule", "shadow")
    (line,) = done.stdout.splitlines()
    assert json.loads(line)["output_fields"]["fd.name"] == "/etc/shadow"
    assert "\x1b" not in line


def test_a_table_has_a_line_for_each_rule(files):
    done = run(files, "--format", "table")
    assert [line.split("  ")[0] for line in done.stdout.splitlines()] == [
        "rule",
        "Shadow opened",
        "Anything opened",
        "From a name",
        "Off",
    ]


@pytest.mark.parametrize(
    ("options", "alerts"),
    [
        (("--priority", "error"), 1),
        (("--tag", "credentials"), 1),
        (("--tag", "nothing"), 0),
        (("--rule", "opened", "-n", "2"), 2),
        (("--all",), 5),
        (("--filter", "fd.ino = 7"), 2),
    ],
)
def test_rules_and_events_can_be_chosen(files, options, alerts):
    assert len(run(files, *options).stdout.splitlines()) == alerts


def test_why_is_told_below_an_alert(files):
    lines = run(files, "--rule", "shadow", "--explain").stdout.splitlines()
    assert lines[1:] == [
        "    evt.type = openat    [evt.type is openat]",
        "    fd.name = /etc/shadow    [fd.name is /etc/shadow]",
    ]


def test_without_rules_our_own_are_run(files):
    done = CliRunner().invoke(main, ["rules", str(files[0])])
    assert "A file with secrets was opened (file=/etc/shadow" in done.stdout


def test_a_broken_rule_file_is_told_and_the_others_are_run(files, tmp_path):
    broken = tmp_path / "broken.yaml"
    broken.write_text("- rule: [\n")
    done = run(files, "-r", str(broken))
    assert f"error: {broken}:2: no YAML" in done.stderr
    assert len(done.stdout.splitlines()) == 3


def test_a_rule_file_that_is_not_there_is_told_in_one_line(files, tmp_path):
    done = run(files, "-r", str(tmp_path / "none.yaml"))
    assert done.exit_code == ExitCode.UNREADABLE
    assert done.stderr.count("\n") == 1


def test_findings_are_told_by_tactic(files):
    done = CliRunner().invoke(main, ["rules", str(files[0]), "--format", "tactics"])
    header, *lines = done.stdout.splitlines()
    assert header.split() == ["tactic", "rule", "findings"]
    assert any(line.startswith("credential access ") for line in lines)


SIGMA = """
title: Shadow created
logsource: {product: linux, category: file_access}
level: high
author: somebody
falsepositives: [Backups]
detection:
  selection:
    TargetFilename|endswith: /SHADOW
  condition: selection
"""


def test_sigma_rules_of_a_folder_are_run_as_they_are(files, tmp_path):
    folder = tmp_path / "sigma" / "linux"
    folder.mkdir(parents=True)
    (folder / "one.yml").write_text(SIGMA)
    (folder / "notes.txt").write_text("no rule")
    done = CliRunner().invoke(main, ["rules", str(files[0]), "-r", str(tmp_path / "sigma"), "--explain"])
    (alert, *why) = done.stdout.splitlines()
    assert "Error Shadow created (TargetFilename=/etc/shadow " in alert
    assert why[-3:] == [
        "    tolower(fd.name) endswith /shadow    [tolower(fd.name) is /etc/shadow]",
        "    author: somebody",
        "    may be ordinary: Backups",
    ]
    assert "1 rule: 1 evaluated; 1 alert by 1 of them" in done.stderr


def test_where_no_rule_could_be_read_the_exit_code_says_so(files, tmp_path):
    (tmp_path / "broken.yml").write_text("detection: {}\n")
    done = CliRunner().invoke(main, ["rules", str(files[0]), "-r", str(tmp_path / "broken.yml")])
    assert done.exit_code == ExitCode.USAGE
