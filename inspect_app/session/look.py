"""How captures are shown: theme, size of text, clock, columns, colour rules, sizes of parts; also by name.

As JSON, in the settings and in files that colleagues exchange:

    {"exhume profile": 1, "name": …, "theme": …, "text": percent, "clock": …,
     "columns": {view: [column, …], …}, "layout": {page: [pixels, …], …},
     "rules": [{"title": …, "condition": …, "paint": …, "is_on": …, "in_tables": …}, …]}

What comes from a file is hostile: sizes are limited and every type is checked. A rule's filter may be one
that this Exhume does not know; it then paints nothing, and the editor says why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from inspect_app.filters.language import MAX_TEXT
from inspect_app.session.colour_rules import MAX_RULES, OUR_RULES, PAINTS, ColourRule

VERSION = 1
MAX_FILE = 1 << 20
"""Characters of a stored profile."""
MAX_NAME = 100
MAX_ENTRIES = 400
"""Views that have columns of their own, columns of a view, parts that have a size."""
MAX_PIXELS = 100_000
THEMES = ("system", "dark", "light")
CLOCKS = ("", "relative", "utc", "local")
"""Against what moments are told; empty: from the start in lists of events, else UTC."""
TEXT_PERCENTS = (75, 90, 100, 110, 125, 150, 175, 200)

_KEY = "exhume profile"


class ProfileError(ValueError):
    """A stored profile is none, is from a newer Exhume, or is beyond the limits."""


@dataclass(frozen=True)
class Look:
    """How a capture is shown, wherever in it one is."""

    theme: str = "system"
    text_percent: int = 100
    clock: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Which columns a view shows, by its id; of others the view's own choice."""
    rules: tuple[ColourRule, ...] = OUR_RULES
    layout: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Pixels that the parts of a page have, by the page."""

    def with_columns(self, view: str, columns: tuple[str, ...]) -> Self:
        """Other columns for a view; none at all: the view's own choice."""
        others = {name: chosen for name, chosen in self.columns.items() if name != view}
        return replace(self, columns={**others, view: columns} if columns else others)

    def with_layout(self, page: str, pixels: tuple[int, ...]) -> Self:
        """Other sizes for the parts of a page."""
        return replace(self, layout={**self.layout, page: pixels})

    def with_text(self, steps: int) -> Self:
        """Larger or smaller text by so many steps of `TEXT_PERCENTS`; 0: as it comes."""
        if steps == 0:
            return replace(self, text_percent=100)
        sizes = [size for size in TEXT_PERCENTS if (size > self.text_percent) == (steps > 0)]
        near = [size for size in sizes if size != self.text_percent]
        chosen = (near[0] if steps > 0 else near[-1]) if near else self.text_percent
        return replace(self, text_percent=chosen)


@dataclass(frozen=True)
class Profile:
    """A look that has a name."""

    name: str
    look: Look


def to_json(profile: Profile) -> str:
    """The profile as JSON."""
    look = profile.look
    return json.dumps(
        {
            _KEY: VERSION,
            "name": profile.name,
            "theme": look.theme,
            "text": look.text_percent,
            "clock": look.clock,
            "columns": {view: list(columns) for view, columns in look.columns.items()},
            "rules": [asdict(rule) for rule in look.rules],
            "layout": {page: list(pixels) for page, pixels in look.layout.items()},
        },
        indent=1,
    )


def from_json(text: str) -> Profile:
    """The profile that was stored. Raises ProfileError."""
    if len(text) > MAX_FILE:
        raise ProfileError(f"a profile has {len(text):,} characters, more than {MAX_FILE:,}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ProfileError(f"a profile is no JSON: {type(error).__name__}") from error
    if not isinstance(found, dict) or type(found.get(_KEY)) is not int:
        raise ProfileError("this is no profile of Exhume")
    if found[_KEY] != VERSION:
        raise ProfileError(
            f"the profile has version {found[_KEY]}, this Exhume reads {VERSION}; please update"
        )
    name = _text(found, "name", MAX_NAME).strip()
    if not name:
        raise ProfileError("a profile has no name")
    return Profile(
        name,
        Look(
            theme=_one_of(found, "theme", THEMES),
            text_percent=_percent(found.get("text")),
            clock=_one_of(found, "clock", CLOCKS),
            columns={view: _names(names) for view, names in _entries(found, "columns")},
            rules=_rules(found.get("rules")),
            layout={page: _pixels(sizes) for page, sizes in _entries(found, "layout")},
        ),
    )


def _entries(found: Mapping[str, Any], key: str) -> list[tuple[str, object]]:
    entries = found.get(key)
    if not isinstance(entries, dict) or len(entries) > MAX_ENTRIES:
        raise ProfileError(f"{key!r} of a profile is not an object of at most {MAX_ENTRIES} entries")
    if any(len(name) > MAX_NAME for name in entries):
        raise ProfileError(f"{key!r} of a profile has a name of more than {MAX_NAME} characters")
    return list(entries.items())


def _names(found: object) -> tuple[str, ...]:
    if not (isinstance(found, list) and 0 < len(found) <= MAX_ENTRIES):
        raise ProfileError(f"the columns of a view are not a list of 1 to {MAX_ENTRIES} names")
    if not all(isinstance(name, str) and len(name) <= MAX_NAME for name in found):
        raise ProfileError(f"a column's name is not a text of at most {MAX_NAME} characters")
    return tuple(found)


def _pixels(found: object) -> tuple[int, ...]:
    if not (isinstance(found, list) and len(found) <= MAX_ENTRIES):
        raise ProfileError("the sizes of a page's parts are not a list")
    if not all(type(size) is int and 0 <= size <= MAX_PIXELS for size in found):
        raise ProfileError(f"the size of a page's part is not a number from 0 to {MAX_PIXELS:,}")
    return tuple(found)


def _percent(found: object) -> int:
    if type(found) is not int or not TEXT_PERCENTS[0] <= found <= TEXT_PERCENTS[-1]:
        raise ProfileError(f"the size of text is not a number from {TEXT_PERCENTS[0]} to {TEXT_PERCENTS[-1]}")
    return found


def _rules(found: object) -> tuple[ColourRule, ...]:
    if not isinstance(found, list) or len(found) > MAX_RULES:
        raise ProfileError(f"the colour rules of a profile are not a list of at most {MAX_RULES}")
    return tuple(_rule(rule) for rule in found)


def _rule(found: object) -> ColourRule:
    if not isinstance(found, dict):
        raise ProfileError("a colour rule is not an object")
    return ColourRule(
        title=_text(found, "title", MAX_NAME),
        condition=_text(found, "condition", MAX_TEXT),
        paint=_one_of(found, "paint", tuple(paint.id for paint in PAINTS)),
        is_on=_truth(found, "is_on"),
        in_tables=_truth(found, "in_tables"),
    )


def _text(found: Mapping[str, Any], key: str, limit: int) -> str:
    text = found.get(key)
    if not isinstance(text, str) or len(text) > limit:
        raise ProfileError(f"{key!r} of a profile is not a text of at most {limit:,} characters")
    return text


def _one_of(found: Mapping[str, Any], key: str, words: tuple[str, ...]) -> str:
    word = found.get(key)
    if not isinstance(word, str) or word not in words:
        raise ProfileError(f"{key!r} of a profile is none of {', '.join(filter(None, words))}")
    return word


def _truth(found: Mapping[str, Any], key: str) -> bool:
    if not isinstance(found.get(key), bool):
        raise ProfileError(f"{key!r} of a profile is neither true nor false")
    return bool(found[key])
