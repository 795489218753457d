"""Which controller of Kubernetes made a pod, as far as the pod's name and labels tell.

Deployment   label pod-template-hash H, pod NAME-H-xxxxx: replica set NAME-H of deployment NAME
StatefulSet  label statefulset.kubernetes.io/pod-name, pod NAME-0
Job          label batch.kubernetes.io/job-name or job-name
DaemonSet    label controller-revision-hash without that of a StatefulSet, pod NAME-xxxxx
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_JOBS = ("batch.kubernetes.io/job-name", "job-name")
_APPLICATIONS = ("app.kubernetes.io/name", "app", "k8s-app")


@dataclass(frozen=True, slots=True)
class Controller:
    """What keeps a pod alive."""

    kind: str
    name: str
    replica_set: str = ""
    """Of a Deployment, the set that the pod belongs to."""


def controller_of(pod: str, labels: Mapping[str, str]) -> Controller | None:
    """None where nothing tells."""
    job = next((labels[name] for name in _JOBS if labels.get(name)), "")
    if job:
        return Controller("Job", job)
    if "statefulset.kubernetes.io/pod-name" in labels:
        return _named("StatefulSet", pod)
    template = labels.get("pod-template-hash", "")
    name, found, _ = pod.rpartition(f"-{template}-")
    if template and found and name:
        return Controller("Deployment", name, f"{name}-{template}")
    return _named("DaemonSet", pod) if "controller-revision-hash" in labels else None


def application_of(labels: Mapping[str, str]) -> str:
    """The name by which labels call what a pod serves; empty where none does."""
    return next((labels[name] for name in _APPLICATIONS if labels.get(name)), "")


def _named(kind: str, pod: str) -> Controller | None:
    name = pod.rpartition("-")[0]
    return Controller(kind, name) if name else None
