"""The manifest of a set: files at its end that were taken away are missed."""

import json
import os

import pytest

from capture.agent.files import CaptureFiles
from capture.agent.freezing import save
from capture.agent.rotation import FileNames, Rotation
from capture.evidence.judgement import judge
from capture.evidence.manifest import ListedFile, read_manifest, write_manifest
from capture.evidence.signing import Signature, Signed
from capture.format import CaptureFile, Damage, FormatError, State, create, join_files, open_captures
from capture.format.sets import MANIFEST_SUFFIX
from tests.builders.evidence import signer_of

SIGNER = signer_of(1)
KEY = SIGNER.public_key.hex()


@pytest.fixture
def recorded(tmp_path):
    """Four signed files and their manifest, as a recorder makes them."""
    return record(tmp_path)


def record(folder, *, signer=SIGNER, turns=3, complete=True, evidence=None, **limits):
    names = FileNames(folder / "node.exhume", counted=True)
    path = folder / "node-00001.exhume"
    files = CaptureFiles(create(path), path, Rotation(size=1, **limits), names, signer=signer)
    key = {"public_key": signer.public_key.hex()} if signer else {}
    evidence = {"evidence": {**(evidence or {}), **key}} if key or evidence else {}
    with files:
        files.begin(evidence)
        for _ in range(turns):
            following = files.open_next()
            files.writer.end({})
            files.advance(*following)
            files.begin(evidence)
            files.drop_old()
            files.list_files(complete=False)
        if complete:
            files.writer.end({})
            files.list_files(complete=True)
    return folder


def manifest_in(folder):
    [path] = folder.glob(f"*{MANIFEST_SUFFIX}")
    return path


def verified(run, folder, *options):
    result = run("verify", folder, "--json", *options)
    return result.exit_code, json.loads(result.stdout)


def test_a_set_and_its_manifest_are_signed_by_the_key(recorded, run):
    code, told = verified(run, recorded, "--key", KEY)
    assert (code, told["state"], told["signed_by_key"]) == (0, "whole", True)
    assert told["manifests"][0]["signature"] == {"state": "signed", "key": KEY}
    assert manifest_in(recorded).stat().st_mode & 0o777 == 0o600
    assert sorted(path.suffix for path in recorded.iterdir()) == [".exhume"] * 4 + [".json"]
    assert verified(run, recorded, "--key", signer_of(2).public_key.hex())[0] == 7


def test_a_manifest_named_among_the_files_is_read_beside_them(recorded, run):
    """As by a shell's `*`."""
    result = run("verify", *sorted(recorded.iterdir()), "--json")
    assert (result.exit_code, json.loads(result.stdout)["state"]) == (0, "whole")
    assert run("info", *sorted(recorded.iterdir())).exit_code == 0
    first = [recorded / "node-00001.exhume", manifest_in(recorded)]
    result = run("verify", *first, "--json")
    assert "node-00002.exhume is not here" in json.loads(result.stdout)["reason"]
    assert run("verify", manifest_in(recorded)).exit_code == 5


def test_files_taken_from_the_end_are_missed(recorded, run):
    (recorded / "node-00004.exhume").unlink()
    code, told = verified(run, recorded)
    assert (code, told["state"]) == (3, "cut short")
    assert "node-00004.exhume is not here" in told["reason"]
    (recorded / "node-00003.exhume").unlink()
    (recorded / "node-00002.exhume").unlink()
    assert verified(run, recorded)[0] == 3


def test_without_the_manifest_a_set_is_not_vouched_for(recorded, run):
    manifest_in(recorded).unlink()
    assert verified(run, recorded)[0] == 0
    assert verified(run, recorded, "--key", KEY)[0] == 7
    assert "the manifest of the set is not here" in run("verify", recorded, "--key", KEY).stdout


def test_every_change_of_what_a_manifest_says_is_seen(recorded, run):
    path = manifest_in(recorded)
    facts = json.loads(path.read_text())
    changes = (
        {"complete": False},
        {"removed": 1},
        {"files": facts["files"][:-1]},
        {"files": [{**facts["files"][0], "digest": "00" * 32}, *facts["files"][1:]]},
        {"signature": {**facts["signature"], "signature": "00" * 64}},
        {"signature": {**facts["signature"], "public_key": "zz"}},
        {"signature": 7},
    )
    for change in changes:
        path.write_text(json.dumps({**facts, **change}))
        assert read_manifest(path).signature.state is Signed.INVALID
        assert verified(run, recorded)[0] == 4, change


def test_a_signature_taken_from_a_manifest_is_missed(recorded, run):
    path = manifest_in(recorded)
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "signature": None, "files": facts["files"][:-1]}))
    (recorded / "node-00004.exhume").unlink()
    code, told = verified(run, recorded)
    assert (code, told["damage"]) == (3, "signature missing")


