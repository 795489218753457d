"""Common secrets, declared: what they begin with, and their form.

A row's pattern is tried only where one of its beginnings stands (in any case), and at no other place: finding
those is a look at three bytes, so that a secret costs next to nothing where there is none. The last group
that matched is the secret, without groups the whole match.
"""

# ruff: noqa: E501 - one row a line, however long

from __future__ import annotations

import re
from dataclasses import dataclass

_VALUE = (
    rb"(?:\"([^\"\0\r\n]{1,1024})|'([^'\0\r\n]{1,1024})|([^\s\0\"'&;,<>]{1,1024}))"
    # In quotes up to the closing one, else up to a blank or a separator.
)


@dataclass(frozen=True, slots=True)
class Secret:
    """One kind of secret."""

    name: str
    begins: tuple[bytes, ...]
    """In small letters, three bytes at least."""
    pattern: re.Pattern[bytes]
    example: bytes
    """A text in which it stands."""
    hidden: bytes
    """What is to be masked in the example."""
    covers: bool = False
    """Whether what begins within its match is a part of it: not looked at, however often it begins anew there."""


def _secret(
    name: str, begins: bytes, pattern: bytes, example: bytes, hidden: bytes, *, covers: bool = False
) -> Secret:
    return Secret(name, tuple(begins.split()), re.compile(pattern), example, hidden, covers)


SECRETS: tuple[Secret, ...] = (
    _secret(
        "named value",
        b"passw passphrase pwd secret token api_key api-key apikey private_key credential access_key",
        rb"(?i)[\w-]{2,40}+[\"']?[ \t]{0,4}[=:][ \t]{0,4}" + _VALUE,
        b'{"db_password": "tr0ub4dor", "user": "x"}',
        b"tr0ub4dor",
    ),
    _secret(
        "option",
        b"-passw -secret -token -api-key -apikey -pwd",
        rb"(?i)(?<![\w./])-[\w-]{1,40}+\0([^\0]{1,1024})",
        b"mysql\0--password\0hunter2\0-u\0root\0",
        b"hunter2",
    ),
    _secret(
        "authorization header",
        b"authorization",
        rb"(?i)authorization[\"']?[ \t]{0,4}[:=][ \t]{0,4}[\"']?(?:[a-z]{1,20} +)?([^\s\0\"']{4,4096})",
        b"GET / HTTP/1.1\r\nAuthorization: Basic dXNlcjpwYXNz\r\n",
        b"dXNlcjpwYXNz",
    ),
    _secret("bearer token", b"bearer", rb"(?i)bearer +([\w.~+/=-]{8,4096})", b"x: Bearer abcdef123456", b"abcdef123456"),
    _secret("cookie", b"cookie:", rb"(?i)cookie: *([^\r\n\0]{1,4096})", b"Cookie: sid=12ab\r\nHost: x", b"sid=12ab",
            covers=True),
    _secret(
        "private key block",
        b"-----begin",
        rb"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----([\s\S]{1,65536}?)(?:-----END|\Z)",
        b"-----BEGIN RSA PRIVATE KEY-----\nMIIEow==\n-----END RSA PRIVATE KEY-----",
        b"\nMIIEow==\n",
        covers=True,
    ),
    _secret("AWS key", b"akia asia", rb"A[KS]IA[0-9A-Z]{16}", b"id AKIAIOSFODNN7EXAMPLE.", b"AKIAIOSFODNN7EXAMPLE"),
    _secret("JSON web token", b"eyj", rb"eyJ[\w-]{8,4096}\.eyJ[\w-]{8,4096}\.[\w-]{0,4096}",
            b"t eyJhbGciOiJI.eyJzdWIiOiIx.c2ln end", b"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"),
    _secret("GitHub token", b"ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
            rb"(?:gh[pousr]|github_pat)_\w{20,255}", b"ghp_0123456789abcdefghij x", b"ghp_0123456789abcdefghij"),
    _secret("Slack token", b"xoxa- xoxb- xoxo- xoxp- xoxr- xoxs-", rb"xox[aboprs]-[\w-]{10,255}",
            b"xoxb-1234567890-abc", b"xoxb-1234567890-abc"),
    _secret("Google key", b"aiza", rb"AIza[\w-]{35}", b"AIza" + b"x" * 35, b"AIza" + b"x" * 35),
    _secret("Stripe key", b"sk_live_ rk_live_", rb"[sr]k_live_\w{10,255}", b"sk_live_abcdefghij", b"sk_live_abcdefghij"),
    _secret("password in a URL", b"://", rb"://[^\s/:@\0\"']{0,256}:([^\s/@\0\"']{1,256})@",
            b"git clone https://me:s3cret@host/x", b"s3cret"),
    _secret("password hash", b"$1$ $2a$ $2b$ $2y$ $5$ $6$ $y$", rb"\$(?:1|2[aby]|5|6|y)\$[^\s:\0]{8,512}",
            b"root:$6$saltsalt$hashhash:1:", b"$6$saltsalt$hashhash"),
)  # fmt: skip
"""Enabled all together by `--redact-secrets`."""
