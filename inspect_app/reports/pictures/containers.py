"""When each container lived."""

from __future__ import annotations

from inspect_app.analysis.timelines import capture_window
from inspect_app.frames.capture import CaptureFrames
from inspect_app.reports.pictures.lifelines import Life
from inspect_app.reports.wording import shown_text


def container_lives(frames: CaptureFrames) -> list[Life]:
    """A life for each container, by its beginning."""
    recorded = capture_window(frames)
    columns = ("name", "id", "image", "birth", "death")
    containers = frames.containers[~frames.is_host]
    listed = (containers[column].tolist() for column in columns)
    lives = [
        Life(
            label=shown_text(name or identity),
            note=shown_text(image) or "image not recorded",
            start_ns=recorded.start_ns if birth < 0 else birth,
            end_ns=recorded.end_ns if death < 0 else death,
            born=birth >= 0,
            died=death >= 0,
        )
        for name, identity, image, birth, death in zip(*listed, strict=True)
    ]
    return sorted(lives, key=lambda life: (life.start_ns, life.end_ns, life.label))
