"""What the operator set under Preferences > Plugins; the manifest says what there is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preferences:
    """Defaults of a new window, the same as in the manifest.

    Attributes
    ----------
    preset : str
    spacing_px : float
    budget_min : float
        0: no limit.
    cores : int
        0: all but one.
    ask : bool
        Before a window closes over what is not saved.
    """

    preset: str = "live"
    spacing_px: float = 5.0
    budget_min: float = 0.0
    cores: int = 0
    ask: bool = True


def preferences() -> Preferences:
    """Return the preferences; the defaults where napari knows none of this plugin."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # napari before 0.9
        return Preferences()
    try:
        settings = get_plugin_settings("napari-corescout")
        return Preferences(
            preset=str(settings.search.preset),
            spacing_px=float(settings.search.spacing_px),
            budget_min=float(settings.search.budget_min),
            cores=int(settings.search.cores),
            ask=bool(settings.sessions.ask),
        )
    except (KeyError, AttributeError, LookupError):  # it runs without its manifest
        return Preferences()
