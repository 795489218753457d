"""A value with all that was ever said instead of it: nothing is lost, and two files always merge to the same.

Each version names the digests of those that it was written in place of. What no other version replaces is
how the value stands; where there are several of these, two analysts changed the same one at the same time,
and both stay until somebody decides. A value that was taken away is a version without one.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Generic, Self, TypeVar

from inspect_app.cases.errors import CaseError
from inspect_app.cases.form import write_fields

T = TypeVar("T")
MAX_VERSIONS = 1_000


@dataclass(frozen=True, slots=True)
class Version(Generic[T]):
    """What somebody made of a value."""

    value: T | None
    """None: it was taken away."""
    author: str
    written_ns: int
    """Nanoseconds since 1970 UTC, by the author's clock."""
    replaces: tuple[str, ...] = ()
    """Digests of the versions that it was written in place of."""

    @property
    def digest(self) -> str:
        """What tells it from others, 16 hex digits."""
        return _digest(self)


@lru_cache(50_000)
def _digest(version: Version[object]) -> str:
    value = None if version.value is None else write_fields(version.value)
    told = [value, version.author, version.written_ns, list(version.replaces)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Record(Generic[T]):
    """One value and its versions, at least one, the oldest first."""

    versions: tuple[Version[T], ...]

    @classmethod
    def first(cls, value: T, author: str, now_ns: int) -> Self:
        """A value that is new."""
        return cls((Version(value, author, now_ns),))

    @classmethod
    def of(cls, versions: frozenset[Version[T]]) -> Self:
        """All of these, in their one order.

        Raises:
            CaseError: There are none, or too many.
        """
        if not 0 < len(versions) <= MAX_VERSIONS:
            raise CaseError(f"a value has {len(versions):,} versions; 1 to {MAX_VERSIONS:,} are kept")
        if len(versions) == 1:
            return cls(tuple(versions))
        return cls(tuple(sorted(versions, key=lambda one: (one.written_ns, one.digest))))

    @property
    def standing(self) -> tuple[Version[T], ...]:
        """The versions that no other replaces; the last one is shown."""
        if len(self.versions) == 1:
            return self.versions
        replaced = {digest for one in self.versions for digest in one.replaces}
        return tuple(one for one in self.versions if one.digest not in replaced) or self.versions[-1:]

    @property
    def shown(self) -> Version[T]:
        """The version that counts: of several the last one that has a value, for nothing is lost."""
        standing = self.standing
        return next((one for one in reversed(standing) if one.value is not None), standing[-1])

    @property
    def value(self) -> T | None:
        """What counts now; None: it was taken away."""
        return self.shown.value

    @property
    def others(self) -> tuple[Version[T], ...]:
        """Versions that stand beside the shown one and say something else."""
        shown = self.shown
        if len(self.versions) == 1:
            return ()
        return tuple(one for one in self.standing if one.value != shown.value)

    def changed(self, value: T | None, author: str, now_ns: int) -> Self:
        """Another value in place of all that stand; the same one changes nothing.

        Raises:
            CaseError: It was changed too often.
        """
        standing = self.standing
        if len(standing) == 1 and standing[0].value == value:
            return self
        # Clocks are set back; what replaces something still comes after it.
        moment = max(now_ns, self.versions[-1].written_ns + 1)
        new = Version(value, author, moment, tuple(sorted(one.digest for one in standing)))
        return self.of(frozenset((*self.versions, new)))

    def merged(self, other: Record[T]) -> Record[T]:
        """All versions of both. Raises CaseError where that is too many."""
        if self is other or self.versions == other.versions:
            return self
        return Record.of(frozenset((*self.versions, *other.versions)))
