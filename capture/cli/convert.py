"""exhume-capture convert."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from capture.cli.errors import Exit, fail, told_in_one_line
from capture.format.convert import Conversion, convert_file
from capture.format.memory import keep_freed_memory
from capture.format.placing import placed
from capture.model.text import printable

_FILE = click.Path(path_type=Path)


@click.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("-o", "--output", type=_FILE, required=True, metavar="OUT", help="Capture to write.")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@told_in_one_line
def convert(file: Path, output: Path, overwrite: bool) -> None:
    """Write what FILE, a .scap file of sysdig, Falco or Stratoshark, holds as a capture.

    Files of versions 1.0 to 1.2 are read, plain or packed with gzip or zstd. The beginning and the end of
    each call become one event that knows how long it took. What is damaged or cut short is converted as far
    as it can be read; the capture is then cut short, too. `exhume-inspect FILE.scap` opens them directly.

    \b
    exhume-capture convert trace.scap -o trace.exhume
    exhume-capture convert falco-capture.scap.gz -o incident.exhume && exhume-inspect incident.exhume
    """
    keep_freed_memory()
    try:
        with placed(output, replaces=overwrite, captures_too=True) as stream:
            result = convert_file(file, stream)
    except FileExistsError:
        fail(f"{output} exists already: choose another name, or pass --overwrite", Exit.WRITE_FAILED)
    _tell(file, output, result)


def _tell(file: Path, output: Path, result: Conversion) -> None:
    tally = result.tally
    click.echo(
        f"{output}: {tally.events:,} events from {tally.blocks:,} records of a .scap file of version "
        f"{result.version}; {tally.paired:,} calls have their beginning and end joined"
    )
    for note in result.notes():
        click.echo(f"exhume-capture: {printable(str(file))}: {note}", err=True)
    if not result.is_whole:
        sys.exit(Exit.CUT_SHORT)
