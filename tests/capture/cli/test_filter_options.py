"""Options that leave out: what they become, and what is refused."""

import click
import pytest

from capture.cli.filter_options import filter_options, recording_filter
from capture.model.recording_filter import Rule


def read(*arguments, command=()):
    """What the options of a command line become."""
    found = []

    @click.command()
    @filter_options
    def command_of_options(**options):
        found.append(recording_filter(options, command))

    command_of_options.main(list(arguments), standalone_mode=False)
    return found[0].rules


@pytest.mark.parametrize(
    ("arguments", "rules"),
    [
        ([], ()),
        (["--only-container", "web"], (Rule("only", "container", ("web",)),)),
        (["--skip-call", "futex,poll"], (Rule("skip", "call", ("futex", "poll")),)),
        (["--skip-call", "futex", "--skip-call", "poll"], (Rule("skip", "call", ("futex", "poll")),)),
        (["--skip-category", "memory"], (Rule("skip", "category", ("memory",)),)),
        (["--only-uid", "1000,alice"], (Rule("only", "uid", ("1000", "alice")),)),
        (["--skip-comm", "postgres"], (Rule("skip", "comm", ("postgres",)),)),
        (["--only-cgroup", "/system.slice/foo"], (Rule("only", "cgroup", ("/system.slice/foo",)),)),
        (["--skip-pod", "kube-system/*"], (Rule("skip", "pod", ("kube-system/*",)),)),
        (["--only-tree", "1234"], (Rule("only", "tree", ("1234",)),)),
    ],
)
def test_options_become_rules(arguments, rules):
    assert read(*arguments) == rules


def test_only_a_command_is_a_tree_of_its_own():
    assert read("--only-command", command=("make", "all")) == (Rule("only", "tree", ("command",)),)
    assert read("--only-command", "--only-tree", "7", command=("make",)) == (
        Rule("only", "tree", ("7", "command")),
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--skip-call", "futexx"], ["futexx is not a system call", "did you mean futex"]),
        (["--skip-call", "close"], ["close is always recorded", "names"]),
        (["--skip-category", "mem"], ["mem is not a category", "io-read", "memory"]),
        (["--only-tree", "x"], ["a process id was expected"]),
        (["--only-tree", "0"], ["a process id was expected"]),
        (["--only-uid", str(1 << 32)], ["no user has a number above"]),
        (["--only-cgroup", "system.slice"], ["/system.slice/foo"]),
        (["--only-command"], ["needs a command", "make all"]),
    ],
)
def test_what_nothing_could_match_is_refused_with_what_would_do(arguments, words):
    with pytest.raises(click.UsageError) as error:
        read(*arguments)
    for word in words:
        assert word in error.value.format_message()


def test_the_help_of_record_shows_filters_by_example(run):
    text = run("record", "--help").stdout
    for word in ("--only-container", "--skip-category", "--only-command", "--only-container web"):
        assert word in text
