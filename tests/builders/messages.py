"""DNS messages by hand, and TLS hellos as OpenSSL writes them."""

import ssl
import struct
from contextlib import suppress
from functools import cache


def dns_name(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def dns_query(name, kind=1, number=7):
    return struct.pack(">6H", number, 0x0100, 1, 0, 0, 0) + dns_name(name) + struct.pack(">2H", kind, 1)


def dns_answer(name, kind=1, number=7, *, records=(), code=0):
    """`records`: type and data; their name is a pointer to the question's."""
    header = struct.pack(">6H", number, 0x8180 | code, 1, len(records), 0, 0)
    body = b"".join(
        b"\xc0\x0c" + struct.pack(">2HIH", kind, 1, 60, len(data)) + data for kind, data in records
    )
    return header + dns_name(name) + struct.pack(">2H", kind, 1) + body


@cache
def tls_hellos(name="example.org", protocols=("h2", "http/1.1")):
    """What a client and a server of OpenSSL send first; with TLS 1.2, which needs no certificate."""
    client, server = (
        _context(side, protocols) for side in (ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER)
    )
    asked, told = (ssl.MemoryBIO() for _ in range(2))
    _begin(client.wrap_bio(ssl.MemoryBIO(), asked, server_hostname=name))
    hello = asked.read()
    asked.write(hello)
    _begin(server.wrap_bio(asked, told, server_side=True))
    return hello, told.read()


def tls_client_hello(name="example.org", protocols=("h2", "http/1.1")):
    """What OpenSSL sends first where nothing is forbidden: it offers TLS 1.3."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(list(protocols))
    asked = ssl.MemoryBIO()
    _begin(context.wrap_bio(ssl.MemoryBIO(), asked, server_hostname=name))
    return asked.read()


def _context(side, protocols):
    context = ssl.SSLContext(side)
    if side is ssl.PROTOCOL_TLS_CLIENT:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("aNULL:@SECLEVEL=0")
    context.set_alpn_protocols(list(protocols))
    return context


def _begin(side):
    with suppress(ssl.SSLWantReadError):
        side.do_handshake()
