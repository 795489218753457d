"""Changes of credentials and namespaces as text."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capture.model.catalogue import spec_named
from capture.model.credentials import credential_change, namespace_change
from capture.model.decode import format_args

ALL = (1 << 41) - 1
SYS_ADMIN, NET_RAW = 1 << 21, 1 << 13
IDS = ("uid", "euid", "suid", "fsuid", "gid", "egid", "sgid", "fsgid")


def credentials(*, permitted=0, effective=None, bounding=ALL, securebits=0, **ids):
    """A blob as the probe writes it; ids are 0 but for those that are given."""
    effective = permitted if effective is None else effective
    numbers = [ids.get(name, 0) for name in IDS]
    return struct.pack("<5Q8III", 0, permitted, effective, bounding, 0, *numbers, securebits, 1 << 24)


def namespaces(*inodes):
    return struct.pack("<8II", *inodes, 1 << 24)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ({"uid": 1000, "euid": 1000}, {"permitted": ALL}, "uid 1000→0 euid 1000→0 caps all"),
        ({"permitted": ALL}, {"uid": 1, "bounding": ALL}, "uid 0→1 caps none"),
        ({}, {"permitted": SYS_ADMIN | NET_RAW}, "caps +NET_RAW,SYS_ADMIN"),
        ({"permitted": NET_RAW}, {"permitted": SYS_ADMIN}, "caps +SYS_ADMIN -NET_RAW"),
        ({"permitted": NET_RAW, "effective": 0}, {"permitted": NET_RAW}, "effective +NET_RAW"),
        ({}, {"bounding": ALL & ~SYS_ADMIN}, "bounding -SYS_ADMIN"),
        ({}, {"permitted": 1 << 60}, "caps +0x1000000000000000"),
        ({"securebits": 0}, {"securebits": 16}, "securebits 0x0→0x10"),
        ({}, {}, "supplementary groups"),
    ],
)
def test_a_change_of_credentials_is_told_by_what_differs(before, after, text):
    assert credential_change(credentials(**before), credentials(**after)) == text


def test_a_change_of_namespaces_is_told_by_the_numbers_that_differ():
    before, after = namespaces(1, 2, 3, 4, 5, 6, 7, 8), namespaces(9, 2, 3, 4, 5, 6, 7, 10)
    assert namespace_change(before, after) == "mnt 1→9 user 8→10"


@given(st.none() | st.binary(max_size=90), st.none() | st.binary(max_size=90))
def test_texts_of_another_layout_tell_nothing(before, after):
    """Whatever a file claims, there is a text."""
    assert isinstance(credential_change(before, after), str)
    assert isinstance(namespace_change(before, after), str)
    assert credential_change(credentials()[:-1], credentials()) == ""
    assert credential_change(credentials()[:-4] + b"\0\0\0\2", credentials()) == ""


def test_an_event_shows_what_changed_and_which_call_did_it():
    texts = (credentials(uid=7), credentials())
    shown = format_args(spec_named("cred_change"), [1, 105], texts, None, b"", 0, 0)
    assert shown == [("what", "uids"), ("by", "setuid"), ("change", "uid 7→0")]
    shown = format_args(spec_named("ns_change"), [1 << 29, 272], (None, None), None, b"", 0, 0)
    assert shown == [("what", "CLONE_NEWPID"), ("by", "unshare"), ("change", "?")]
