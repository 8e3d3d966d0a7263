"""Whether the types of a vote keep to their own places, by the patches alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ShownPlaces:
    """How far types that several candidates make agree at a distance.

    They are shown smoothed over neighbours, which makes any pattern keep to its places: this is
    asked of what each patch by itself is likeliest of.

    Attributes
    ----------
    agreement, agreement_error : float
        0 for a pattern that is the same everywhere, up to 1; with its standard error.
    p_value : float
        Of no agreement at all.
    keep_to_places : bool
        They agree beyond what the parts of one pattern do.
    distance_px : (float, float)
        Of the points that were compared, on the grid that windows count in.
    """

    agreement: float
    agreement_error: float
    p_value: float
    keep_to_places: bool
    distance_px: tuple[float, float]

    @property
    def in_words(self) -> str:
        """What was found, with its figures; no full stop."""
        near, far = self.distance_px
        verb = "keep" if self.keep_to_places else "do not keep"
        return (
            f"the types that are shown {verb} to their own places by their patches alone (agreement"
            f" {near:.0f} to {far:.0f} px apart {self.agreement:.2f} +- {self.agreement_error:.2f},"
            f" p = {self.p_value:.3f})"
        )
