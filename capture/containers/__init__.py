"""Who a process belongs to: from a cgroup path to a container and its metadata."""
