"""How `bench claims` counts what is said of surfaces with several types."""

import pytest

from benchmarks.truth import claims
from benchmarks.truth.claims import SaidOfSurface, of_family, tallied


def said(grade, *, wide=True, claimed=False, shown=2, procedure="scattering"):
    return SaidOfSurface("voronoi 1", procedure, 3, shown, wide, grade, claimed)


def test_wide_and_narrow_scans_are_counted_apart():
    rows = [said("distinct", claimed=True), said("possible zones"), said("one pattern", shown=1)]
    rows += [said("possible zones", wide=False), said("distinct", claimed=True, procedure="live")]
    values = tallied(rows)
    assert values["scattering_wide_asked"] == 3
    assert values["scattering_wide_claimed_share"] == 0.333
    assert values["scattering_wide_shown_share"] == 0.667
    assert values["scattering_narrow_claimed_share"] == 0
    assert values["live_wide_claimed_share"] == 1
    assert "live_narrow_asked" not in values


@pytest.mark.parametrize(("procedure", "side_px"), [("scattering", 256), ("13 px", 128)])
def test_a_surface_of_several_types_is_asked(monkeypatch, procedure, side_px):
    """By scattering on a scan as wide as the bench has it, in small by an autoencoder."""
    monkeypatch.setattr(claims, "SIDE_PX", side_px)
    (one,) = of_family("voronoi", 1, procedure)
    assert 2 <= one.types <= 5
    assert one.wide == (side_px == 256)
    assert one.grade in ("one pattern", "drift", "possible zones", "zones", "distinct")
    assert one.claimed == (one.grade in ("zones", "distinct"))
