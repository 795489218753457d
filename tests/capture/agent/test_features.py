"""What is recorded beyond system calls, by what the kernel offers."""

import pytest

from capture.agent.compiler import BPF_SOURCE
from capture.agent.features import FEATURES, RECORDED, offered

_ARGUMENTS = {"io_uring_submit_req": ("io_kiocb",), "io_uring_complete": ("", "", "io_uring_cqe")}


class Types:
    """A kernel's types, without some tracepoints and members."""

    def __init__(self, without=()):
        self._without = without

    def tracepoint(self, name):
        return None if name in self._without else _ARGUMENTS.get(name, ("",))

    def offset(self, struct, path):
        if path in self._without:
            raise KeyError(path)
        return 8

    def size(self, struct):
        return 16


def test_a_kernel_that_has_everything_records_every_feature():
    offer = offered(Types())
    assert [feature.name for feature in offer.features] == [feature.name for feature in FEATURES]
    assert offer.constants["URING_ENTRY"] == 1
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
    left = {feature.name for feature in offer.features}
    assert [feature.name for feature in FEATURES if feature.name not in left] == ["modules"]
    assert "K_MODULE_TAINTS" not in offer.constants


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"io_uring_submit_req": None, "io_uring_submit_sqe": ("io_kiocb", "")}, RECORDED),
        (
            {"io_uring_submit_req": None, "io_uring_submit_sqe": ("", "", "")},
            "this kernel's tracepoint io_uring_submit_sqe does not hand over the request",
        ),
        (
            {"io_uring_submit_req": None, "io_uring_submit_sqe": None},
            "this kernel has no tracepoint io_uring_submit_req or io_uring_submit_sqe",
        ),
        ({"io_uring_complete": ("",) * 7}, RECORDED),
        ({"io_uring_complete": ("",) * 3}, RECORDED),
        ({"io_uring_complete": ("",) * 4}, "this kernel's tracepoint io_uring_complete has other arguments"),
    ],
)
def test_tracepoints_of_io_uring_are_taken_in_the_forms_that_are_known(monkeypatch, arguments, reason):
    types = Types()
    monkeypatch.setattr(types, "tracepoint", lambda name: arguments.get(name, _ARGUMENTS.get(name, ("",))))
    offer = offered(types)
    assert offer.states()["io_uring"] == reason
    assert offer.constants["URING_ENTRY"] == (len(types.tracepoint("io_uring_complete")) == 3)


def test_a_feature_that_the_kernel_refuses_later_is_given_up_with_its_reason():
    offer = offered(Types())
    offer.without(FEATURES[0], "refused")
    assert offer.states()[FEATURES[0].name] == "refused"
    assert FEATURES[0].name not in [feature.name for feature in offer.features]


def test_every_feature_has_its_file_of_the_probe():
    for feature in FEATURES:
        text = (BPF_SOURCE / f"{feature.part}.c").read_text()
        assert all(f"int on_{name}(" in text for choice in feature.tracepoints for name in choice.split("|"))
