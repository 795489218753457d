"""What an export writes, for tests to read with something else."""

import io

from inspect_app.exports.export import write
from inspect_app.exports.kinds import KINDS
from inspect_app.exports.request import request_of


def exported(frames, kind, *filters, **facts) -> bytes:
    """The bytes of an export of the events that meet all filters."""
    stream = io.BytesIO()
    write(request_of(frames, filters=filters, **facts), KINDS[kind], stream)
    return stream.getvalue()
