"""BoltDB files as their owners write them, from nested dictionaries: a dict is a bucket, bytes a value."""

import struct

PAGE = 4096
META, BRANCH, LEAF, FREELIST = 4, 1, 2, 16


def bolt_file(content, *, fan_out=1000, txid=7, page=PAGE):
    """The bytes of a database.

    Args:
        content: the buckets at the root.
        fan_out: how many keys a leaf page takes; more make a branch page above several leaves.
        txid: the newest transaction; the other meta page is of the one before, and empty.
        page: the size of a page.
    """
    pages = {2: _page(2, FREELIST, b"", 0, page), 3: _page(3, LEAF, b"", 0, page)}
    root = _bucket(content, pages, fan_out, page)
    high = max(pages) + len(pages[max(pages)]) // page
    metas = [_meta(0, txid - 1, 3, high, page), _meta(1, txid, root, high, page)]
    body = bytearray(high * page)
    for number, content in (*enumerate(metas), *pages.items()):
        body[number * page : number * page + len(content)] = content
    return bytes(body)


def _bucket(content, pages, fan_out, page):
    entries = []
    for key, value in sorted(content.items()):
        if isinstance(value, dict):
            entries.append((key, 1, _value_of(value, pages, fan_out, page)))
        else:
            entries.append((key, 0, value))
    leaves = [entries[at : at + fan_out] for at in range(0, len(entries), fan_out)] or [[]]
    numbers = [_add(pages, LEAF, _leaf_body(rows), len(rows), page) for rows in leaves]
    if len(numbers) == 1:
        return numbers[0]
    firsts = [(rows[0][0], number) for rows, number in zip(leaves, numbers, strict=True)]
    return _add(pages, BRANCH, _branch_body(firsts), len(firsts), page)


def _value_of(value, pages, fan_out, page):
    """A bucket's header; a small bucket without others in it lies right behind."""
    flat = all(isinstance(entry, bytes) for entry in value.values())
    rows = [(key, 0, entry) for key, entry in sorted(value.items())]
    if flat and sum(len(key) + len(entry) for key, _, entry in rows) < page // 8:
        return struct.pack("<QQ", 0, 0) + _page(0, LEAF, _leaf_body(rows), len(rows), 0)
    return struct.pack("<QQ", _bucket(value, pages, fan_out, page), 0)


def _leaf_body(rows):
    heads, data, start = b"", b"", 16 * len(rows)
    for at, (key, flag, value) in enumerate(rows):
        heads += struct.pack("<IIII", flag, start + len(data) - 16 * at, len(key), len(value))
        data += key + value
    return heads + data


def _branch_body(firsts):
    heads, data, start = b"", b"", 16 * len(firsts)
    for at, (key, number) in enumerate(firsts):
        heads += struct.pack("<IIQ", start + len(data) - 16 * at, len(key), number)
        data += key
    return heads + data


def _add(pages, flags, body, count, page):
    last = max(pages)
    number = last + len(pages[last]) // page
    pages[number] = _page(number, flags, body, count, page)
    return number


def _page(number, flags, body, count, page):
    size = 16 + len(body)
    overflow = max(-(-size // page) - 1, 0) if page else 0
    content = struct.pack("<QHHI", number, flags, count, overflow) + body
    return content.ljust((overflow + 1) * page, b"\0")


def _meta(number, txid, root, high, page):
    fields = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, page, 0, root, 0, 2, high, txid)
    checksum = 0xCBF29CE484222325
    for byte in fields:
        checksum = (checksum ^ byte) * 0x100000001B3 % (1 << 64)
    return struct.pack("<QHHI", number, META, 0, 0) + fields + struct.pack("<Q", checksum)
