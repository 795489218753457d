"""Every view there is, in the order in which an analyst meets them."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from inspect_app.views.applications import APPLICATION_VIEWS
from inspect_app.views.containers import CONTAINER_VIEWS
from inspect_app.views.files import FILE_VIEWS
from inspect_app.views.hosts import HOST_VIEWS
from inspect_app.views.kubernetes import KUBERNETES_VIEWS
from inspect_app.views.logs import LOG_VIEWS
from inspect_app.views.network import NETWORK_VIEWS
from inspect_app.views.privileges import PRIVILEGE_VIEWS
from inspect_app.views.processes import PROCESS_VIEWS
from inspect_app.views.programs import PROGRAM_VIEWS
from inspect_app.views.system import SYSTEM_VIEWS
from inspect_app.views.view import Column, How, Kind, Order, View

__all__ = ["EVENTS", "VIEWS", "Column", "How", "Kind", "Order", "View", "set_own_views", "views_for"]

EVENTS = "events"
"""The drill-down target that is no view but the page of single events."""

_BUILT_IN: dict[str, View] = {
    view.id: view
    for view in (
        *PROCESS_VIEWS,
        *PROGRAM_VIEWS,
        *CONTAINER_VIEWS,
        *KUBERNETES_VIEWS,
        *HOST_VIEWS,
        *FILE_VIEWS,
        *NETWORK_VIEWS,
        *APPLICATION_VIEWS,
        *SYSTEM_VIEWS,
        *PRIVILEGE_VIEWS,
        *LOG_VIEWS,
    )
}

_OWN: dict[str, View] = {}
"""Those of the analyst's files."""

VIEWS: Mapping[str, View] = MappingProxyType(ChainMap(_OWN, _BUILT_IN))
"""All views by id: the built-in ones, then the analyst's own."""


def set_own_views(views: Iterable[View]) -> None:
    """Offer these beside the built-in ones, instead of any before; ValueError for an id that is built in."""
    chosen = {view.id: view for view in views}
    for name in chosen:
        if name in _BUILT_IN:
            raise ValueError(f"{name} is a built-in view; choose another id")
    _OWN.clear()
    _OWN.update(chosen)


def views_for(key: str) -> tuple[View, ...]:
    """The views in which a row of a view with this key can be opened; "" is the whole capture."""
    return tuple(view for view in VIEWS.values() if key in view.applies_to)
