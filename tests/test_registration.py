"""Registration: real survey and zoom pairs, known shifts, and stripes that are refused."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.data import Scan, ScanFrame
from corescout.instruments.twin import DigitalTwin
from corescout.readers import read_scan
from corescout.registration import register
from corescout.surfaces import generate_surface


def found_px(survey, zoom, drift_m):
    """Where the zoom's centre lies on the survey, (y, x)."""
    return survey.frame.to_px(np.subtract(zoom.frame.center_m, drift_m))


def by_template(survey, zoom, channel):
    """The same from a slow, obvious search: the zoom's middle at every place of the survey."""
    from skimage.feature import match_template
    from skimage.transform import resize

    ratio = zoom.frame.pitch_m[0] / survey.frame.pitch_m[0]
    shape = tuple(round(n * ratio) for n in zoom.shape_px)
    small = resize(np.asarray(zoom.channel(channel), float), shape, anti_aliasing=True)
    cut = round(0.2 * shape[0])  # the zoom may reach beyond the survey
    small = small[cut:-cut, cut:-cut]
    match = match_template(np.asarray(survey.channel(channel), float), small)
    top_left = np.unravel_index(int(match.argmax()), match.shape)
    return np.add(top_left, (np.array(small.shape) - 1) / 2)


@pytest.mark.parametrize(
    ("survey", "zoom"),
    [("PMN28Pt0000.h5", "PMN28Pt0001.h5"), ("PTO_Funakubo0004.h5", "PTO_Funakubo0005.h5")],
)
def test_real_pairs_agree_with_a_template_search(scan_file, survey, zoom):
    survey, zoom = read_scan(scan_file(survey)), read_scan(scan_file(zoom))
    found = register(survey, zoom)
    assert found.refused is None
    wanted = by_template(survey, zoom, "DeflectionRetrace")
    assert np.abs(found_px(survey, zoom, found.drift_m) - wanted).max() < 1.5


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_known_drift_is_found(angle):
    surface = generate_surface((160, 160), seed=3)
    frame = surface.scan.frame
    twin = DigitalTwin(surface)
    twin.sample.drift_m_per_s = (0.0, 0.0)
    wanted = np.array([25e-9, -40e-9])
    moved = ScanFrame(
        (128, 128), (5e-9, 5e-9), (frame.center_m[0] + 1e-7, frame.center_m[1]), angle
    )
    away = replace(moved, center_m=tuple(np.subtract(moved.center_m, wanted)))
    image = twin._image(away, "zoom")  # what lies at p - drift now lies at p
    found = register(surface.scan, replace(image, frame=moved))
    assert found.refused is None
    assert np.hypot(*np.subtract(found.drift_m, wanted)) < 1.0 * frame.pitch_m[0]


def test_stripes_alone_are_refused():
    rng = np.random.default_rng(0)
    column = np.arange(160)
    stripes = np.tile(np.sin(column / 2.0), (160, 1)) + 0.02 * rng.standard_normal((160, 160))
    frame = ScanFrame((160, 160), (5e-9, 5e-9))
    first = Scan("a", {"Amplitude": stripes.astype(np.float32)}, frame=frame)
    second = replace(first, uid="b", channels={"Amplitude": np.roll(stripes, 3, 1)})
    refused = register(first, second).refused
    assert refused is not None
    assert "stripes" in refused or "another shift" in refused


def test_what_does_not_overlap_or_has_no_scale_is_refused(surface):
    far = replace(surface.scan.frame, center_m=(1e-3, 0.0))
    assert register(surface.scan, replace(surface.scan, frame=far)).refused is not None
    assert register(surface.scan, replace(surface.scan, frame=None)).refused is not None


def test_another_surface_is_refused(surface):
    other = generate_surface((160, 160), seed=9).scan
    assert register(surface.scan, other).refused is not None
