"""Which mounts reach into the host."""

import pytest

from inspect_app.frames.mounts import sensitive_mounts


def bind(source, destination="/x", *options):
    return {"source": source, "destination": destination, "type": "bind", "options": ["rbind", *options]}


@pytest.mark.parametrize(
    "source",
    [
        *(
            "/",
            "/etc",
            "/etc/shadow",
            "/proc",
            "/proc/1/root",
            "/sys/kernel",
            "/dev/sda",
            "/root/.ssh",
            "/home",
        ),
        *(
            "/var",
            "/var/run/docker.sock",
            "/run/docker.sock",
            "/run/containerd/containerd.sock",
            "/var/lib/docker",
        ),
        *("/var/lib", "/run", "/usr", "/var/lib/kubelet", "/boot/grub"),
    ],
)
def test_a_place_of_the_host_counts_by_itself_with_what_is_in_it_and_what_it_is_in(source):
    assert sensitive_mounts([bind(source)]) == [f"{source}:/x:rw"]


@pytest.mark.parametrize(
    "mount",
    [
        *map(
            bind,
            ("/srv/data", "/usr/share/x", "/var/lib/docker/volumes/v/_data", "/etcetera", "relative", ""),
        ),
        bind("/var/lib/docker/containers/a/hosts", "/etc/hosts"),
        bind("/run/containers/a/resolv.conf", "/etc/resolv.conf"),
        {"source": "proc", "destination": "/proc", "type": "proc", "options": ["nosuid"]},
        {"source": "/proc", "destination": "/proc", "type": "proc", "options": 3},
        {},
    ],
)
def test_volumes_and_what_every_container_has_do_not(mount):
    assert sensitive_mounts([mount]) == []


def test_the_mode_is_told():
    assert sensitive_mounts([bind("/etc", "/a", "ro"), bind("/etc", "/b")]) == ["/etc:/a:ro", "/etc:/b:rw"]


def test_a_mount_is_a_bind_by_its_options_too():
    assert sensitive_mounts([{"source": "/etc", "destination": "/e", "type": "none", "options": ["bind"]}])
