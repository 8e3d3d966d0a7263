"""The product's watch of scans on the foreign controller: whole, once, in place, or in doubt."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from corescout.instruments.nanonis import NanonisInstrument
from corescout.instruments.protocol import DOUBT

from .microscope import Microscope
from .server import Controller
from .settings import Frame, Settings
from .signals import AMPLITUDE, PHASE, SLOTS, Z, sample

_LONGEST_S = 120.0


class Watched:
    """A controller, and what is told of its scans from a thread."""

    def __init__(self, bridge=None, **settings):
        self.controller = Controller(Settings(**{"scan_speed_m_s": 60e-6, **settings}))
        self.controller.__enter__()
        self.bridge, self.found, self.error = (
            NanonisInstrument(ports=self.controller.ports, **(bridge or {})),
            [],
            None,
        )
        self.bridge.connect()
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        self.rest()

    def rest(self):
        """Wait until the watch has seen, from now on, that no scan runs."""
        began_t, end_s = self.controller.clock.now(), time.monotonic() + _LONGEST_S
        while not self.controller.log.rested(began_t):
            assert time.monotonic() < end_s, "it does not look"
            time.sleep(0.02)

    def _run(self):
        try:
            for scan in self.bridge.scans():
                self.found.append(scan)
        except Exception as error:  # noqa: BLE001 - the close of the test
            self.error = error

    @property
    def microscope(self) -> Microscope:
        return self.controller.microscope

    @property
    def ends(self):
        return [s for s in self.found if s.rows_done is None or DOUBT in s.metadata]

    def start(self, direction=0):
        with self.microscope.lock:
            self.microscope.scanner.start(direction)
            self.microscope.lock.notify_all()

    def running(self):
        self.microscope.settle()
        return self.microscope.scanner.running

    def scan(self, direction=0):
        self.start(direction)
        while self.running():
            time.sleep(0.01)

    def until(self, count, quiet_s=1.2):
        end_s = time.monotonic() + _LONGEST_S
        while len(self.ends) < count and time.monotonic() < end_s and self.thread.is_alive():
            time.sleep(0.02)
        time.sleep(quiet_s)  # and nothing more comes
        return self.ends

    def close(self):
        self.bridge.close()
        self.thread.join(20)
        self.controller.__exit__()
        assert not self.thread.is_alive()


@pytest.fixture
def watched():
    made = []

    def start(**settings):
        made.append(Watched(**settings))
        return made[-1]

    yield start
    for one in made:
        one.close()


def in_place(scan, signal, name):
    """Whether every pixel is what the sample is there: the image lies where it was scanned."""
    rows, columns = np.indices(scan.shape_px)
    pixels = zip(rows.flat, columns.flat, strict=True)
    x, y = np.array([scan.frame.to_m(pixel) for pixel in pixels]).T
    wanted = sample(signal, x, y).reshape(scan.shape_px)
    return np.allclose(scan.channels[name], wanted, rtol=2e-3, atol=2e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("angle", [0.0, 37.0, -90.0, 200.0])
@pytest.mark.parametrize("direction", [0, 1])
def test_images_lie_where_they_were_scanned(watched, angle, direction):
    watch = watched(frame=Frame(0.3e-6, -0.2e-6, 2e-6, 1e-6, angle), pixels=32, lines=16)
    watch.scan(direction)
    (scan,) = watch.until(1)
    assert DOUBT not in scan.metadata
    assert list(scan.channels) == ["Z", "Amplitude", "Phase"]
    assert in_place(scan, Z, "Z")
    assert in_place(scan, PHASE, "Phase")


def test_channels_of_a_controller_that_counts_its_slots(watched):
    slots = tuple(SLOTS.index(s) for s in (Z, AMPLITUDE, PHASE))
    watch = watched(by_slot=True, channels=slots)
    watch.scan()
    (scan,) = watch.until(1)
    assert list(scan.channels) == ["Z", "Amplitude", "Phase"]
    assert in_place(scan, PHASE, "Phase")
    assert watch.bridge.describe().channels == {"Z": "m", "Amplitude": "m", "Phase": "deg"}


ODD = {
    "constant": {"constant": frozenset({Z})},
    "holes": {"holes": frozenset({Z})},
    "a repeated line": {"repeated_line": frozenset({Z})},
    "no lines": {"unknown": frozenset({"Scan.WaitEndOfLine"})},
    "no image before the first": {"grab_before_scan": "error"},
    "returns when idle": {"wait_when_idle": "return"},
    "nothing is saved": {"autosave": False},
}


@pytest.mark.parametrize("kind", ODD)
def test_scans_of_an_odd_controller_are_told_of_once(watched, kind):
    """Without noise: the second scan of a frame is the first one bit for bit."""
    watch = watched(lines=16, **ODD[kind])
    for number, frame in enumerate((Frame(), Frame(1e-7, 0.0), Frame(1e-7, 0.0))):
        with watch.microscope.lock:
            watch.microscope.scanner.set_frame(frame)
        watch.rest()
        watch.scan()
        assert len(watch.until(number + 1, 1.2 if number == 2 else 0.0)) == number + 1
    assert [s.metadata.get(DOUBT) for s in watch.ends[:2]] == [None, None]


@pytest.mark.parametrize("bouncy", [False, True])
def test_continuous_scans_are_all_accounted_for(watched, bouncy):
    watch = watched(continuous=True, bouncy=bouncy, scan_speed_m_s=100e-6)
    watch.start()
    while watch.microscope.scanner.passes_done < 4:
        time.sleep(0.01)
        watch.microscope.settle()
    with watch.microscope.lock:
        watch.microscope.scanner.continuous = False
    while watch.running():
        time.sleep(0.01)
    ends = watch.until(5)
    assert len(ends) == watch.microscope.scanner.passes_done == 5
    whole = [s for s in ends if DOUBT not in s.metadata]
    assert whole
    assert all(in_place(s, PHASE, "Phase") for s in whole)


def test_a_frame_moved_in_a_scan_and_a_stop_have_their_reasons(watched):
    watch = watched(scan_speed_m_s=40e-6)
    watch.start()
    while watch.microscope.scanner.lines_done < 20:
        time.sleep(0.01)
        watch.microscope.settle()
    with watch.microscope.lock:
        watch.microscope.scanner.set_frame(Frame(1e-6, 0.5e-6))
    while watch.running():
        time.sleep(0.01)
    (moved,) = watch.until(1)
    assert "frame was changed" in moved.metadata[DOUBT]
    time.sleep(0.7)
    watch.start()
    while watch.microscope.scanner.lines_done < 44:
        time.sleep(0.01)
        watch.microscope.settle()
    with watch.microscope.lock:
        watch.microscope.scanner.stop()
        watch.microscope.lock.notify_all()
    _, broken = watch.until(2)
    assert "of 32 lines were scanned" in broken.metadata[DOUBT]


def test_an_answer_that_other_commands_would_not_wait_for_loses_nothing(watched):
    watch = watched(bridge={"timeout_s": 1.0})
    watch.controller.faults.add(command="Scan.FrameDataGrab", delay_s=3.0, times=1)
    watch.scan()
    (scan,) = watch.until(1)
    assert watch.error is None
    assert DOUBT not in scan.metadata
    assert in_place(scan, Z, "Z")
