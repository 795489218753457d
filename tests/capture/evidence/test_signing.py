"""A signature is of the whole file: nothing can be changed even by who makes all digests anew."""

import io
import random
import subprocess
import sys

import pytest

from capture.evidence.judgement import judge_file
from capture.evidence.keys import PasswordNeeded, load_private_key, load_public_key, make_keys
from capture.evidence.signing import Signature, Signed, check_signature, load_signer
from capture.format import CaptureFile, Damage, FormatError, State, verify
from tests.builders.capture import MS, START_NS, CaptureBuilder
from tests.builders.evidence import blocks_of, rewrite, signer_of

SIGNER = signer_of(1)
KEY = SIGNER.public_key.hex()


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A small signed capture: section, snapshot, three event blocks, end, signature."""
    book = CaptureBuilder()
    book.tables = {"processes": []}
    book.process(100, comm="sh")
    for at in range(3):
        book.event("openat", text=b"/etc/passwd", ret=3, data=b"x" * at)
    folder = tmp_path_factory.mktemp("signed")
    plain = book.write(folder / "plain.exhume", block=1)
    return rewrite(plain, folder / "signed.exhume", signer=SIGNER)


def judged(path):
    with CaptureFile.open(path) as capture:
        return judge_file(capture)


def state_of(data):
    try:
        verdict = verify(io.BytesIO(data))
        if verdict.state is not State.WHOLE:
            return verdict
        capture = CaptureFile(io.BytesIO(data))
        capture.grow()
        return judge_file(capture).verdict
    except FormatError:
        return None


def test_a_signed_capture_says_by_whom(signed):
    judgement = judged(signed)
    assert judgement.verdict.state is State.WHOLE
    assert judgement.signature == Signature(Signed.VALID, KEY)
    assert str(judgement).endswith(f"signed by {KEY}")


def test_an_unsigned_capture_is_whole_and_not_signed(tmp_path):
    judgement = judged(CaptureBuilder().write(tmp_path / "plain.exhume"))
    assert (judgement.verdict.state, judgement.signature) == (State.WHOLE, Signature(Signed.NOT))


def test_every_changed_byte_of_a_signed_capture_is_seen(signed):
    data = signed.read_bytes()
    for at in range(len(data)):
        for other in {data[at] ^ 1, data[at] ^ 0x80, 0, 0xFF} - {data[at]}:
            verdict = state_of(data[:at] + bytes([other]) + data[at + 1 :])
            assert verdict is None or verdict.state is not State.WHOLE, (at, other)


def test_the_first_damage_is_named_with_what_happened(signed):
    parts = blocks_of(signed.read_bytes())
    other = parts[3]
    cases = {
        Damage.MISSING: [*parts[:3], *parts[4:]],
        Damage.REORDERED: [*parts[:3], parts[4], parts[3], *parts[5:]],
        Damage.DUPLICATED: [*parts[:4], other, *parts[4:]],
        Damage.ALTERED: [*parts[:3], other[:-1] + bytes([other[-1] ^ 1]), *parts[4:]],
    }
    for damage, blocks in cases.items():
        verdict = state_of(b"".join(blocks))
        assert (verdict.state, verdict.damage) == (State.ALTERED, damage)
        assert verdict.block == (4 if damage is Damage.DUPLICATED else 3)
        assert verdict.before == START_NS + MS * (2 if damage is Damage.DUPLICATED else 1)
        assert verdict.after == START_NS + MS * 3, damage


@pytest.mark.parametrize("number", range(7))
def test_a_block_behind_the_end_is_seen_whichever_it_is(signed, number):
    parts = blocks_of(signed.read_bytes())
    verdict = state_of(b"".join([*parts, parts[number]]))
    assert (verdict.state, verdict.damage) == (State.ALTERED, Damage.DUPLICATED)


def test_random_changes_of_a_signed_capture_are_seen(signed):
    rng, data = random.Random(7), signed.read_bytes()
    parts = blocks_of(data)
    for _ in range(300):
        changed = any_change(rng, data, parts)
        verdict = state_of(changed)
        assert changed == data or verdict is None or verdict.state is not State.WHOLE


def any_change(rng, data, parts):
    """One of the ways in which a file can be changed without making digests anew."""
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    at, size = rng.randrange(len(data)), rng.randint(1, 9)
    match rng.randrange(6):
        case 0:
            return data[:at] + rng.randbytes(size) + data[at + size :]
        case 1:
            return b"".join(parts[:one] + parts[one + 1 :])
        case 2:
            parts = parts.copy()
            parts[one], parts[other] = parts[other], parts[one]
            return b"".join(parts)
        case 3:
            return b"".join([*parts[:one], parts[other], *parts[one:]])
        case 4:
            return data[:at] + data[at + size :]
        case _:
            return data + rng.randbytes(size)


def test_a_forger_who_makes_all_digests_anew_cannot_sign(signed, tmp_path):
    """The old signature is put behind the changed chain."""

    def without_an_event(block):
        return None if block.header.kind == "events" and block.header.first == START_NS + MS else block

    forged = rewrite(signed, tmp_path / "forged.exhume", change=without_an_event)
    judgement = judged(forged)
    assert (judgement.verdict.state, judgement.verdict.damage) == (State.ALTERED, Damage.FORGED)
    assert judgement.signature.state is Signed.INVALID


def test_a_signature_that_was_taken_away_is_missed(signed, tmp_path):
    path = tmp_path / "bare.exhume"
    path.write_bytes(b"".join(blocks_of(signed.read_bytes())[:-1]))
    judgement = judged(path)
    assert (judgement.verdict.state, judgement.verdict.damage) == (State.CUT_SHORT, Damage.UNSIGNED)


def test_a_signature_of_another_key_than_the_announced_one_does_not_fit(signed, tmp_path):
    def unsigned(block):
        return None if block.header.kind == "signature" else block

    other = rewrite(signed, tmp_path / "x.exhume", signer=signer_of(2), evidence=False, change=unsigned)
    judgement = judged(other)
    assert judgement.verdict.damage is Damage.FORGED
    assert judgement.signature.state is Signed.INVALID


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"algorithm": "none", "public_key": SIGNER.public_key, "signature": bytes(64)},
        {"algorithm": "ed25519", "public_key": b"", "signature": bytes(64)},
        {"algorithm": "ed25519", "public_key": bytes(32), "signature": bytes(64)},
        {"algorithm": "ed25519", "public_key": SIGNER.public_key, "signature": bytes(64)},
        {"algorithm": "ed25519", "public_key": KEY, "signature": bytes(64)},
        {"algorithm": "ed25519", "public_key": SIGNER.public_key, "signature": None},
    ],
)
def test_a_document_that_is_no_signature_fits_nothing(document):
    assert check_signature(document, bytes(32), None).state is Signed.INVALID


def test_a_signature_of_a_capture_does_not_do_for_a_manifest():
    document = SIGNER.document(bytes(32))
    assert check_signature(document, bytes(32), KEY).state is Signed.VALID
    assert check_signature(document, bytes(32), KEY, b"exhume manifest 1\0").state is Signed.INVALID
    assert check_signature(document, bytes(31) + b"x", KEY).state is Signed.INVALID


def test_keys_are_pem_files_that_openssl_reads(tmp_path):
    key = make_keys(tmp_path / "me.key", tmp_path / "me.pub")
    assert (tmp_path / "me.key").stat().st_mode & 0o777 == 0o600
    assert load_public_key(tmp_path / "me.pub") == key == load_signer(tmp_path / "me.key").public_key
    openssl = ["openssl", "pkey", "-in", tmp_path / "me.key", "-pubout"]
    done = subprocess.run(openssl, capture_output=True, check=True)
    assert done.stdout == (tmp_path / "me.pub").read_bytes()
    with pytest.raises(FileExistsError):
        make_keys(tmp_path / "me.key", tmp_path / "me.pub")


def test_a_locked_key_of_openssl_asks_for_its_password(tmp_path):
    path = tmp_path / "locked.key"
    make = ["openssl", "genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:sesame", "-out", path]
    subprocess.run(make, capture_output=True, check=True)
    for password in (None, b"wrong"):
        with pytest.raises(PasswordNeeded):
            load_private_key(path, password)
    assert len(load_signer(path, b"sesame").public_key) == 32


def test_nothing_that_records_or_reads_loads_the_library_of_signatures():
    program = "import sys, capture.cli, capture.agent.recorder; print('cryptography' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
