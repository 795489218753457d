"""Every view there is, in the order in which an analyst meets them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inspect_app.views.applications import APPLICATION_VIEWS
from inspect_app.views.containers import CONTAINER_VIEWS
from inspect_app.views.files import FILE_VIEWS
from inspect_app.views.kubernetes import KUBERNETES_VIEWS
from inspect_app.views.logs import LOG_VIEWS
from inspect_app.views.network import NETWORK_VIEWS
from inspect_app.views.privileges import PRIVILEGE_VIEWS
from inspect_app.views.processes import PROCESS_VIEWS
from inspect_app.views.programs import PROGRAM_VIEWS
from inspect_app.views.system import SYSTEM_VIEWS
from inspect_app.views.view import Column, How, Kind, Order, View

__all__ = ["EVENTS", "VIEWS", "Column", "How", "Kind", "Order", "View", "views_for"]

EVENTS = "events"
"""The drill-down target that is no view but the page of single events."""

VIEWS: Mapping[str, View] = MappingProxyType(
    {
        view.id: view
        for view in (
            *PROCESS_VIEWS,
            *PROGRAM_VIEWS,
            *CONTAINER_VIEWS,
            *KUBERNETES_VIEWS,
            *FILE_VIEWS,
            *NETWORK_VIEWS,
            *APPLICATION_VIEWS,
            *SYSTEM_VIEWS,
            *PRIVILEGE_VIEWS,
            *LOG_VIEWS,
        )
    }
)


def views_for(key: str) -> tuple[View, ...]:
    """The views in which a row of a view with this key can be opened; "" is the whole capture."""
    return tuple(view for view in VIEWS.values() if key in view.applies_to)
