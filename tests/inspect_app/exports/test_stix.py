"""STIX, checked by the validator of the standard's authors and parsed by their library."""

import json

import pytest

from tests.builders.frames import build_frames
from tests.inspect_app.exports.written import exported

stix2 = pytest.importorskip("stix2", reason="STIX is written with stix2")


@pytest.fixture(scope="module")
def text():
    frames = build_frames()
    frames.descriptors["raddr"] = frames.descriptors["raddr"].replace("192.168.1.1", "9.9.9.9")
    return exported(frames, "stix").decode()


def test_the_validator_finds_nothing_wrong(text):
    validator = pytest.importorskip("stix2validator", reason="stix2-validator is not installed")
    found = validator.validate_string(text, validator.ValidationOptions(version="2.1"))
    assert found.is_valid, [str(error) for one in found.object_results for error in one.errors]


def test_the_library_parses_every_object_and_patterns_name_what_was_seen(text):
    bundle = stix2.parse(text)
    kinds = {one["type"] for one in bundle.objects}
    assert {"identity", "file", "ipv4-addr", "domain-name", "observed-data", "indicator", "grouping"} <= kinds
    patterns = {one.pattern for one in bundle.objects if one["type"] == "indicator"}
    assert "[domain-name:value = 'example.org']" in patterns
    assert "[ipv4-addr:value = '9.9.9.9']" in patterns
    assert f"[file:hashes.'SHA-256' = '{'a1' * 32}']" in patterns


def test_private_addresses_are_observed_but_no_indicators(text):
    bundle = json.loads(text)
    observed = {one["value"] for one in bundle["objects"] if one["type"] == "ipv4-addr"}
    assert "172.17.0.2" in observed
    assert not [one for one in bundle["objects"] if "172.17.0.2" in one.get("pattern", "")]


def test_ids_are_made_of_the_content(text):
    frames = build_frames()
    one, other = exported(frames, "stix", "proc.name = curl"), exported(frames, "stix", "proc.name = sh")
    assert one == exported(build_frames(), "stix", "proc.name = curl")
    ids = [
        {row["id"] for row in json.loads(part)["objects"] if row["type"] == "grouping"}
        for part in (one, other)
    ]
    assert ids[0].isdisjoint(ids[1])


def test_nothing_chosen_is_a_bundle_of_the_tool_alone():
    told = json.loads(exported(build_frames(), "stix", "proc.name = nobody"))
    assert [one["type"] for one in told["objects"]] == ["identity"]
