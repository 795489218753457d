"""exhume-capture keygen."""

from __future__ import annotations

from pathlib import Path

import click

from capture.cli.errors import told_in_one_line
from capture.evidence.encrypting import make_identity
from capture.evidence.keys import make_keys


@click.command()
@click.argument("name", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--encryption", is_flag=True, help="A key to be sent encrypted captures: NAME.agekey.")
@told_in_one_line
def keygen(name: Path, encryption: bool) -> None:
    """Make a key to sign captures with: NAME.key, which stays secret, and NAME.pub, which is for everybody.

    Both are PEM files of Ed25519, as OpenSSL makes them (`openssl genpkey -algorithm ed25519 -aes256 -out
    NAME.key` makes one that is locked with a password; `openssl pkey -in NAME.key -pubout -out NAME.pub`).

    \b
    exhume-capture keygen reyes
    exhume-capture record -o node.exhume --sign reyes.key
    exhume-capture verify node.exhume --key reyes.pub

    \b
    exhume-capture keygen reyes --encryption
    exhume-capture encrypt node.exhume -r age1…
    exhume-capture decrypt node.exhume.age -i reyes.agekey
    """
    if encryption:
        path = name.with_name(f"{name.name}.agekey")
        told = make_identity(path)
        click.echo(f"{path}: keep it secret\npublic key, for who encrypts: {told}")
        return
    private, public = name.with_name(f"{name.name}.key"), name.with_name(f"{name.name}.pub")
    key = make_keys(private, public)
    click.echo(f"{private}: keep it secret\n{public}: give it to who verifies\npublic key {key.hex()}")
