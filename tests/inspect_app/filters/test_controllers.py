"""What a pod's name and labels tell of the controller that made it."""

import pytest

from inspect_app.filters.controllers import Controller, application_of, controller_of

TEMPLATE, REVISION = "pod-template-hash", "controller-revision-hash"
STATEFUL = "statefulset.kubernetes.io/pod-name"


@pytest.mark.parametrize(
    ("pod", "labels", "kind", "name", "replica_set"),
    [
        ("web-7d4b9-x2x4z", {TEMPLATE: "7d4b9"}, "Deployment", "web", "web-7d4b9"),
        ("my-web-front-7d4b9-x2x4z", {TEMPLATE: "7d4b9"}, "Deployment", "my-web-front", "my-web-front-7d4b9"),
        ("db-0", {STATEFUL: "db-0", REVISION: "db-6c"}, "StatefulSet", "db", ""),
        ("proxy-abcde", {REVISION: "6c"}, "DaemonSet", "proxy", ""),
        ("backup-2891-abcde", {"job-name": "backup-2891"}, "Job", "backup-2891", ""),
        ("backup-2891-abcde", {"batch.kubernetes.io/job-name": "backup-2891"}, "Job", "backup-2891", ""),
    ],
)
def test_a_controller_is_told_by_name_and_labels(pod, labels, kind, name, replica_set):
    assert controller_of(pod, labels) == Controller(kind, name, replica_set)


@pytest.mark.parametrize(
    ("pod", "labels"),
    [
        ("web-7d4b9-x2x4z", {}),
        ("web-x2x4z", {TEMPLATE: "7d4b9"}),
        ("web", {TEMPLATE: ""}),
        ("lone", {REVISION: "6c"}),
        ("", {TEMPLATE: "7d4b9"}),
        ("-7d4b9-x", {TEMPLATE: "7d4b9"}),
    ],
)
def test_what_does_not_fit_is_no_controller(pod, labels):
    assert controller_of(pod, labels) is None


def test_an_application_is_what_its_labels_call_it():
    assert application_of({"app": "shop", "app.kubernetes.io/name": "front"}) == "front"
    assert application_of({"k8s-app": "dns", "app": ""}) == "dns"
    assert application_of({"tier": "front"}) == ""
