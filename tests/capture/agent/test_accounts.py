"""Users and groups, of this machine and of a broken file."""

from capture.agent import accounts


def test_users_and_groups_are_read_past_broken_lines(tmp_path, monkeypatch):
    passwd = tmp_path / "passwd"
    passwd.write_bytes(
        b"root:x:0:0:root:/root:/bin/sh\n\n# comment\nbroken:x\nevil:x:-1:0::/:/\n"
        b"text:x:a:b::/:/\n+::::::\nodd:x:\xc2\xb2:2::/:/\nlong:x:99999999999:1::/:/\nb\xff:x:7:8:::/bin/sh\n"
    )
    rows = list(accounts._colon_rows(passwd, (0, 2, 3, 5, 6)))
    assert rows == [["root", "0", "0", "/root", "/bin/sh"], ["b\\xff", "7", "8", "", "/bin/sh"]]
    assert list(accounts._colon_rows(tmp_path / "none", (0, 2))) == []
    assert {"name": "root", "uid": 0}.items() <= accounts.users()[0].items()
    assert any(row["gid"] == 0 for row in accounts.groups())
