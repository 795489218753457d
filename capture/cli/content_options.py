"""Options of `record` that say what of the content is kept: payload, environment, digests, names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from capture.agent.payload_policy import MAX_RULES, PayloadRule, payload_rule
from capture.agent.settings import MAX_SNAPLEN, Settings
from capture.evidence.redaction import make_redactor

_DEFAULTS = Settings()


def _checked_rules(
    ctx: click.Context, param: click.Parameter, rules: tuple[str, ...]
) -> tuple[PayloadRule, ...]:
    if len(rules) > MAX_RULES:
        raise click.BadParameter(f"{len(rules)} rules were given, up to {MAX_RULES} are possible", ctx, param)
    try:
        return tuple(map(payload_rule, rules))
    except ValueError as error:
        raise click.BadParameter(str(error), ctx, param) from error


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
    click.option(
        "--payload",
        metavar="RULE",
        multiple=True,
        callback=_checked_rules,
        help="Keep another number of bytes of some: port:53,80=512, port:8000-8080=0, path:/etc/=4096, "
        "container:web=0. May be given several times; the first rule that holds decides.",
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
        help="Mask what this regular expression (RE2) matches in arguments, environments and payload (its "
        "group 'secret' where it has one). May be given several times.",
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
    if options["no_payload"] and options["payload"]:
        raise click.UsageError("--no-payload keeps no payload: it cannot be given together with --payload")
    return {
        "payload": options["payload"],
        "snaplen": 0 if options["no_payload"] else options["snaplen"],
        "environment": options["environment"],
        "hashes": not options["no_hashes"],
        "redact": options["redact"],
        "redact_secrets": options["redact_secrets"],
        "users": not options["no_users"],
    }
