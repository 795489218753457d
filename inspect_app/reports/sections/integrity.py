"""Whether the files are as they were written, who vouches for them, and what they were made of."""

from __future__ import annotations

from pathlib import Path

from inspect_app.reports.material import Material
from inspect_app.reports.model import Block, Column, Fact, Facts, Kind, Paragraph, Section, Table, Tone
from inspect_app.reports.wording import shown_text

TITLE = "Integrity"
_STATES = {
    "whole": "All blocks of the capture are there, and each is as it was written.",
    "cut short": "The capture ends before it was closed. What is there is as it was written.",
    "altered": "The capture is not as it was written. Only what is whole was read.",
    "unfinished": "The capture was still being written when this report was made.",
}
_HOW = (
    "Each block of a capture holds the digest of the block before it, so that no block can be changed, taken "
    "out, put in or moved without notice. All digests were computed anew when the capture was opened for "
    "this report; opening does not change it."
)


def integrity(material: Material) -> Section:
    """The verification state of every file, digests and signature."""
    summary = material.summary
    state = summary.state
    facts = [
        Fact("Verification", shown_text(state.detail) or "not known"),
    ]
    if state.signed:
        facts.append(Fact("Signature", "fits; the key is told above"))
    told = dict(summary.provenance)
    if told.get("Key"):
        facts.append(Fact("Announced key", shown_text(told["Key"]), exact=True))
    if not material.is_brief:
        facts += [
            Fact("Derived", shown_text(text)) for title, text in summary.provenance if title == "Derived"
        ]
    warn = Tone.PLAIN if state.state == "whole" else Tone.WARNING
    blocks: list[Block] = [
        Paragraph(_STATES.get(state.state, shown_text(state.detail)), warn),
        Facts(tuple(facts)),
    ]
    if not material.is_brief:
        blocks += [_files(material), Paragraph(_HOW, Tone.SOFT)]
    return Section("integrity", TITLE, tuple(blocks))


def _files(material: Material) -> Table:
    last = material.frames.host.get("digests")
    heads = [str(one) for one in last] if isinstance(last, list) else []
    given = list(material.given.digests) or [(Path(material.frames.path).name, "")]
    heads += [""] * (len(given) - len(heads))
    rows = tuple(
        (shown_text(name), digest or "not computed", shown_text(head) or "not known")
        for (name, digest), head in zip(given, heads, strict=False)
    )
    columns = (
        Column("File", Kind.EXACT),
        Column("SHA-256 of the file", Kind.EXACT),
        Column("Digest of its last block", Kind.EXACT),
    )
    return Table("files-of-capture", "Files of the capture", columns, rows, ("file", "files"), len(rows))
