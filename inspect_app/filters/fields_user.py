"""Fields of the user that an event ran as, and of the one who logged in."""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import numpy as np

from inspect_app.filters.entities import entity_array, entity_text, event_array, event_rows
from inspect_app.filters.facets import Facets, NumberFacet, TextFacet, look_up
from inspect_app.filters.field import Compute, Field, FieldType
from inspect_app.frames.capture import CaptureFrames
from inspect_app.frames.host_numbers import account_rows


def _user_text(column: str) -> Compute:
    return lambda frames, _argument: (entity_text(frames, "user", column),)


def _login_name(frames: CaptureFrames, _argument: str) -> Facets:
    names = entity_text(frames, "user", "name")
    uids, hosts = (entity_array(frames, "process", name) for name in ("loginuid", "host"))
    login = account_rows(frames.users, "uid", uids, hosts)
    codes = login if names.codes is None else look_up(names.codes, login, missing=-1)
    return (TextFacet(names.values, codes, event_rows(frames, "process")),)


def _login_uid(frames: CaptureFrames, _argument: str) -> Facets:
    """-1 is a value of this field: rules ask for it."""
    values = entity_array(frames, "process", "loginuid")
    return (NumberFacet(values, np.zeros(len(values), np.bool_), event_rows(frames, "process")),)


USER_FIELDS = (
    Field("user.uid", FieldType.INTEGER, "User id", "user id at that moment, as the host sees it",
          lambda frames, _argument: (NumberFacet(event_array(frames, "uid")),)),
    Field("user.name", FieldType.TEXT, "User", "name of the user id in the host's list of users", _user_text("name")),
    Field("user.homedir", FieldType.TEXT, "Home", "home directory of that user", _user_text("home")),
    Field("user.shell", FieldType.TEXT, "Shell", "login shell of that user", _user_text("shell")),
    Field("user.loginuid", FieldType.INTEGER, "Login uid",
          "audit login uid: who logged in, whatever they became since; -1 not set or not known", _login_uid),
    Field("user.loginname", FieldType.TEXT, "Login user", "name of the audit login uid", _login_name),
)  # fmt: skip
