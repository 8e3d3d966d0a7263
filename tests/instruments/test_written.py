"""What a spectrum wrote, by frames before and after it: found, measured, and nothing made up."""

from dataclasses import replace

import numpy as np
import pytest

from corescout.instruments import Session
from corescout.instruments.messages import Message, messages_of
from corescout.instruments.twin import DigitalTwin
from corescout.instruments.twin_sample import Pulse
from corescout.instruments.visit_file import read_visits, write_visits
from corescout.instruments.written import WrittenFrames, written_area
from corescout.whole import read_journal

SIZE_M = 256e-9


@pytest.fixture(scope="module")
def places(wall_surface):
    walls = np.argwhere(wall_surface.wall)
    inside = walls[((walls > 30) & (walls < 130)).all(axis=1)]
    chosen = inside[:: len(inside) // 8][:8]
    return [tuple(map(float, wall_surface.scan.frame.to_m(yx))) for yx in chosen]


def seen(surface, place, largest_v, *, amplitude_alone=False, **how):
    """A frame, a spectrum of +-largest_v (none at 0), and a frame; the area, the true radius."""
    twin = DigitalTwin(surface, speed=1e6, image_noise=0.05, **how)
    twin.connect()
    frame = {"size_m": SIZE_M, "angle_rad": 0.0, "speed_m_per_s": 1e-6}
    here = {"x_m": place[0], "y_m": place[1]}
    before = twin.send(Message("zoom", frame | here, "a"))
    twin.send(Message("move", here, "a"))
    if largest_v:
        pulse = {"bias_start_v": -largest_v, "bias_end_v": largest_v, "n_points": 64.0}
        twin.send(Message("spectrum", pulse | {"seconds": 0.5}, "a"))
    after = twin.send(Message("zoom", frame | here, "a"))
    if amplitude_alone:
        before, after = (
            replace(scan, channels={"Amplitude": scan.channel("Amplitude")},
                    roles={"Amplitude": "amplitude"}, units={"Amplitude": "m"})
            for scan in (before, after)
        )  # fmt: skip
    truth = twin.sample.written_m[-1] if largest_v else 0.0
    return written_area(before, after, place), truth


@pytest.mark.parametrize("drift", [(0.0, 0.0), (3e-11, 1e-11)])
@pytest.mark.parametrize("largest_v", [0.0, 1.0])
def test_where_nothing_was_written_there_is_no_area(wall_surface, places, drift, largest_v):
    """No spectrum, or one below the coercive bias, with and without drift between the frames."""
    found = [seen(wall_surface, p, largest_v, drift_m_per_s=drift) for p in places]
    assert all(truth == 0 for _, truth in found)
    assert {area.area_m2 for area, _ in found} <= {0.0, None}
    assert sum(area.area_m2 == 0 for area, _ in found) >= 6
    assert all(area.refused for area, _ in found if area.area_m2 is None)


@pytest.mark.parametrize("amplitude_alone", [False, True])
@pytest.mark.parametrize("largest_v", [5.0, 7.0])
def test_the_radius_that_was_written_is_found(wall_surface, places, largest_v, amplitude_alone):
    found = [
        seen(wall_surface, p, largest_v, amplitude_alone=amplitude_alone, drift_m_per_s=(3e-11, 0))
        for p in places
    ]
    ratios = [area.radius_m / truth for area, truth in found if area.radius_m]
    assert len(ratios) >= 6
    # up and down look alike in an amplitude alone: the area reaches to the wall's outer flank
    assert 0.75 < np.median(ratios) < (1.5 if amplitude_alone else 1.2)


def test_frames_of_different_places_are_refused(wall_surface, places):
    twin = DigitalTwin(wall_surface, speed=1e6)
    twin.connect()
    frame = {"size_m": SIZE_M, "angle_rad": 0.0, "speed_m_per_s": 1e-6}
    scans = [
        twin.send(Message("zoom", frame | {"x_m": x, "y_m": y}, "a"))
        for x, y in (places[0], places[-1])
    ]
    area = written_area(*scans, places[0])
    assert area.area_m2 is None
    assert area.refused


def test_a_neighbour_inside_the_area_was_touched(wall_surface, places):
    (x, y), far = places[0], places[-1]
    frames = WrittenFrames({"a": (x, y), "near": (x + 5e-9, y), "far": far})
    twin = DigitalTwin(wall_surface, speed=1e6)
    twin.connect()
    look = {"x_m": x, "y_m": y, "size_m": SIZE_M, "angle_rad": 0.0, "speed_m_per_s": 1e-6}
    assert frames.take("a", twin.send(Message("zoom", look, "a"))) is None
    twin.sample.write((x, y), 0.0)
    area = frames.take("a", twin.send(Message("zoom", look, "a")))
    assert area.touched == ("near",)


def test_domains_grow_with_bias_and_time():
    shares = [Pulse(v, 0.5, 2.0).share for v in (1.0, 2.0, 4.0, 5.0, 8.0, 50.0)]
    assert shares == pytest.approx([0, 0, 2 / 3, 1, 2, 4])
    assert Pulse(5.0, 5.0, 2.0).share > Pulse(5.0, 0.5, 2.0).share > Pulse(5.0, 0.05, 2.0).share


@pytest.fixture
def looking(plan):
    return replace(plan, written_size_m=SIZE_M)


def test_a_frame_goes_before_and_after_each_spectrum_at_0_v(looking, plan):
    messages = messages_of(looking, 1e-6, 2e-6)
    half_x, half_y = np.array(plan.frame.size_m) / 2
    for target in plan.targets:
        own = [m for m in messages if m.target_uid == target.uid]
        assert [m.kind for m in own] == [
            "bias", "zoom", "bias", "move", "spectrum", "bias", "bias", "zoom",
        ]  # fmt: skip
        assert all(m.values["bias_v"] == 0 for m in own if m.kind == "bias")
        frames = [m.values for m in own if m.kind == "zoom"]
        assert frames[0] == frames[1]
        where = np.array([frames[0]["x_m"], frames[0]["y_m"]])
        assert (np.abs(where) + SIZE_M / 2 <= np.array([half_x, half_y]) + 1e-12).all()
        assert (np.abs(where - target.xy_m) <= SIZE_M / 2).all()
        if (np.abs(target.xy_m) + SIZE_M / 2 < np.array([half_x, half_y])).all():
            np.testing.assert_allclose(where, target.xy_m, atol=1e-12)
    assert [m for m in messages if m.kind != "zoom" or m.target_uid is None] == [
        m for m in messages if m.kind != "zoom"
    ]


def test_what_the_frames_cost_is_said_before_the_approval(session, looking, plan):
    (words,) = [w for w in session.preview(looking).warnings if "what it wrote" in w]
    assert "6 frames are scanned around targets" in words
    assert "0.256 µm wide" in words
    assert "mm in contact" in words
    assert not any("what it wrote" in w for w in session.preview(plan).warnings)


def test_frames_outside_the_limits_are_never_armed(twin, limits, journal, looking):
    x, y = looking.targets[0].xy_m
    tight = replace(limits, x_m=(x - 1e-9, x + 2e-6), y_m=(y - 2e-6, y + 1e-9))  # no frame fits
    session = Session(twin, tight, journal)
    check = session.preview(looking)
    assert any("lies outside" in error for error in check.errors)
    with pytest.raises(Exception, match="cannot be armed"):
        session.approve(looking.digest, by="test")
    assert twin.log == []


def test_a_run_says_what_was_written_and_goes_on(session, looking, twin, journal):
    assert session.preview(looking).errors == ()
    session.approve(looking.digest, by="test")
    events = list(session.run(looking))
    assert [e.target_uid for e in events if e.what == "measured"] == ["t0", "t1", "t2"]
    wrote = {e.target_uid: e.area for e in events if e.what == "written"}
    assert set(wrote) == {"t0", "t1", "t2"}
    entries = [e for e in read_journal(journal.path) if e["what"] == "written"]
    assert [e["target_uid"] for e in entries] == ["t0", "t1", "t2"]
    for entry, truth in zip(entries, twin.sample.written_m, strict=True):
        assert entry["radius_m"] == pytest.approx(truth, rel=0.4)
    assert session.state == "OBSERVE"


def test_a_stop_between_the_frames_leaves_a_target_that_was_not_begun(session, looking, twin):
    session.preview(looking)
    session.approve(looking.digest, by="test")
    for event in session.run(looking):
        if event.what == "sent" and event.message.kind == "zoom":
            session.stop("test")
            break
    session.release(by="test")
    assert twin.sample.written_xy_m == []
    assert session.preview(looking).errors == ()  # no target counts as measured


def test_a_plan_that_looks_is_another_plan_and_comes_back_from_its_file(looking, plan, tmp_path):
    assert looking.digest != plan.digest
    assert b"written_size_m" not in plan.canonical()
    for made, name in ((looking, "a"), (plan, "b")):
        assert read_visits(write_visits(made, tmp_path / name)) == made
