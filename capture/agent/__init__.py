"""Recording: the probe, its lanes, the /proc snapshot, the pipeline into the file."""
