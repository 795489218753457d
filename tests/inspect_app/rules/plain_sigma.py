"""Sigma's detections read event by event in the plainest way: what their filters must agree with."""

import re

from inspect_app.filters.language import parse
from inspect_app.rules.output import operand_of
from inspect_app.rules.sigma.categories import CATEGORIES
from tests.inspect_app.filters.plain import holds, values_of


def events_of(category, frames):
    """The events of a category."""
    root = parse(CATEGORIES[category].condition).root
    return [event for event in range(len(frames.events)) if holds(root, frames, event)]


def values_at(category, name, frames, event):
    """What a field of Sigma is at an event: no value, one, or several."""
    mapped = CATEGORIES[category].fields[name]
    found = [value for one in mapped.operands for value in values_of(operand_of(one), frames, event)]
    back = {here: there for there, here in mapped.means.items()}
    return [back[value] for value in found if value in back] if back else found


def selection_holds(selection, category, frames, event):
    """All items of a selection, or any selection of a list."""
    if isinstance(selection, list):
        return any(selection_holds(one, category, frames, event) for one in selection)
    return all(item_holds(key.split("|"), value, category, frames, event) for key, value in selection.items())


def item_holds(key, value, category, frames, event):
    """One field with its modifiers and values."""
    name, *modifiers = key
    seen = values_at(category, name, frames, event)
    wanted = value if isinstance(value, list) else [value]
    each = [value_holds(one, modifiers, seen, category, frames, event) for one in wanted]
    held = all(each) if "all" in modifiers else any(each)
    return not held if "neq" in modifiers else held


def value_holds(wanted, modifiers, seen, category, frames, event):
    if "exists" in modifiers:
        return bool(seen) == wanted
    if wanted is None:
        return not seen
    if "fieldref" in modifiers:
        others = values_at(category, wanted, frames, event)
        return any(compared(str(one), str(other), modifiers) for one in seen for other in others)
    for name, test in ORDERS.items():
        if name in modifiers:
            return any(test(one, wanted) for one in seen)
    return any(matches(str(wanted), modifiers, str(one)) for one in seen)


def compared(one, other, modifiers):
    one, other = one.lower(), other.lower()
    if "contains" in modifiers:
        return other in one
    if "startswith" in modifiers:
        return one.startswith(other)
    return one.endswith(other) if "endswith" in modifiers else one == other


def matches(wanted, modifiers, seen):
    if "re" in modifiers:
        return re.search(wanted, seen, re.IGNORECASE if "i" in modifiers else 0) is not None
    before = ".*" if {"contains", "endswith"} & set(modifiers) else ""
    after = ".*" if {"contains", "startswith"} & set(modifiers) else ""
    if "cased" not in modifiers:
        wanted, seen = wanted.lower(), seen.lower()
    return re.fullmatch(before + pattern(wanted) + after, seen, re.DOTALL) is not None


def pattern(text):
    """A text with wildcards as a regular expression; a backslash makes what follows it plain."""
    found, at = "", 0
    while at < len(text):
        one = text[at]
        if one == "\\" and text[at + 1 : at + 2] in ("*", "?", "\\") and at + 1 < len(text):
            at += 1
            found += re.escape(text[at])
        else:
            found += {"*": ".*", "?": "."}.get(one) or re.escape(one)
        at += 1
    return found


ORDERS = {
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
}
