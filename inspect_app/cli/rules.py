"""`exhume-inspect rules`: detection rules over a whole capture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from capture.model.text import printable
from inspect_app.analysis.selection import select
from inspect_app.cli.boundary import EXIT_CODES, ExitCode, guarded, open_for_command, window_option
from inspect_app.cli.commands import main
from inspect_app.cli.options import FILE, files_argument, filter_option, window_choice
from inspect_app.cli.output import echo_rows
from inspect_app.frames.capture import CaptureFrames
from inspect_app.rules.alerts import Finding, findings_of
from inspect_app.rules.built_in import built_in_rules
from inspect_app.rules.explanation import explained
from inspect_app.rules.rule import Priority, Rule
from inspect_app.rules.run import Run, State, read_rules, run_rules
from inspect_app.rules.whole import findings_by_tactic
from inspect_app.views.format import format_count

_COLUMNS = ("rule", "state", "looked at", "matches", "ms", "priority", "why")
_TACTICS = ("tactic", "rule", "findings")
_RULES_HELP = (
    "A file or folder of rules, Falco's or Sigma's; several are read in order, later ones tune earlier. "
    "Without: our own rules."
)
_FORMAT_HELP = "Alerts as Falco's text or JSON lines; a table has a line for each rule, or tactic of ATT&CK."
_LEAST_HELP = "Only rules that matter as much or more."


@main.command("rules", epilog=EXIT_CODES)
@files_argument
@click.option("-r", "--rules", "paths", type=FILE, multiple=True, metavar="YAML", help=_RULES_HELP)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "table", "tactics"]),
    default="text",
    show_default=True,
    help=_FORMAT_HELP,
)
@filter_option
@window_choice
@click.option("--rule", "names", multiple=True, metavar="NAME", help="Only rules whose name has NAME in it.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only rules with this tag.")
@click.option(
    "--priority", type=click.Choice([one.name for one in Priority], case_sensitive=False), help=_LEAST_HELP
)
@click.option("--all", "disabled_too", is_flag=True, help="Also rules that are disabled in their file.")
@click.option(
    "--explain", "why", is_flag=True, help="Below each alert: which comparisons held, and for what."
)
@click.option("-n", "limit", type=click.IntRange(min=0), metavar="N", help="Show the first N alerts only.")
@guarded
def rules_command(  # noqa: PLR0917 - click hands over options by name
    files: tuple[Path, ...],
    paths: tuple[Path, ...],
    form: str,
    expression: str,
    window: str,
    names: tuple[str, ...],
    tags: tuple[str, ...],
    priority: str | None,
    disabled_too: bool,
    why: bool,
    limit: int | None,
) -> CaptureFrames:
    """Run detection rules over a capture: those of Falco or Sigma, unchanged, or our own.

    Alerts go to standard output. Standard error tells how many rules were evaluated, and names each that
    could not be: a rule that asks for what the capture does not hold is never silently false.

    \b
    Examples:
      exhume-inspect rules node.exhume
      exhume-inspect rules node.exhume -r falco_rules.yaml -r local.yaml --format json
      exhume-inspect rules node.exhume -r sigma/rules/linux/ --format table
      exhume-inspect rules node.exhume --tag container --priority WARNING --explain
    """
    rules = read_rules(paths) if paths else built_in_rules()
    frames = open_for_command(files, expression)
    selection = select(frames, window_option(frames, window), [expression])
    least = Priority.named(priority or "") or Priority.DEBUG

    def is_chosen(rule: Rule) -> bool:
        return (
            (rule.is_enabled or disabled_too)
            and rule.priority <= least
            and (not names or any(name.casefold() in rule.name.casefold() for name in names))
            and (not tags or bool(set(tags) & set(rule.tags)))
        )

    run = run_rules(rules, frames, among=selection, chosen=is_chosen)
    if form == "table":
        echo_rows(_COLUMNS, [*_lines(run)], form)
    elif form == "tactics":
        echo_rows(_TACTICS, [*_by_tactic(run)], "table")
    else:
        _echo_alerts(run, frames, form, limit, why=why)
    _tell(run, form)
    if not run.outcomes and any(problem.is_fatal for problem in run.problems):
        raise SystemExit(ExitCode.USAGE)
    return frames


def _echo_alerts(run: Run, frames: CaptureFrames, form: str, limit: int | None, *, why: bool) -> None:
    host = str(frames.host.get("hostname") or "")
    for finding in islice(findings_of(run, frames), limit):
        click.echo(finding.json(host) if form == "json" else printable(finding.text()))
        if why and form == "text":
            for line in _reasons(finding, frames):
                click.echo(printable(line))


def _reasons(finding: Finding, frames: CaptureFrames) -> Iterator[str]:
    outcome = finding.outcome
    root = outcome.expression.root if outcome.expression else None
    for line in explained(outcome.rule, root, frames, finding.row):
        yield f"    {line}"


def _lines(run: Run) -> Iterator[tuple[str, ...]]:
    for one in run.outcomes:
        figures = ("", "", "")
        if one.state is State.EVALUATED:
            figures = (f"{one.looked_at:,}", f"{len(one.rows):,}", f"{one.seconds * 1e3:.1f}")
        yield (one.rule.name, str(one.state), *figures, one.rule.priority.title, one.reason)


def _by_tactic(run: Run) -> Iterator[tuple[str, ...]]:
    for tactic, rules in findings_by_tactic(run).items():
        for rule, count in rules.items():
            yield (tactic or "none named", rule, f"{count:,}")


def _tell(run: Run, form: str) -> None:
    """What became of the rules, for a person."""
    for problem in run.problems:
        kind = "error" if problem.is_fatal else "warning"
        click.echo(printable(f"{kind}: {problem}"), err=True)
    if form != "table":
        for one in run.outcomes:
            if one.state in (State.NOT_EVALUABLE, State.INVALID):
                place = f"{one.rule.file}:{one.rule.line}"
                click.echo(printable(f"{one.state}: {one.rule.name} ({place}): {one.reason}"), err=True)
    states = ", ".join(f"{run.count(state):,} {state}" for state in State if run.count(state))
    found = sum(len(one.rows) for one in run.outcomes)
    matched = sum(bool(len(one.rows)) for one in run.outcomes)
    rules = format_count(len(run.outcomes), "rule", "rules")
    alerts = format_count(found, "alert", "alerts")
    click.echo(f"{rules}: {states or 'none'}; {alerts} by {matched:,} of them", err=True)
    sys.stderr.flush()
