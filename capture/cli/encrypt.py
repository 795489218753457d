"""exhume-capture encrypt and decrypt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from capture.cli.errors import told_in_one_line
from capture.evidence import encrypting
from capture.evidence.deriving import new_capture
from capture.evidence.errors import EvidenceError
from capture.format import refuse_devices
from capture.model.text import printable

_SUFFIX = ".age"
_PATH = click.Path(path_type=Path, dir_okay=False, readable=False)


def _recipients(_context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]) -> list[Any]:
    try:
        found = []
        for value in values:
            a_file = not value.startswith(("age1", "ssh-")) and Path(value).exists()
            found += encrypting.recipients_of(Path(value)) if a_file else [encrypting.recipient(value)]
    except (EvidenceError, OSError) as error:
        raise click.BadParameter(str(error)) from error
    return found


@click.command()
@click.argument("file", type=_PATH)
@click.option(
    "-r",
    "--recipient",
    "recipients",
    metavar="KEY",
    multiple=True,
    required=True,
    callback=_recipients,
    help="Who may open it: age1…, ssh-ed25519 …, or a file of them. May be repeated.",
)
@click.option("-o", "--output", type=_PATH, metavar="OUT", help="The new file [FILE.age].")
@told_in_one_line
def encrypt(file: Path, recipients: list[Any], output: Path | None) -> None:
    """Encrypt FILE to the public keys of its recipients, in the age format.

    Each recipient can open it alone, with `exhume-capture decrypt` or any age program; nobody else can, you
    included unless you are one of them. FILE stays as it is. Without a plain copy on the node:
    `exhume-capture record -o - | age -r age1… > node.exhume.age`

    \b
    exhume-capture encrypt node.exhume -r age1d3cpqm0… -r ~/.ssh/id_ed25519.pub
    """
    refuse_devices(file)
    output = output or file.with_name(file.name + _SUFFIX)
    with file.open("rb") as source, new_capture(output) as target:
        encrypting.encrypt(source, target, recipients)
    click.echo(
        f"{printable(str(output))}: encrypted to {len(recipients)} key{'s' if len(recipients) > 1 else ''}",
        err=True,
    )


@click.command()
@click.argument("file", type=_PATH)
@click.option(
    "-i",
    "--identity",
    "keys",
    type=_PATH,
    metavar="KEY",
    multiple=True,
    required=True,
    help="File of your secret key. May be repeated.",
)
@click.option("-o", "--output", type=_PATH, metavar="OUT", help="The new file [FILE without .age].")
@told_in_one_line
def decrypt(file: Path, keys: tuple[Path, ...], output: Path | None) -> None:
    """Decrypt FILE with your secret key, and say nothing of it unless all of it is as it was encrypted.

    \b
    exhume-capture decrypt node.exhume.age -i reyes.agekey
    exhume-capture verify node.exhume
    """
    refuse_devices(file)
    if output is None and file.suffix != _SUFFIX:
        raise click.UsageError(f"{file} does not end in {_SUFFIX}: name the new file with -o")
    output = output or file.with_suffix("")
    identities = [identity for path in keys for identity in encrypting.identities_of(path)]
    with file.open("rb") as source, new_capture(output) as target:
        encrypting.decrypt(source, target, identities)
    click.echo(f"{printable(str(output))}: decrypted", err=True)
