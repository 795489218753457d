"""Elastic Common Schema: each line a document whose words and types are those of the schema."""

# ruff: noqa: E501 - a row a group of fields

import json
from ipaddress import ip_address

import pytest

from inspect_app.exports.ecs_kinds import _BY_CALL, kind_of
from tests.builders.frames import build_frames
from tests.inspect_app.exports.written import exported

ALLOWED = {
    # category: types that the schema expects with it
    "process": {"access", "change", "end", "info", "start"},
    "file": {"access", "change", "creation", "deletion", "info"},
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "driver": {"change", "end", "info", "start"},
    "configuration": {"access", "change", "creation", "deletion", "info"},
}
FIELDS = {
    # every leaf that may occur, and its type
    "@timestamp": str, "message": str, "ecs.version": str,
    **{f"event.{name}": str for name in ("kind", "provider", "module", "dataset", "action", "outcome")},
    "event.sequence": int, "event.duration": int, "event.category": list, "event.type": list, "error.code": str,
    **{f"host.{name}": str for name in ("hostname", "name", "id", "architecture", "os.type", "os.full", "os.kernel")},
    **{f"process.{name}": str for name in ("name", "executable", "command_line", "working_directory",
                                           "hash.sha256", "entity_id", "start", "end", "parent.name",
                                           "parent.executable", "parent.entity_id")},
    **{f"process.{name}": int for name in ("pid", "args_count", "exit_code", "thread.id", "parent.pid")},
    "process.args": list, "user.id": str, "user.name": str,
    **{f"file.{name}": str for name in ("path", "directory", "name", "extension", "inode", "device", "type", "mode")},
    **{f"{end}.{name}": str for end in ("source", "destination") for name in ("address", "ip")},
    "source.port": int, "destination.port": int,
    **{f"network.{name}": str for name in ("transport", "type", "direction")},
    **{f"container.{name}": str for name in ("id", "name", "runtime", "image.name")},
    "container.image.tag": list, "container.image.hash.all": list,
    **{f"orchestrator.{name}": str for name in ("type", "namespace", "resource.type", "resource.name", "resource.id")},
    **{f"observer.{name}": str for name in ("vendor", "product", "type")},
    **{f"labels.{name}": str for name in ("capture", "capture_digest", "capture_state", "selection")},
}  # fmt: skip


@pytest.fixture(scope="module")
def documents():
    return [json.loads(line) for line in exported(build_frames(), "ecs").splitlines()]


def leaves(value, path=""):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def test_every_field_is_one_of_the_schema_and_has_its_type(documents):
    assert len(documents) == len(build_frames().events)
    for document in documents:
        for name, value in leaves(document):
            assert type(value) is FIELDS[name], (name, value)


def test_categories_and_types_fit_each_other(documents):
    kinds = [(*one["event"]["category"], set(one["event"]["type"])) for one in documents]
    kinds += [(*kind_of(name, "").category, set(kind_of(name, "").type)) for name in _BY_CALL]
    for category, types in kinds:
        assert types <= ALLOWED[category]
    assert {one["event"]["outcome"] for one in documents} == {"success", "failure", "unknown"}


def test_who_opened_a_connection_is_its_source(documents):
    ends = {
        (one["process"]["name"], one["source"]["port"], one["destination"]["port"])
        for one in documents
        if one.get("network", {}).get("transport") == "tcp" and "destination" in one and "source" in one
    }
    assert ("curl", 51000, 80) in ends
    assert ("nginx", 51000, 80) in ends
    addresses = [one[end]["ip"] for one in documents for end in ("source", "destination") if end in one]
    assert all(map(ip_address, addresses))


def test_a_process_keeps_its_identity_and_tells_its_parent(documents):
    curl, cat = (
        next(one["process"] for one in documents if one["process"].get("name") == name)
        for name in ("curl", "cat")
    )
    assert curl["pid"] == cat["pid"] == 201
    assert curl["entity_id"] != cat["entity_id"]
    assert curl["parent"]["name"] == "sh"
    assert curl["args"] == ["curl", "-s", "http://example.org/index.html"]


def test_a_container_has_its_image_and_its_pod_and_the_host_is_none(documents):
    web = next(one for one in documents if one.get("container", {}).get("name") == "web")
    assert web["container"]["image"]["name"] == "docker.io/library/nginx"
    assert web["container"]["image"]["tag"] == ["1.25"]
    assert web["orchestrator"]["resource"]["name"] == "web-7d4b9"
    assert all("container" not in one for one in documents if one["process"].get("name") == "curl")
