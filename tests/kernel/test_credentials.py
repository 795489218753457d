"""Changes of credentials, capabilities and namespaces: one row each, before and after."""

import pytest

from capture.model.catalogue import spec_named
from capture.model.credentials import credential_change, namespace_change
from inspect_app.filters.evaluate import evaluate
from inspect_app.filters.language import parse

pytestmark = pytest.mark.kernel


@pytest.fixture
def facts(told):
    return told("credentials")


def changes(capture, name, pid):
    """(what, call, text) of each change."""
    text = {"cred_change": credential_change, "ns_change": namespace_change}[name]
    return [(call.a0, call.a1, text(call.text, call.text2)) for call in capture.calls(name, pid=pid)]


def number(name):
    return spec_named(name).x86_64


def test_a_process_that_drops_its_ids_is_told_with_what_it_was(capture, facts):
    groups, users = changes(capture, "cred_change", facts.dropped["pid"])
    assert groups == (2, number("setresgid"), "gid 0→1234 egid 0→1235 sgid 0→1236 fsgid 0→1235")
    what, call, text = users
    assert (what, call) == (1 | 4, number("setresuid"))
    assert text == "uid 0→1001 euid 0→1002 suid 0→1003 fsuid 0→1002 caps none"


def test_prctl_tells_securebits_and_the_bounding_set(capture, facts):
    keep, drop = changes(capture, "cred_change", facts.kept["pid"])
    assert keep == (32, number("prctl"), "securebits 0x0→0x10")
    assert drop == (8, number("prctl"), "bounding -SYS_TIME")


def test_other_supplementary_groups_are_a_change_too(capture, facts):
    assert changes(capture, "cred_change", facts.groups["pid"]) == [
        (64, number("setgroups"), "supplementary groups")
    ]


def test_a_call_that_changes_nothing_is_no_change(capture, facts):
    assert capture.calls("setuid", pid=facts.nothing["pid"])
    assert changes(capture, "cred_change", facts.nothing["pid"]) == []


def test_a_set_id_program_raises_its_user_to_root_in_one_row(capture, facts):
    assert facts.setid["code"] == 0
    *_, (what, call, text) = changes(capture, "cred_change", facts.setid["pid"])
    assert (what & 5, call) == (5, number("execve"))
    assert text.startswith("euid 4321→0 suid 4321→0 fsuid 4321→0 caps +")
    assert "SYS_ADMIN" in text


@pytest.mark.parametrize(("name", "kinds", "call"), [("unshared", ("uts", "ipc"), "unshare")])
def test_unshared_namespaces_are_told_by_their_numbers(capture, facts, name, kinds, call):
    before, after = getattr(facts, name)["told"]
    (change,) = changes(capture, "ns_change", getattr(facts, name)["pid"])
    told = " ".join(f"{kind} {old}→{new}" for kind, old, new in zip(kinds, before, after, strict=True))
    assert change == (0x4000000 | 0x8000000, number(call), told)


def test_joining_a_namespace_is_told_by_where_from_and_where_to(capture, facts):
    before, after = facts.joined["told"]
    *_, joined = changes(capture, "ns_change", facts.joined["pid"])
    assert joined == (0x4000000, number("setns"), f"uts {before}→{after}")


def test_a_process_born_into_namespaces_of_its_own_differs_from_its_parent(capture, facts):
    if facts.born["pid"] < 0:
        pytest.skip("this machine lets nobody make user namespaces")
    ((what, call, text),) = changes(capture, "ns_change", facts.born["pid"])
    assert (what, call) == (0x4000000 | 0x10000000, number("clone"))
    uts, user = facts.born["told"]
    assert f"uts {uts}→" in text
    assert f"user {user}→" in text


def test_changes_can_be_filtered_by_what_they_are(capture, facts):
    rows = set(evaluate(parse('evt.arg.change contains "euid 4321→0"'), capture.frames).nonzero()[0].tolist())
    (call,) = [call for call in capture.calls("cred_change", pid=facts.setid["pid"]) if call.row in rows]
    assert call.a1 == number("execve")
