"""What must end with the window, however it goes: the instrument and the watch."""

from __future__ import annotations

from corescout.gui.jobs.instrument_link import InstrumentLink
from corescout.gui.jobs.live_watch import LiveWatch


class Attached:
    """Knows no widget, so that it outlives a window that was destroyed without being closed.

    Attributes
    ----------
    link : InstrumentLink or None
        While an instrument is connected.
    watch : LiveWatch or None
        While one is under way.
    """

    def __init__(self) -> None:
        self.link: InstrumentLink | None = None
        self.watch: LiveWatch | None = None

    def __call__(self, *_: object) -> None:
        """The window was destroyed: stop its run and its watch."""
        if self.watch is not None:
            self.watch.stop()
        if self.link is not None:
            self.link.close()
