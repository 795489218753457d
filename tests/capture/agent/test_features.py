"""What is recorded beyond system calls, by what the kernel offers."""

import pytest

from capture.agent.features import FEATURES, RECORDED, offered
from capture.agent.kernel import BPF_SOURCE


class Types:
    """A kernel's types, without some tracepoints and members."""

    def __init__(self, without=()):
        self._without = without

    def tracepoint(self, name):
        return None if name in self._without else ("",)

    def offset(self, struct, path):
        if path in self._without:
            raise KeyError(path)
        return 8

    def size(self, struct):
        return 16


def test_a_kernel_that_has_everything_records_every_feature():
    offer = offered(Types())
    assert offer.features == list(FEATURES)
    assert set(offer.states().values()) == {RECORDED}
    assert offer.constants["K_MODULE_NAME"] == 8


@pytest.mark.parametrize(
    ("without", "reason"),
    [
        ("module_free", "this kernel has no tracepoint module_free"),
        ("taints", "this kernel's module has none of taints"),
    ],
)
def test_one_feature_less_is_told_with_its_reason_and_costs_no_other(without, reason):
    offer = offered(Types(without=(without,)))
    assert offer.states() == {**{feature.name: RECORDED for feature in FEATURES}, "modules": reason}
    assert [feature.name for feature in FEATURES if feature not in offer.features] == ["modules"]
    assert "K_MODULE_TAINTS" not in offer.constants


def test_a_feature_that_the_kernel_refuses_later_is_given_up_with_its_reason():
    offer = offered(Types())
    offer.without(FEATURES[0], "refused")
    assert offer.states()[FEATURES[0].name] == "refused"
    assert FEATURES[0] not in offer.features


def test_every_feature_has_its_file_of_the_probe():
    for feature in FEATURES:
        text = (BPF_SOURCE / f"{feature.part}.c").read_text()
        assert all(f"int on_{name}(" in text for name in feature.tracepoints)
