"""All fields of the language, declared once; completion, the reference and tests read this table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inspect_app.filters.field import Argument, Field, FieldColumn, FieldType
from inspect_app.filters.fields_arg import ARGUMENT_FIELDS
from inspect_app.filters.fields_call import CALL_FIELDS, GIVEN_NAME
from inspect_app.filters.fields_cgroup import CGROUP_FIELDS
from inspect_app.filters.fields_container import CONTAINER_FIELDS
from inspect_app.filters.fields_credentials import CREDENTIAL_FIELDS
from inspect_app.filters.fields_evt import EVENT_FIELDS
from inspect_app.filters.fields_fd import DESCRIPTOR_FIELDS
from inspect_app.filters.fields_limit import LIMIT_FIELDS
from inspect_app.filters.fields_log import LOG_FIELDS
from inspect_app.filters.fields_name import NAME_FIELDS
from inspect_app.filters.fields_peer import PEER_FIELDS
from inspect_app.filters.fields_proc import PROCESS_FIELDS
from inspect_app.filters.fields_program import PROGRAM_FIELDS
from inspect_app.filters.fields_protocol import PROTOCOL_FIELDS
from inspect_app.filters.fields_sample import SAMPLE_FIELDS
from inspect_app.filters.fields_signal import SIGNAL_FIELDS
from inspect_app.filters.fields_standing import STANDING_FIELDS
from inspect_app.filters.fields_time import TIME_FIELDS
from inspect_app.filters.fields_user import USER_FIELDS

__all__ = ["FIELDS", "Argument", "Field", "FieldColumn", "FieldType"]

FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        field.name: field
        for field in (
            *TIME_FIELDS,
            *EVENT_FIELDS,
            *ARGUMENT_FIELDS,
            *CALL_FIELDS,
            *SIGNAL_FIELDS,
            *LOG_FIELDS,
            *PROCESS_FIELDS,
            *PROGRAM_FIELDS,
            *STANDING_FIELDS,
            *CGROUP_FIELDS,
            *LIMIT_FIELDS,
            *SAMPLE_FIELDS,
            *DESCRIPTOR_FIELDS,
            GIVEN_NAME,
            *NAME_FIELDS,
            *PEER_FIELDS,
            *PROTOCOL_FIELDS,
            *USER_FIELDS,
            *CREDENTIAL_FIELDS,
            *CONTAINER_FIELDS,
        )
    }
)
"""Name → field."""
