"""The short options among a program's arguments, as `getopt` of Falco's language tells them.

    -a      an option; -abc are several
    -bc     with `b:` among the known ones, -b with the value c; so is `-b c`

A long option is passed over; `--`, `-` and what begins with no dash end the options. One that is not known
is told as `?`; where the value is missing the option is empty.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

from inspect_app.filters.cache import remember
from inspect_app.filters.entities import event_rows
from inspect_app.filters.facets import Facets, TextFacet, distinct
from inspect_app.filters.fields_proc import single_arguments
from inspect_app.frames.capture import CaptureFrames

MAX_OPTIONS = 64
"""Options and values of one program that are told."""
_UNKNOWN = "?"
_Option = tuple[str, str, str | None]


def option_facets(frames: CaptureFrames, known: str, chosen: str = "") -> Facets:
    """The options of each event's program.

    Args:
        frames: The capture.
        known: The letters that there are, a colon behind each that has a value.
        chosen: Only the last value of this one, or itself if it has none. Without it there is a facet for the
            first, the second, … option or value.
    """

    def compute() -> Facets:
        given = [
            list(islice(_options(words or (), known), MAX_OPTIONS)) for words in single_arguments(frames)
        ]
        told = [_last(options, chosen) if chosen else _each(options) for options in given]
        rows = event_rows(frames, "image")
        facets = []
        for at in range(max(1, *map(len, told)) if told else 1):
            codes, values = distinct(texts[at] if at < len(texts) else None for texts in told)
            facets.append(TextFacet(values, codes, rows))
        return tuple(facets)

    return remember(frames, ("options", known, chosen), compute)


def _last(options: Sequence[_Option], chosen: str) -> list[str]:
    values = [name if value is None else value for letter, name, value in options if letter == chosen]
    return values[-1:]


def _each(options: Sequence[_Option]) -> list[str]:
    texts = [text for _, name, value in options for text in (name, value) if text is not None]
    return texts[:MAX_OPTIONS]


def _options(words: Sequence[str], known: str) -> Iterator[_Option]:
    """The letter of each option, how it is told, and its value, None without one."""
    letters = frozenset(known) - {":"}
    valued = {letter for letter, colon in pairwise(known) if colon == ":"} - {":"}
    left = iter(words)
    for word in left:
        if word.startswith("--") and len(word) > 2:
            continue
        if word in ("-", "--") or not word.startswith("-"):
            return
        for at, letter in enumerate(word[1:], start=2):
            if letter not in letters:
                yield "", _UNKNOWN, None
            elif letter not in valued:
                yield letter, letter, None
            else:
                value = word[at:] or next(left, None)
                yield letter, "" if value is None else letter, value
                break
