"""Features: which of them this kernel records, and that the others' programs would load."""

import json
import os

import pytest

from capture.agent.btf import KernelTypes
from capture.agent.features import FEATURES, RECORDED, offered, tracepoint_of
from capture.agent.kernel import Kernel
from capture.agent.layout import member_offsets
from capture.agent.probe import Probe
from capture.agent.settings import Settings
from capture.format import CaptureFile
from tests.kernel.captures import exhume_capture

pytestmark = pytest.mark.kernel


def test_check_info_and_the_file_tell_the_same_of_each_feature(everyday):
    with CaptureFile.open(everyday.capture.path) as capture:
        states = capture.section["recorder"]["features"]
    assert set(states) == {feature.name for feature in FEATURES}
    answers = json.loads(exhume_capture("check", "--json").stdout)
    checked = {answer["name"]: answer for answer in answers}
    for name, state in states.items():
        assert checked[name]["ok"] == (state == RECORDED)
        assert not checked[name]["needed"]
    told = exhume_capture("info", everyday.capture.path).stdout
    for name, state in states.items():
        assert (f"Not recorded {name}: {state}" in told) == (state != RECORDED)


def test_programs_whose_tracepoints_this_kernel_lacks_load_all_the_same(monkeypatch):
    """A kernel without modules has no such tracepoints: here only the verifier can try those programs."""
    types = KernelTypes()
    lacking = [
        feature for feature in FEATURES if not all(tracepoint_of(types, it) for it in feature.tracepoints)
    ]
    if not lacking:
        pytest.skip("this kernel has every tracepoint: the programs are attached in other tests")
    loaded = []

    def attach(probe, tracepoint):
        """Stands for a kernel that has the tracepoint."""
        assert probe.load(f"on_{tracepoint}") > 0
        loaded.append(tracepoint)

    offer = offered(types)
    for feature in lacking:
        offer.features.append(feature)
        offer.constants |= member_offsets(types, feature.members)[0]
    monkeypatch.setattr(Probe, "attach", attach)
    monkeypatch.setattr("capture.agent.kernel.offered", lambda _: offer)
    Kernel(Settings(), self_pid=os.getpid()).close()
    assert {name for feature in lacking for name in feature.tracepoints} <= set(loaded)
