"""Patterns over text that a stranger may have written: regular expressions, globs, path prefixes.

Regular expressions run in RE2, whose time is linear in the text whatever the pattern is
(docs/decisions/regular-expressions.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from inspect_app.filters.errors import FilterError, excerpt

MAX_PATTERN = 4_096
"""Characters of a regular expression or a glob."""
MAX_PROGRAM_BYTES = 8 << 20
"""Memory that RE2 may use for one pattern; `a{1000}{1000}` wants more and is refused."""

FEW = 32
"""Path prefixes that are quicker tried one by one."""

_SURROGATES = re.compile("[\ud800-\udfff]")

Test = Callable[[str], bool]


def regex(pattern: str) -> Test:
    """Does the pattern match anywhere in a text? Raises FilterError for what is no RE2 pattern."""
    if len(pattern) > MAX_PATTERN:
        raise FilterError(f"the pattern has {len(pattern):,} characters, more than {MAX_PATTERN:,}")
    search = compiled(_readable(pattern)).search
    return lambda text: search(_readable(text)) is not None


def compiled(pattern: str | bytes, *, any_bytes: bool = False) -> Any:
    """RE2's own object for a pattern over text or bytes, within MAX_PROGRAM_BYTES.

    Args:
        pattern: in UTF-8 where it is bytes.
        any_bytes: Whether what it matches is bytes, not characters: `.` is any byte, `\\xff` that one.

    Raises:
        FilterError: it is no RE2 pattern, wants more memory, or RE2 is not installed.
    """
    try:
        re2 = import_module("re2")  # it has no types
    except ImportError as error:  # pragma: no cover - depends on the installation
        raise FilterError("patterns need the package google-re2; install it to use them") from error
    options = re2.Options()
    options.max_mem = MAX_PROGRAM_BYTES
    if any_bytes:
        options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0] if error.args else error
        said = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        raise FilterError(f"the pattern is not understood: {said}") from error


def glob(pattern: str, *, ignore_case: bool = False) -> Test:
    """Does the whole text match a shell pattern (`*`, `?`, `[a-z]`, `[!a-z]`)?"""
    flags = "(?si)" if ignore_case else "(?s)"
    return regex(f"{flags}^(?:{_glob_as_regex(pattern)})$")


def path_prefix(prefixes: Sequence[str]) -> Test:
    """Is the text one of these paths, or below one? A component of a prefix may be a shell pattern."""
    plain = frozenset(_trimmed(prefix) for prefix in prefixes if not set(prefix) & set("*?["))
    patterned = [_prefix_regex(prefix) for prefix in prefixes if set(prefix) & set("*?[")]
    matches = regex("(?s)^(?:" + "|".join(patterned) + ")(?:/|$)") if patterned else None

    is_plain = _below_few(plain) if len(plain) <= FEW else _below_many(plain)
    if matches is None:
        return is_plain
    return lambda text: is_plain(text) or matches(text)


def hex_bytes(constant: str) -> bytes:
    """The bytes that are written in hex. Raises FilterError for what is none."""
    try:
        return bytes.fromhex(constant.removeprefix("0x"))
    except ValueError:
        raise FilterError(
            f"{excerpt(constant)!r} is not bytes in hex", expected=("hex digits such as 7f454c46",)
        ) from None


def as_bytes(text: str) -> bytes:
    """UTF-8; bytes that were none when the text was read come back as they were."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _readable(text: str) -> bytes:
    """UTF-8 in which a byte that was none is U+FFFD: to RE2 it would match nothing, not even `.`."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text).encode("utf-8")


def _below_few(prefixes: frozenset[str]) -> Test:
    beginnings = tuple(f"{prefix}/" for prefix in prefixes)
    return lambda text: text.startswith(beginnings) or text in prefixes


def _below_many(prefixes: frozenset[str]) -> Test:
    """Looks at each directory above the text, however many prefixes there are."""

    def test(text: str) -> bool:
        if text in prefixes:
            return True
        at = text.find("/")
        while at >= 0:
            if text[:at] in prefixes:
                return True
            at = text.find("/", at + 1)
        return False

    return test


def _trimmed(prefix: str) -> str:
    return prefix.rstrip("/")


def _prefix_regex(prefix: str) -> str:
    return "/".join(_glob_as_regex(part, wild="[^/]") for part in _trimmed(prefix).split("/"))


def _glob_as_regex(pattern: str, wild: str = ".") -> str:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        at += 1
        if character == "*":
            # One star says all that several do, and costs less.
            if not parts or parts[-1] != f"{wild}*":
                parts.append(f"{wild}*")
        elif character == "?":
            parts.append(wild)
        elif character == "[" and (end := pattern.find("]", at + 1)) > 0:
            parts.append(_character_class(pattern[at:end]))
            at = end + 1
        else:
            parts.append(_literal(character))
    return "".join(parts)


def _character_class(inside: str) -> str:
    negated = inside[0] in "!^"
    body = "".join(
        character if character == "-" or character.isalnum() else _literal(character)
        for character in inside[negated:]
    )
    return f"[{'^' if negated else ''}{body}]" if body else _literal(inside)


def _literal(text: str) -> str:
    return "".join(
        character
        if character.isalnum() or character in "_/ " or ord(character) > 127
        else f"\\x{ord(character):02x}"
        for character in text
    )
