"""What is known while a filter is decided: about which events, and what was found out before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from inspect_app.filters.errors import FilterError
from inspect_app.filters.expression import Compare, Node, Operand, leaves
from inspect_app.filters.facets import Facets
from inspect_app.filters.field import FieldType
from inspect_app.filters.operands import facets_of
from inspect_app.filters.payload import Decide, decide_all, payload_test
from inspect_app.frames.capture import CaptureFrames

MAX_LOOKS = 50
"""Conditions on payload that are decided together: each takes a byte an event."""

MAX_KNOWN = 256 << 20
"""Bytes of masks that are kept for filters to come."""


class Known:
    """Conditions that are decided already."""

    def __init__(self) -> None:
        self._masks: dict[Node, np.ndarray] = {}
        self._bytes = 0

    def __contains__(self, node: Node) -> bool:
        return node in self._masks

    def mask(self, node: Node, decide: Callable[[], np.ndarray]) -> np.ndarray:
        """A condition's mask; nobody may write into it."""
        if (found := self._masks.get(node)) is not None:
            return found
        decided = decide()
        self._bytes += decided.nbytes
        if self._bytes > MAX_KNOWN:
            self._masks.clear()
            self._bytes = decided.nbytes
        self._masks[node] = decided
        return decided


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known while a part of a filter is decided."""

    frames: CaptureFrames
    among: np.ndarray | None = None
    """bool, one a row: only these matter, so that payload of no others need be read. None: all do."""
    payload: Mapping[int, np.ndarray] = field(default_factory=dict)
    """Conditions on payload that are decided already, by their identity."""
    rows: np.ndarray | None = None
    """Rows of the events that matter. None: all."""
    known: Known | None = None
    """What filters before this one decided; None: there are none."""
    types: frozenset[str] | None = None
    """Types of the events that matter. None: any."""
    passing: bool = False
    """Whether these events are asked about this once."""
    _facets: dict[str, Facets] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many events matter."""
        return len(self.frames.events) if self.rows is None else len(self.rows)

    def facets(self, operand: Operand) -> Facets:
        """The values of an operand for the events that matter. Raises NotEvaluableError."""
        if self.rows is None:
            return facets_of(operand, self.frames, self.types)
        if (name := str(operand)) not in self._facets:
            every = facets_of(operand, self.frames, self.types)
            self._facets[name] = tuple(facet.at(self.rows, passing=self.passing) for facet in every)
        return self._facets[name]

    def narrowed(self, rows: np.ndarray) -> Scope:
        """The same for some of these events, by their place among them."""
        return Scope(
            self.frames,
            None if self.among is None else self.among[rows],
            {node: mask[rows] for node, mask in self.payload.items()},
            rows if self.rows is None else self.rows[rows],
            types=self.types,
            passing=True,
        )

    def look(self, tests: Sequence[Decide], among: np.ndarray | None) -> list[np.ndarray]:
        """Conditions on payload decided for the events that matter."""
        if self.rows is None:
            return decide_all(self.frames, tests, among)
        everywhere = np.zeros(len(self.frames.events), np.bool_)
        everywhere[self.rows if among is None else self.rows[among]] = True
        return [mask[self.rows] for mask in decide_all(self.frames, tests, everywhere)]

    def looking_into(self, parts: Sequence[Node], among: np.ndarray | None) -> Scope:
        """Decide all conditions on payload in some parts at once: bytes are read a single time."""
        nodes = [node for part in parts for node in on_payload(part) if id(node) not in self.payload]
        if not nodes:
            return self
        masks = self.look(looks(nodes), among)
        found = dict(zip(map(id, nodes), masks, strict=True))
        return replace(self, among=among, payload={**self.payload, **found})


def looks(nodes: Sequence[Compare]) -> list[Decide]:
    """What is looked for in payload; raises FilterError where a filter has too many such conditions."""
    if len(nodes) > MAX_LOOKS:
        raise FilterError(
            f"the filter has {len(nodes):,} conditions on payload, more than {MAX_LOOKS}; "
            "`contains anyof (…)` takes many texts at once"
        )
    return [
        payload_test(node.operator, node.modifier, [literal.text for literal in node.values])
        for node in nodes
    ]


def on_payload(node: Node) -> Iterator[Compare]:
    """The comparisons in a condition that ask about payload."""
    for leaf in leaves(node):
        if isinstance(leaf, Compare) and leaf.left.type is FieldType.BYTES:
            yield leaf
