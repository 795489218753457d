"""exhume-capture check."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from capture.agent.requirements import Answer, check_machine
from capture.cli.errors import Exit, told_in_one_line
from capture.cli.host_option import host_root_option


@click.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path(), help="Folder for captures.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@host_root_option
@told_in_one_line
def check(output: Path, as_json: bool) -> None:
    """Can this machine record? Each requirement, with what to do where the answer is no.

    Exit code 0: it can; 1: it cannot.

    \b
    exhume-capture check
    exhume-capture check -o /var/captures
    """
    answers = check_machine(output)
    if as_json:
        click.echo(json.dumps([asdict(answer) for answer in answers], indent=2))
    else:
        Console(highlight=False).print(_table(answers))
    if not all(answer.ok for answer in answers if answer.needed):
        sys.exit(Exit.FAILED)


def _table(answers: list[Answer]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("Requirement", "", "Found", "What to do"):
        table.add_column(title, overflow="fold")
    for answer in answers:
        word = "[green]yes[/]" if answer.ok else "[red]no[/]" if answer.needed else "[yellow]no[/]"
        table.add_row(answer.name, word, answer.found, "" if answer.ok else answer.remedy)
    return table
