"""How often the recorder looks into the lanes, and how long records may lie there.

A look costs the same for few records as for hundreds: as long as lanes fill slowly, there are few looks.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

LAZY_S = 0.01
"""How long it sleeps at most."""
_CALM, _PRESSED = 0.15, 0.4
"""How full the fullest lane may become in a sleep, at the rate of the last round; and how full for any."""
_REST_NS = 250_000_000
"""How long records that nothing waits for may lie in their lanes until many have come together."""


@dataclass
class Pace:
    """Looks and rests."""

    looked: int
    """Boot time of the last look."""
    fill: float = 0.0
    """How full the fullest lane was then, 0 to 1."""
    _filling: float = 0.0
    """At what rate it filled, in lanes a second."""
    _rests_until: int = 0

    def looks(self, now: int, fill: float) -> bool:
        """The lanes are looked into; whether records may still rest there."""
        self.fill = fill
        self._filling = fill / max(now - self.looked, 1) * 1e9
        self.looked = now
        if now < self._rests_until:
            return True
        self._rests_until = now + _REST_NS
        return False

    def sleep(self) -> None:
        """Until more has come, but not for so long that a lane could fill."""
        if self.fill <= _PRESSED:
            time.sleep(min(LAZY_S, _CALM / max(self._filling, _CALM)))
