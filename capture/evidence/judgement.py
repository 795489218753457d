"""Is a capture what was recorded, and who vouches for it: chain, signature and manifest in one answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from capture.evidence.manifest import NOT_HERE, manifests_of
from capture.evidence.signing import Signature, Signed, check_signature
from capture.format import Capture, CaptureFile, CaptureSet, Damage, State, Verdict

_DAMAGE = {
    Signed.INVALID: (State.ALTERED, Damage.FORGED, "the signature is not one of this chain"),
    Signed.MISSING: (State.CUT_SHORT, Damage.UNSIGNED, "the signature that the first block tells is missing"),
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What can be said of a file, or of the files of a set together."""

    verdict: Verdict
    signature: Signature
    manifests: Sequence[tuple[str, Signature]] = ()
    """Of a set: the path of each manifest beside its files, and who signed that."""
    faults: Sequence[str] = ()
    """What differs between these and the files, in words."""

    def __str__(self) -> str:
        return f"{self.verdict}; {self.signature}"


def judge(capture: Capture) -> Judgement:
    """Judge an opened capture: of a set all files, their chain, and the manifest beside them.

    A set is signed by a key when each of its files is.
    """
    if isinstance(capture, CaptureFile):
        return judge_file(capture)
    return judge_set(capture, [judge_file(member) for member in capture.members])


def judge_file(capture: CaptureFile) -> Judgement:
    """Judge one file."""
    documents = capture.documents.get("signature", [])
    facts = capture.section.get("evidence")
    announced = facts.get("public_key") if isinstance(facts, dict) else None
    verdict = capture.verdict
    if verdict.state is State.CUT_SHORT and not documents:
        # Without its end there is nothing that could have been signed.
        return Judgement(verdict, Signature(Signed.NOT))
    found = check_signature(documents[0] if documents else None, capture.closing_digest, announced)
    if verdict.state is State.WHOLE and found.state in _DAMAGE:
        verdict = _damaged(verdict, found.state)
    return Judgement(verdict, found)


def judge_set(capture: CaptureSet, members: list[Judgement]) -> Judgement:
    """Judge the files of a set, each of which was judged already."""
    found = {member.signature for member in members}
    signature = found.pop() if len(found) == 1 else Signature(Signed.NOT)
    verdict = capture.verdict
    worst = [one.verdict for one in members if one.verdict.damage in (Damage.FORGED, Damage.UNSIGNED)]
    if verdict.state is State.WHOLE and worst:
        verdict = worst[0]
    manifests, faults = manifests_of(capture.members)
    if faults and verdict.state is State.WHOLE:
        verdict = _differing(verdict, faults)
    return Judgement(verdict, signature, manifests, faults)


def _damaged(verdict: Verdict, signed: Signed) -> Verdict:
    state, damage, reason = _DAMAGE[signed]
    return replace(verdict, state=state, damage=damage, reason=reason)


def _differing(verdict: Verdict, faults: Sequence[str]) -> Verdict:
    """What a whole chain is when the manifest tells of others: something is gone, or was exchanged."""
    unsigned, gone = str(Signed.MISSING), [fault.endswith(NOT_HERE) for fault in faults]
    if all(one or fault.endswith(unsigned) for one, fault in zip(gone, faults, strict=True)):
        damage = Damage.MISSING if all(gone) else Damage.UNSIGNED
        return replace(verdict, state=State.CUT_SHORT, damage=damage, reason=faults[0])
    return replace(verdict, state=State.ALTERED, damage=Damage.FOREIGN, reason=faults[0])
