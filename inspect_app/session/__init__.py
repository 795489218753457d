"""Where the analyst is, as a value: window, filters, path of drill-downs."""

from inspect_app.session.history import History
from inspect_app.session.session import Session, Step
from inspect_app.session.storage import SessionError, from_json, to_json

__all__ = ["History", "Session", "SessionError", "Step", "from_json", "to_json"]
