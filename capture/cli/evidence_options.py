"""The options of `record` that make a capture evidence: what it is for, who made it, who vouches for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from capture.cli.errors import Exit, fail
from capture.evidence.errors import EvidenceError
from capture.evidence.signing import KeySigner, unlocked_signer

_OPTIONS = (
    click.option("--case", metavar="ID", help="The case that the recording belongs to; kept in the file."),
    click.option("--examiner", metavar="NAME", help="Who records; kept in the file."),
    click.option("--note", metavar="TEXT", help="Why, or whatever is to be known; kept in the file."),
)


def evidence_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return sign_option(command)


def sign_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command --sign; it gets a signer or None."""
    return click.option(
        "--sign",
        "signer",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="KEY",
        callback=_signer,
        help="Sign with this Ed25519 key (PEM); `exhume-capture keygen` makes one.",
    )(command)


def evidence_facts(options: Mapping[str, Any], signer: KeySigner | None) -> dict[str, str]:
    """What the section block says of the recording's purpose; empty where nothing was told."""
    told = {name: options[name] for name in ("case", "examiner", "note") if options[name]}
    return {**told, **({"public_key": signer.public_key.hex()} if signer else {})}


def _signer(_context: click.Context, _parameter: click.Parameter, path: Path | None) -> KeySigner | None:
    """The signer, before anything is recorded: a key that cannot be used is told at once."""
    if path is None:
        return None
    try:
        return unlocked_signer(path, partial(click.prompt, hide_input=True, err=True))
    except EvidenceError as error:
        fail(str(error), Exit.USAGE)
    except OSError as error:
        fail(f"{path}: {error.strerror}", Exit.USAGE)
