"""Plain values and tables: what an event, a process, a container is. No I/O."""
