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
    FormatError,
    State,
    Verdict,
    files_of,
    open_captures,
    recordings_of,
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


_WORST = (Exit.FINE, Exit.UNTRUSTED, Exit.CUT_SHORT, Exit.UNREADABLE, Exit.ALTERED)
"""What several recordings come to is the last of these that one of them is."""


@dataclass(frozen=True, slots=True)
class _Report:
    """What is told of one recording."""

    name: str
    answer: _Answer | None
    """None: it cannot be read."""
    key: str | None
    origins: Sequence[tuple[Path, Verdict, bool]]
    """Of each parent named, how it is, and whether it is one."""
    unread: str = ""

    @property
    def is_signed(self) -> bool:
        return self.answer is not None and (self.key is None or _is_signed_by(self.answer, self.key))

    @property
    def code(self) -> Exit:
        if self.answer is None:
            return Exit.UNREADABLE
        code = _CODES[self.answer.whole.verdict.state]
        made_of = all(one.state is State.WHOLE and is_one for _, one, is_one in self.origins)
        return Exit.UNTRUSTED if code is Exit.FINE and not (self.is_signed and made_of) else code

    def told(self) -> dict[str, Any]:
        """For machines."""
        if self.answer is None:
            return {"file": self.name, "state": "not readable", "reason": self.unread}
        told = {"file": self.name} | _told(self.answer, self.key, signed=self.is_signed)
        if self.origins:
            told["parents"] = [
                {"file": str(path), "state": verdict.state, "made_of": is_one}
                for path, verdict, is_one in self.origins
            ]
        return told

    def print(self) -> None:
        """For people."""
        if self.answer is None:
            return
        whole = self.answer.whole
        for path, one in (*self.answer.members, (self.name, whole)):
            _print(path, one)
        manifests = [f"{path}: manifest, {signature}" for path, signature in whole.manifests]
        for words in (*manifests, *whole.faults):
            click.echo(printable(words))
        for parent, verdict, is_one in self.origins:
            click.echo(printable(f"{'' if is_one else 'not '}made of {parent}, which is {verdict}"))
        if self.answer.members and not whole.manifests:
            click.echo("the manifest of the set is not here: files taken away from its end are not missed")
        if not self.is_signed:
            click.echo(f"not signed by {self.key}")


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
    file is a cut, one that was exchanged makes the set altered. Files of several recordings are judged
    recording by recording, and the exit code is the worst of them.

    Digests alone show damage and careless changes: who changes a capture on purpose can make all of them
    anew, but no signature. That is what --key is for.

    \b
    exhume-capture verify node.exhume && echo as recorded
    exhume-capture verify node.exhume --key reyes.pub
    exhume-capture verify /var/captures/ --key reyes.pub --json
    exhume-capture verify web.exhume db.exhume
    exhume-capture verify slice.exhume --parent node.exhume

    \b
    Exit codes: 0 whole (and signed by PUB), 3 cut short at a block, 4 altered at a block, 5 not readable,
    7 whole, but not signed by PUB, or not made of the --parent.
    """
    recordings = _recordings(files)
    reports = [_report(recording, key, parents) for recording in recordings]
    code = max((report.code for report in reports), key=_WORST.index)
    if not as_json:
        for report in reports:
            report.print()
    elif len(reports) == 1 and not reports[0].unread:
        click.echo(json.dumps(reports[0].told()))
    elif len(reports) > 1:
        click.echo(json.dumps({"recordings": [report.told() for report in reports]}))
    for report in reports:
        if report.unread:
            click.echo(f"exhume-capture: {printable(report.unread)}", err=True)
    sys.exit(code)


def _recordings(files: Sequence[Path]) -> list[tuple[Path, ...]]:
    """The files of each recording that is meant; a folder stands for itself where all in it are one."""
    found = files_of(files)
    try:
        apart = recordings_of(found)
    except OSError:
        # One that is not there keeps no other from being judged.
        apart = [[path] for path in found]
    return [tuple(files)] if len(apart) == 1 else [tuple(one) for one in apart]


def _report(files: tuple[Path, ...], key: str | None, parents: Sequence[Path]) -> _Report:
    """One recording judged; of several, one that cannot be read keeps no other from being judged."""
    name = str(files[0]) if len(files) == 1 else f"the set from {files[0]} to {files[-1]}"
    try:
        answer = _one(files[0]) if len(files) == 1 and files_of(files) == list(files) else _set(files)
    except (FormatError, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        return _Report(name, None, key, (), f"{name}: {reason}")
    return _Report(name, answer, key, [(path, *_is_origin(path, answer)) for path in parents])


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
