"""exhume-capture verify."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from capture.cli.errors import Exit, told_in_one_line
from capture.cli.opening import files_argument
from capture.evidence.errors import EvidenceError
from capture.evidence.judgement import Judgement, judge_file, judge_set
from capture.evidence.keys import load_public_key
from capture.evidence.provenance import digests_of_parents
from capture.evidence.signing import Signature, Signed, key_of_hex
from capture.format import (
    CaptureFile,
    CaptureSet,
    State,
    Verdict,
    files_of,
    open_captures,
    refuse_devices,
)
from capture.format import verify as verify_stream
from capture.format.integrity import Walk
from capture.model.text import printable

_CODES = {State.WHOLE: Exit.FINE, State.CUT_SHORT: Exit.CUT_SHORT, State.ALTERED: Exit.ALTERED}


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was found out about the files that were named."""

    whole: Judgement
    members: Sequence[tuple[str, Judgement]] = ()
    """Of a set, each file."""
    origins: Collection[str] = ()
    """Digests of the captures that it was made of."""


def _public_key(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return (load_public_key(Path(value)) if Path(value).exists() else key_of_hex(value)).hex()
    except (EvidenceError, OSError) as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@files_argument
@click.option("--key", metavar="PUB", callback=_public_key, help="Whose signature is wanted: PEM or hex.")
@click.option(
    "--parent",
    "parents",
    type=click.Path(path_type=Path, dir_okay=False),
    multiple=True,
    help="A capture that FILE was made of: is it the one? May be repeated.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@told_in_one_line
def verify(files: tuple[Path, ...], key: str | None, parents: tuple[Path, ...], as_json: bool) -> None:
    """Is FILE whole, cut short, or altered, and who signed it?

    Reads every byte and checks every digest, the chain that the digests make, and the signature of its end.
    The first block that is not as it was is named with what happened to it (altered, missing, reordered,
    duplicated, of another capture, appended) and the times of the events around it. Of a set of files, or the
    folder they are in, it checks each file, whether they are a chain, and the manifest beside them: a missing
    file is a cut, one that was exchanged makes the set altered.

    Digests alone show damage and careless changes: who changes a capture on purpose can make all of them
    anew, but no signature. That is what --key is for.

    \b
    exhume-capture verify node.exhume && echo as recorded
    exhume-capture verify node.exhume --key reyes.pub
    exhume-capture verify /var/captures/ --key reyes.pub --json
    exhume-capture verify slice.exhume --parent node.exhume

    \b
    Exit codes: 0 whole (and signed by PUB), 3 cut short at a block, 4 altered at a block, 5 not readable,
    7 whole, but not signed by PUB, or not made of the --parent.
    """
    answer = _one(files[0]) if len(files) == 1 and files_of(files) == list(files) else _set(files)
    name = str(files[0]) if len(files) == 1 else "the set"
    signed = key is None or _is_signed_by(answer, key)
    origins = [(path, _is_origin(path, answer)) for path in parents]
    trusted = signed and all(one.state is State.WHOLE and is_one for _, (one, is_one) in origins)
    if as_json:
        told = _told(answer, key, signed=signed)
        if parents:
            told["parents"] = [
                {"file": str(path), "state": verdict.state, "made_of": is_one}
                for path, (verdict, is_one) in origins
            ]
        click.echo(json.dumps(told))
    else:
        for path, one in (*answer.members, (name, answer.whole)):
            _print(path, one)
        manifests = [f"{path}: manifest, {signature}" for path, signature in answer.whole.manifests]
        for words in (*manifests, *answer.whole.faults):
            click.echo(printable(words))
        for parent, (verdict, is_one) in origins:
            click.echo(printable(f"{'' if is_one else 'not '}made of {parent}, which is {verdict}"))
        if answer.members and not answer.whole.manifests:
            click.echo("the manifest of the set is not here: files taken away from its end are not missed")
        if not signed:
            click.echo(f"not signed by {key}")
    code = _CODES[answer.whole.verdict.state]
    sys.exit(Exit.UNTRUSTED if code is Exit.FINE and not trusted else code)


def _one(path: Path) -> _Answer:
    refuse_devices(path)
    with path.open("rb") as stream:
        verdict = verify_stream(stream)
    if verdict.state is not State.WHOLE:
        # What is damaged may not open; where it does not, the damage is what is to be told.
        return _Answer(Judgement(verdict, Signature(Signed.NOT)))
    with CaptureFile.open(path) as capture:
        return _Answer(judge_file(capture), origins=digests_of_parents(capture.section))


def _set(files: Sequence[Path]) -> _Answer:
    with open_captures(files) as capture:
        if not isinstance(capture, CaptureSet):
            return _Answer(judge_file(capture))
        judged = [judge_file(member) for member in capture.members]
        whole = judge_set(capture, judged)
        members = [(member.path, one) for member, one in zip(capture.members, judged, strict=True)]
    return _Answer(whole, members)


def _is_signed_by(answer: _Answer, key: str) -> bool:
    """Whether all is signed by a key: of a set the files, and the manifest, which tells the last of them."""
    wanted = Signature(Signed.VALID, key)
    manifests = [one == wanted for _, one in answer.whole.manifests]
    return answer.whole.signature == wanted and all(manifests) and bool(manifests or not answer.members)


def _is_origin(path: Path, answer: _Answer) -> tuple[Verdict, bool]:
    """How a parent is, and whether it is one that the capture names."""
    refuse_devices(path)
    with path.open("rb") as stream:
        walk = Walk(stream)
        for _ in walk:
            pass
        return walk.verdict, walk.digest.hex() in answer.origins


def _told(answer: _Answer, key: str | None, *, signed: bool) -> dict[str, Any]:
    told = _fields(answer.whole)
    if key is not None:
        told["signed_by_key"] = signed
    if answer.members:
        told["files"] = [_fields(one) | {"file": path} for path, one in answer.members]
        told["manifests"] = [
            {"file": path, "signature": _signature(one)} for path, one in answer.whole.manifests
        ]
        told["faults"] = list(answer.whole.faults)
    return told


def _fields(judged: Judgement) -> dict[str, Any]:
    verdict = judged.verdict
    return {
        "state": verdict.state,
        "damage": verdict.damage,
        "block": verdict.block,
        "blocks": verdict.blocks,
        "reason": verdict.reason,
        "last_event_before": verdict.before,
        "first_event_after": verdict.after,
        "signature": _signature(judged.signature),
    }


def _signature(signature: Signature) -> dict[str, str]:
    return {"state": signature.state, "key": signature.key}


def _print(name: str, judged: Judgement) -> None:
    verdict, signature = judged.verdict, judged.signature
    more = f"; {signature}" if signature.state is not Signed.NOT else ""
    click.echo(printable(f"{name}: {verdict}{more}"))
    if verdict.state is not State.WHOLE and verdict.before:
        click.echo(f"the last event before that returned at {_iso(verdict.before)}")
    if verdict.after:
        click.echo(f"the first event behind it returned at {_iso(verdict.after)}")


def _iso(time_ns: int) -> str:
    try:
        return datetime.fromtimestamp(time_ns / 1e9, UTC).isoformat(timespec="milliseconds")
    except (ValueError, OverflowError):
        return f"{time_ns} ns since 1970"
