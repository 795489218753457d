# How Podman is called for the demo; sourced by the other scripts here.

IMAGE=localhost/exhume-demo:1.0

# Calls Podman with what this machine needs: crun, its usual runtime, refuses machines on which the old and the new
# cgroups are mounted together, and the systemd driver needs systemd.
demo_podman() {
    local options=()
    if [[ ! -e /sys/fs/cgroup/cgroup.controllers ]]; then
        options=(--runtime=runc --cgroup-manager=cgroupfs)
    elif [[ ! -d /run/systemd/system ]]; then
        options=(--cgroup-manager=cgroupfs)
    fi
    podman "${options[@]}" "$@"
}

# Limits are given because Podman's own wish more than some machines allow even root. The host's network is used for
# its loopback: nothing here reaches further.
demo_run() {
    demo_podman run --network=host --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@"
}
