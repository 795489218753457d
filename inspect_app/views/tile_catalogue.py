"""Every tile there is, in the order of the overview."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from inspect_app.views.tile import Counting, Tile, TileCategory
from inspect_app.views.tile_activity import ACTIVITY_TILES, PERFORMANCE_TILES
from inspect_app.views.tile_security import BACKGROUND_TILES, SECURITY_TILES

__all__ = ["TILES", "Counting", "Tile", "TileCategory"]

TILES: Mapping[str, Tile] = MappingProxyType(
    {tile.id: tile for tile in (*ACTIVITY_TILES, *SECURITY_TILES, *PERFORMANCE_TILES, *BACKGROUND_TILES)}
)
