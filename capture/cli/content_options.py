"""Options of `record` that say what of the content is kept: payload, environment, digests, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from capture.agent.redaction import make_redactor
from capture.agent.settings import MAX_SNAPLEN, Settings

_DEFAULTS = Settings()


def _checked_patterns(
    ctx: click.Context, param: click.Parameter, patterns: tuple[str, ...]
) -> tuple[str, ...]:
    try:
        make_redactor(patterns, secrets=False)
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error
    return patterns


_OPTIONS = (
    click.option(
        "--snaplen",
        type=click.IntRange(0, MAX_SNAPLEN),
        default=_DEFAULTS.snaplen,
        show_default=True,
        help="Payload bytes kept of each read, write, send and receive; 0 keeps none.",
    ),
    click.option("--no-payload", is_flag=True, help="Keep no payload at all: the same as --snaplen 0."),
    click.option(
        "--environment",
        is_flag=True,
        help="Keep the environment of each program, up to 16 KiB. It often holds secrets.",
    ),
    click.option("--no-hashes", is_flag=True, help="Do not hash the files of programs (SHA-256)."),
    click.option(
        "--redact",
        "redact",
        metavar="PATTERN",
        multiple=True,
        callback=_checked_patterns,
        help="Mask what this regular expression matches in arguments, environments and payload (its group "
        "'secret' where it has one). May be given several times.",
    ),
    click.option(
        "--redact-secrets",
        is_flag=True,
        help="Mask common secrets: password=…, tokens, keys of clouds, private key blocks, cookies.",
    ),
    click.option("--no-users", is_flag=True, help="Keep no names of users and groups, only their numbers."),
)


def content_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def content_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a recording that follow from them.

    Raises:
        click.UsageError: Two options contradict each other.
    """
    return {
        "snaplen": 0 if options["no_payload"] else options["snaplen"],
        "environment": options["environment"],
        "hashes": not options["no_hashes"],
        "redact": options["redact"],
        "redact_secrets": options["redact_secrets"],
        "users": not options["no_users"],
    }
