"""A real recording as evidence: case, signature and manifest; and parts that are made of it."""

import json

import pytest

from capture.format import CaptureFile
from tests.kernel.captures import exhume_capture

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    """A folder with the files of a signed recording, and the key."""
    folder = tmp_path_factory.mktemp("signed")
    exhume_capture("keygen", folder / "me")
    told = ("--case", "24-17", "--examiner", "Reyes", "--note", "a try", "--sign", folder / "me.key")
    (folder / "set").mkdir()
    limits = ("--rotate-time", "1s", "--snaplen", "64", "--only-command")
    command = ("sh", "-c", "for i in 1 2 3 4 5 6 7 8; do cat /etc/hostname; sleep 0.3; done")
    done = exhume_capture("record", "-o", folder / "set/node.exhume", *limits, *told, "--", *command)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_recording_is_signed_file_by_file_with_its_manifest(signed):
    files = sorted((signed / "set").glob("*.exhume"))
    assert len(files) >= 2
    done = exhume_capture("verify", signed / "set", "--key", signed / "me.pub", "--json")
    told = json.loads(done.stdout)
    assert (done.returncode, told["state"], told["signed_by_key"]) == (0, "whole", True)
    assert len(told["manifests"]) == 1
    for path in files:
        with CaptureFile.open(path) as capture:
            evidence = capture.section["evidence"]
            assert (evidence["case"], evidence["examiner"], evidence["note"]) == ("24-17", "Reyes", "a try")
            assert "evidence" not in capture.section["recorder"]["settings"]
    files[-1].rename(signed / "taken.exhume")
    assert exhume_capture("verify", signed / "set").returncode == 3
    (signed / "taken.exhume").rename(files[-1])


def test_parts_of_a_recording_are_whole_and_lead_back_to_it(signed):
    one, two = signed / "one.exhume", signed / "two.exhume"
    assert exhume_capture("merge", signed / "set", "-o", one).returncode == 0
    done = exhume_capture("redact", one, "-o", two, "--field", "payload", "--sign", signed / "me.key")
    assert done.returncode == 0, done.stderr
    parents = [f"--parent={path}" for path in (one, *sorted((signed / "set").glob("*.exhume")))]
    done = exhume_capture("verify", two, "--key", signed / "me.pub", *parents)
    assert done.returncode == 0, done.stdout
    with CaptureFile.open(one) as plain, CaptureFile.open(two) as masked:
        assert plain.count == masked.count
        had = [plain.payload(row) for row in range(plain.count)]
        has = [masked.payload(row) for row in range(masked.count)]
        assert [len(data) for data in had] == [len(data) for data in has]
        assert sum(map(len, had)) > 0
        assert {byte for data in has for byte in data} == {ord("*")}
