"""Views of what keeps pods alive, as far as names and labels of pods tell: nothing else of it is recorded."""

from __future__ import annotations

from inspect_app.views.columns import ANYTHING, ERRORS, EVENTS, FIRST, LAST, count, distinct, text, total
from inspect_app.views.view import Column, Order, View

_NAMESPACE = text("k8s.ns.name", "Namespace", "Kubernetes namespace")
_FIGURES: tuple[Column, ...] = (
    distinct("k8s.pod.name", "Pods", "different pods"),
    distinct("container.id", "Containers", "different containers"),
    EVENTS,
    ERRORS,
    count("execs", "Commands"),
    total("file.bytes", "File I/O"),
    total("net.bytes", "Network I/O"),
    FIRST,
    LAST,
)
_BY_LABELS = "They are told by the names and labels of pods, as the controllers of Kubernetes give them."

KUBERNETES_VIEWS = (
    View(
        "controllers",
        "Controllers",
        ("controller", "controllers"),
        "What the pods of each Deployment, StatefulSet, DaemonSet and Job did.",
        (_BY_LABELS, "Enter shows the pods."),
        ANYTHING - {"controller", "deployment"},
        "k8s.controller.name exists",
        "controller",
        (
            text("k8s.controller.kind", "Kind", "Deployment, StatefulSet, DaemonSet or Job"),
            text("k8s.controller.name", "Controller", "its name"),
            _NAMESPACE,
            *_FIGURES,
        ),
        Order("events"),
        "pods",
        key_tells_all=True,
    ),
    View(
        "deployments",
        "Deployments",
        ("deployment", "deployments"),
        "What the pods of each deployment did, whichever replica set they belong to.",
        (_BY_LABELS, "Two replica sets at a time: the deployment was changed within the recording."),
        ANYTHING - {"deployment"},
        "k8s.deployment.name exists",
        "deployment",
        (
            text("k8s.deployment.name", "Deployment", "its name"),
            _NAMESPACE,
            distinct("k8s.rs.name", "Replica sets", "different replica sets"),
            *_FIGURES,
        ),
        Order("events"),
        "pods",
        key_tells_all=True,
    ),
    View(
        "replicasets",
        "Replica sets",
        ("replica set", "replica sets"),
        "What the pods of each replica set did: each version of a deployment has one.",
        (_BY_LABELS, "What the newer one does and the older one did not came with the change."),
        ANYTHING - {"replicaset"},
        "k8s.rs.name exists",
        "replicaset",
        (
            text("k8s.rs.name", "Replica set", "its name"),
            text("k8s.deployment.name", "Deployment", "the deployment that it belongs to"),
            _NAMESPACE,
            *_FIGURES,
        ),
        Order("events"),
        "pods",
        key_tells_all=True,
    ),
    View(
        "services",
        "Services",
        ("service", "services"),
        "What was done by all pods that serve the same, by the labels with which services choose pods.",
        ("The name is the label app.kubernetes.io/name, app or k8s-app: a service itself is not recorded.",),
        ANYTHING - {"service"},
        "k8s.app.name exists",
        "service",
        (text("k8s.app.name", "Service", "what the labels call it"), _NAMESPACE, *_FIGURES),
        Order("events"),
        "pods",
        key_tells_all=True,
    ),
)
