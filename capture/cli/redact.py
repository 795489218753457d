"""exhume-capture redact."""

from __future__ import annotations

from pathlib import Path

import click

from capture.cli.errors import told_in_one_line
from capture.cli.opening import files_argument, opened
from capture.cli.output_option import output_option, say_made
from capture.evidence.deriving import Part, derive, new_capture
from capture.evidence.redacting import FIELDS, Masking
from capture.evidence.redaction import make_redactor
from capture.evidence.signing import KeySigner


@click.command(
    epilog="\b\nFields:\n" + "\n".join(f"  {name:12} {meaning}" for name, meaning in FIELDS.items())
)
@files_argument
@output_option
@click.option(
    "--pattern",
    "patterns",
    metavar="PATTERN",
    multiple=True,
    help="Mask what this regular expression (RE2) matches, anywhere; its group 'secret' where it has one. "
    "May be repeated.",
)
@click.option("--secrets", is_flag=True, help="Mask common secrets: password=…, tokens, keys, cookies.")
@click.option(
    "--field",
    "fields",
    type=click.Choice(list(FIELDS)),
    multiple=True,
    help="Mask all of this. May be repeated.",
)
@told_in_one_line
def redact(  # noqa: PLR0917  click hands options over by name
    files: tuple[Path, ...],
    output: Path,
    signer: KeySigner | None,
    patterns: tuple[str, ...],
    secrets: bool,
    fields: tuple[str, ...],
) -> None:
    """Write a copy of FILE that may be handed on: what must not be seen is masked with asterisks.

    Lengths, counts and times stay true. The copy lists what was masked where, and names the digests of the
    blocks in which it stood: who has FILE can show the original. FILE itself is not changed.

    \b
    exhume-capture redact node.exhume -o out.exhume --secrets --field payload
    exhume-capture redact node.exhume -o out.exhume --pattern 'ACME-[0-9]+' --field users --field host
    """
    if not (patterns or secrets or fields):
        raise click.UsageError("nothing is to be masked: say what with --pattern, --secrets or --field")
    try:
        redactor = make_redactor(patterns, secrets=secrets, everywhere=True)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--pattern") from error
    # What was looked for may be what must not be seen: only how many patterns there were is told.
    options = {"patterns": len(patterns), "secrets": secrets, "field": list(fields)}
    masking = Masking(fields, redactor)
    with opened(files) as capture, new_capture(output) as stream:
        told = {name: value for name, value in options.items() if value}
        writer = derive([Part(capture, None, masking)], stream, "redact", told, signer)
    spots = sum(int(row["count"]) for row in masking.listing().get("masked", ()))
    say_made(output, writer.events_written, f", {spots:,} places masked")
