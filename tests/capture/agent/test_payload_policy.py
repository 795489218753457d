"""Rules for payload: how they are written, and the words by which the first that holds wins."""

import pytest

from capture.agent.payload_policy import PayloadSubject, numbered, payload_rule
from capture.agent.payload_tables import payload_constants


@pytest.mark.parametrize(
    ("text", "subject", "values", "size"),
    [
        ("port:53,80=512", "port", ("53", "80"), 512),
        ("port:8000-8080=0", "port", ("8000-8080",), 0),
        ("path:/etc/=4096", "path", ("/etc/",), 4096),
        ("path:/odd=name,x=7", "path", ("/odd=name,x",), 7),
        ("container:web,db*=65536", "container", ("web", "db*"), 65536),
    ],
)
def test_a_rule_is_read_as_it_is_meant(text, subject, values, size):
    rule = payload_rule(text)
    assert (rule.subject, rule.values, rule.bytes, rule.text) == (subject, values, size, text)


def test_ranges_name_all_their_ports():
    assert list(payload_rule("port:1,5-7,65535=9").ports()) == [1, 5, 6, 7, 65535]


def test_the_first_rule_has_the_smallest_word_and_none_is_nothing():
    rules = [payload_rule(text) for text in ("port:1=65536", "path:/=0", "port:2=0")]
    words = [word for subject in PayloadSubject for word, _ in numbered(rules, subject)]
    assert len(set(words)) == 3
    assert min(words) > 0
    by_text = {rule.text: word for subject in PayloadSubject for word, rule in numbered(rules, subject)}
    assert sorted(by_text, key=by_text.get) == [rule.text for rule in rules]
    assert [by_text[rule.text] & 0x1FFFF for rule in rules] == [65536, 0, 0]


def test_the_probe_has_room_for_the_largest_that_may_be_kept():
    rules = [payload_rule("port:1=700"), payload_rule("container:x=20")]
    constants = payload_constants(rules, 80)
    assert constants == {
        **{"SNAPLEN": 700, "COMMON_SNAPLEN": 80},
        **{"PORT_RULES": 1, "PATH_RULES": 0, "CONTAINER_RULES": 1},
    }