def test_a_manifest_signed_by_somebody_else_does_not_fit(recorded, run):
    path = manifest_in(recorded)
    facts = json.loads(path.read_text())
    files = [ListedFile(**row) for row in facts["files"][:-1]]
    write_manifest(path, facts["set"], files, complete=True, removed=0, signer=signer_of(2))
    (recorded / "node-00004.exhume").unlink()
    assert verified(run, recorded)[0] == 4


@pytest.mark.parametrize("content", ["", "no json {", '{"files": [7]}', "[" * 100_000])
def test_a_manifest_that_cannot_be_read_makes_its_set_altered(content, recorded, run):
    """The files are told one by one all the same."""
    manifest_in(recorded).write_text(content)
    code, told = verified(run, recorded)
    assert (code, told["state"]) == (4, "altered")
    assert told["reason"] == f"{manifest_in(recorded).name} is no manifest, or a damaged one"
    assert [one["state"] for one in told["files"]] == ["whole"] * 4


def test_the_manifests_of_others_are_passed_over(recorded, run):
    (recorded / f"web{MANIFEST_SUFFIX}").write_text('{"name": "a web application"}')
    (recorded / f"never-ends{MANIFEST_SUFFIX}").symlink_to("/dev/zero")
    os.mkfifo(recorded / f"waits{MANIFEST_SUFFIX}")
    assert verified(run, recorded, "--key", KEY)[0] == 0


def test_a_report_and_the_window_judge_a_set_with_its_manifest(recorded):
    (recorded / "node-00004.exhume").unlink()
    with open_captures([recorded]) as capture:
        judged = judge(capture)
    assert (judged.verdict.state, judged.verdict.damage) == (State.CUT_SHORT, Damage.MISSING)


def test_files_that_a_recorder_at_work_gave_up_are_not_missed(tmp_path, run):
    """Its manifest is written anew with the next file only."""
    record(tmp_path, complete=False, keep=5)
    (tmp_path / "node-00001.exhume").unlink()
    assert verified(run, tmp_path)[1]["faults"] == []
    (tmp_path / "node-00003.exhume").unlink()
    assert verified(run, tmp_path)[1]["faults"] == [
        f"{manifest_in(tmp_path).name}: node-00003.exhume is not here"
    ]


def test_a_file_that_the_recorder_gave_up_is_not_missed(tmp_path, run):
    record(tmp_path, keep=2, turns=4)
    assert read_manifest(manifest_in(tmp_path)).removed == 3
    assert verified(run, tmp_path, "--key", KEY)[0] == 0


def test_a_killed_recorder_leaves_a_manifest_of_what_was_closed(tmp_path, run):
    record(tmp_path, complete=False)
    manifest = read_manifest(manifest_in(tmp_path))
    assert not manifest.complete
    assert [file.number for file in manifest.files] == [1, 2, 3]
    code, told = verified(run, tmp_path)
    assert (code, told["faults"]) == (3, [])


def test_a_set_that_is_not_signed_has_a_manifest_too(tmp_path, run):
    record(tmp_path, signer=None)
    assert read_manifest(manifest_in(tmp_path)).signature == Signature(Signed.NOT)
    assert verified(run, tmp_path)[0] == 0


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "7",
        "{}",
        "[" * 100_000,
        '{"files": [7]}',
        '{"files": [], "set": 1, "complete": 1}',
        '{"files": [{"name": "a", "number": "1", "bytes": 1, "digest": ""}],'
        ' "set": 1, "complete": 1, "removed": 0}',
        '{"files": [], "set": 1, "complete": 1, "removed": 1e999}',
        "\udcff",
    ],
)
def test_what_is_no_manifest_is_refused(content, tmp_path):
    path = tmp_path / f"x{MANIFEST_SUFFIX}"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(FormatError, match="no manifest"):
        read_manifest(path)


def test_files_of_a_signed_set_put_together_are_whole_without_a_signature(recorded, run):
    out = recorded.parent / "frozen.exhume"
    with create(out) as stream:
        join_files(sorted(recorded.glob("*.exhume")), stream, {})
    code, told = verified(run, out)
    assert (code, told["state"], told["signature"]["state"]) == (0, "whole", "not signed")
    out.unlink()


def test_files_put_together_are_signed_by_who_puts_them_together_and_keep_the_case(tmp_path, run):
    folder = record(tmp_path, evidence={"case": "24-17", "examiner": "Reyes"})
    out, other = tmp_path.parent / f"{tmp_path.name}-frozen.exhume", signer_of(2)
    save(sorted(folder.glob("*.exhume")), out, {"asked": 1}, other)
    code, told = verified(run, out, "--key", other.public_key.hex())
    assert (code, told["state"], told["signed_by_key"]) == (0, "whole", True)
    with CaptureFile.open(out) as capture:
        assert capture.section["evidence"] == {
            "case": "24-17", "examiner": "Reyes", "public_key": other.public_key.hex()
        }  # fmt: skip
        assert capture.section["frozen"] == {"asked": 1}
    out.unlink()
