"""A session as JSON, to be kept beside a capture or handed to a colleague.

    {"exhume session": 1, "page": …, "tab": …, "filter": …, "window": [start, end] or null, "sort": …,
     "descending": …, "steps": [{"view_id": …, "title": …, "condition": …, "label": …}, …]}

What comes from a file is hostile: sizes are limited, every type is checked, every condition must parse.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from inspect_app.analysis.selection import TimeRange
from inspect_app.filters.language import MAX_TEXT, parse
from inspect_app.session.session import Session, Step

VERSION = 1
MAX_FILE = 4 << 20
"""Characters of a stored session."""
MAX_STEPS = 100
MAX_NAME = 1_000
"""Characters of a title or a label."""
MAX_PAGE = 8_192
"""Characters of a page's name: that of a file holds its path."""

_KEY = "exhume session"
_LIMITS = {"view_id": MAX_PAGE, "title": MAX_NAME, "condition": MAX_TEXT, "label": MAX_NAME}


class SessionError(ValueError):
    """A stored session is none, is from a newer Exhume, or is beyond the limits."""


def to_json(session: Session) -> str:
    """The session as one line of JSON."""
    window = session.window
    return json.dumps(
        {
            _KEY: VERSION,
            "page": session.page,
            "tab": session.tab,
            "filter": session.filter,
            "window": None if window is None else [window.start_ns, window.end_ns],
            "sort": session.sort,
            "descending": session.descending,
            "steps": [asdict(step) for step in session.steps],
        }
    )


def from_json(text: str) -> Session:
    """The session that was stored.

    Raises:
        SessionError: the text is no stored session.
        FilterError: one of its conditions is no filter.
    """
    if len(text) > MAX_FILE:
        raise SessionError(f"a stored session has {len(text):,} characters, more than {MAX_FILE:,}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SessionError(f"a stored session is no JSON: {type(error).__name__}") from error
    if not isinstance(found, dict) or type(found.get(_KEY)) is not int:
        raise SessionError("this is no stored session")
    if found[_KEY] != VERSION:
        raise SessionError(
            f"the session has version {found[_KEY]}, this Exhume reads {VERSION}; please update"
        )
    session = Session(
        window=_window(found.get("window")),
        filter=_text(found, "filter", MAX_TEXT),
        steps=_steps(found.get("steps", [])),
        page=_text(found, "page", MAX_PAGE),
        tab=_text(found, "tab", MAX_NAME) if "tab" in found else "",
        sort=_text(found, "sort", MAX_NAME),
        descending=_truth(found, "descending"),
    )
    for condition in session.conditions():
        parse(condition)
    return session


def _window(found: object) -> TimeRange | None:
    if found is None:
        return None
    if not (isinstance(found, list) and len(found) == 2 and all(_is_time(moment) for moment in found)):
        raise SessionError("the window of a stored session is not two times in nanoseconds")
    if found[1] < found[0]:
        raise SessionError("the window of a stored session ends before it starts")
    return TimeRange(found[0], found[1])


def _is_time(moment: object) -> bool:
    return type(moment) is int and -(2**63) <= moment < 2**63


def _steps(found: object) -> tuple[Step, ...]:
    if not isinstance(found, list) or len(found) > MAX_STEPS:
        raise SessionError(f"the steps of a stored session are not a list of at most {MAX_STEPS}")
    return tuple(_step(item) for item in found)


def _step(found: object) -> Step:
    if not isinstance(found, dict):
        raise SessionError("a step of a stored session is not an object")
    return Step(**{column.name: _text(found, column.name, _LIMITS[column.name]) for column in fields(Step)})


def _text(found: Mapping[str, Any], key: str, limit: int) -> str:
    text = found.get(key)
    if not isinstance(text, str) or len(text) > limit:
        raise SessionError(f"{key!r} of a stored session is not a text of at most {limit:,} characters")
    return text


def _truth(found: Mapping[str, Any], key: str) -> bool:
    if not isinstance(found.get(key), bool):
        raise SessionError(f"{key!r} of a stored session is neither true nor false")
    return bool(found[key])
