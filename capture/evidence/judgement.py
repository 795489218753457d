"""Is a capture what was recorded, and who vouches for it: digests, chain and signature in one answer."""

from __future__ import annotations

from dataclasses import dataclass, replace

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

    def __str__(self) -> str:
        return f"{self.verdict}; {self.signature}"


def judge(capture: Capture) -> Judgement:
    """Judge an opened capture: of a set all files, and their chain.

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
    return Judgement(verdict, signature)


def _damaged(verdict: Verdict, signed: Signed) -> Verdict:
    state, damage, reason = _DAMAGE[signed]
    return replace(verdict, state=state, damage=damage, reason=reason)
