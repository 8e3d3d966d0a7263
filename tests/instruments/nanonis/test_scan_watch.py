"""What is told of a scan that does not go as scans should, by a controller that is not ours."""

import threading
import time

import numpy as np
import pytest
from line_scanner import FRAME, LineScanner, serve

from corescout.instruments.nanonis import NanonisInstrument
from corescout.instruments.protocol import DOUBT

LABELS = {0: b"Z (m)", 14: b"Amplitude (m)", 30: b"Phase (deg)"}
_LONGEST_S = 20.0
BETWEEN_S = 0.3  # after a scan that another one follows


class Told:
    """Scans that a bridge tells of, from a thread of its own."""

    def __init__(self, commands, **bridge):
        self.commands, self.server = commands, serve(commands)
        self.server.start()
        self.bridge = NanonisInstrument(ports=self.server.ports, **bridge)
        self.found, self.error = [], None
        self.bridge.connect()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        time.sleep(0.8)  # it has looked at what is there before

    def _run(self):
        try:
            for scan in self.bridge.scans():
                self.found.append(scan)
        except Exception as error:  # noqa: BLE001 - the close of the test
            self.error = error

    @property
    def ends(self):
        return [s for s in self.found if s.rows_done is None or DOUBT in s.metadata]

    def until(self, count, quiet_s=1.2):
        end_s = time.monotonic() + _LONGEST_S
        while len(self.ends) < count and time.monotonic() < end_s and self._thread.is_alive():
            time.sleep(0.02)
        time.sleep(quiet_s)  # and nothing more comes
        return self.ends

    def close(self):
        self.bridge.close()
        self._thread.join(10)
        self.server.close()
        assert not self._thread.is_alive()


@pytest.fixture
def told():
    made = []

    def start(labels=LABELS, bridge=None, **values):
        commands = LineScanner(labels)
        for name, value in values.items():
            setattr(commands, name, value)
        made.append(Told(commands, **(bridge or {})))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_a_channel_is_named_by_its_own_answer(told):
    """The list of signals calls 0 "Current" and 14 "Signal 13": the answers say otherwise."""
    watch = told()
    images = watch.commands.scan()
    (scan,) = watch.until(1)
    assert list(scan.channels) == ["Z", "Amplitude", "Phase"]
    assert scan.units == {"Z": "m", "Amplitude": "m", "Phase": "deg"}
    assert scan.roles == {"Z": "topography", "Amplitude": "amplitude", "Phase": "phase"}
    assert np.array_equal(scan.channels["Amplitude"], images[14])
    assert any(s.rows_done for s in watch.found)  # and its lines were told as they came


def test_two_channels_of_one_name_and_a_code_page(told):
    watch = told({1: "Höhe (µm)".encode("cp1252"), 2: b"A (V)", 3: b"A (V)"})
    watch.commands.scan()
    (scan,) = watch.until(1)
    assert list(scan.channels) == ["Höhe", "A", "A 2"]
    assert scan.units["Höhe"] == "µm"


ODD = {
    "constant": {"constant": {0: 0.0}},
    "not a number": {"constant": {0: np.nan}},
    "one line the same each time": {"same_line": {0: 1.0, 14: 2.0}},
}


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_channel_hides_no_scan(told, kind):
    watch = told(**ODD[kind])
    for number in range(3):
        watch.commands.scan(0.01)
        assert len(watch.until(number + 1, BETWEEN_S)) == number + 1
    assert len(watch.until(3)) == 3
    assert [s.metadata.get(DOUBT) for s in watch.ends] == [None] * 3


def test_one_missing_pixel_hides_no_scan(told):
    watch = told(missing={(0, 5)})
    watch.commands.scan(0.01)
    (scan,) = watch.until(1)
    assert scan.rows_done is None


@pytest.mark.parametrize("up", [False, True])
def test_a_scan_that_is_broken_off_has_an_entry_with_the_reason(told, up):
    watch = told(up=up)
    watch.commands.scan(0.01)
    watch.until(1, BETWEEN_S)
    watch.commands.lines(0, 20)
    watch.commands.end()
    whole, broken = watch.until(2)
    assert whole.rows_done is None
    assert broken.metadata[DOUBT] == "20 of 32 lines were scanned"
    assert broken.rows_done == 20
    assert broken.frame is None  # nothing is aimed at on it


def test_a_frame_that_changes_in_a_scan_is_in_doubt(told):
    watch = told()
    watch.commands.lines(0, 20, 0.05)
    watch.commands.frame = (1e-6, 5e-7, 1e-6, 1e-6, 0.0)
    watch.commands.lines(20, 12, 0.1)
    watch.commands.end()
    (scan,) = watch.until(1)
    assert "frame was changed" in scan.metadata[DOUBT]
    assert scan.frame is None


def test_a_frame_that_changes_after_a_scan_is_of_the_next(told):
    watch = told()
    watch.commands.scan(0.05)
    watch.commands.frame = (1e-6, 5e-7, 1e-6, 1e-6, 0.0)
    (first,) = watch.until(1, BETWEEN_S)
    watch.commands.scan(0.05)
    _, second = watch.until(2)
    assert first.frame.center_m == pytest.approx(FRAME[:2])
    assert second.frame.center_m == pytest.approx((1e-6, 5e-7), rel=1e-6)
    assert DOUBT not in first.metadata
    assert DOUBT not in second.metadata


@pytest.mark.parametrize("name", ["Scan.WaitEndOfLine", "Scan.WaitEndOfScan"])
def test_a_controller_need_not_know_every_wait(told, name):
    watch = told(unknown={name})
    for number in range(2):
        images = watch.commands.scan(0.05)
        ends = watch.until(number + 1, 1.2 if number else BETWEEN_S)
        assert len(ends) == number + 1
        assert np.array_equal(ends[-1].channels["Z"], images[0])
        assert DOUBT not in ends[-1].metadata


def test_a_controller_without_an_image_yet_is_no_lost_connection(told):
    watch = told(has_scanned=False)
    assert watch.error is None
    watch.commands.has_scanned = True
    images = watch.commands.scan(0.05)
    (scan,) = watch.until(1)
    assert np.array_equal(scan.channels["Phase"], images[30])


def test_continuous_scans_are_told_one_by_one(told):
    watch = told()
    images = []
    for number in range(4):
        images.append(watch.commands.scan(0.2, goes_on=number < 3))  # s a line: read in the next
    ends = watch.until(4)
    assert [s.metadata.get(DOUBT) for s in ends] == [None] * 4
    for scan, image in zip(ends, images, strict=True):
        assert np.array_equal(scan.channels["Amplitude"], image[14])


def test_lines_of_two_scans_are_never_one_scan(told):
    """Images take longer than lines: what is read is torn, and said to be."""
    watch = told()
    watch.commands.delays["Scan.FrameDataGrab"] = [0.3] * 200
    watch.commands.scan(0.03, goes_on=True)
    watch.commands.lines(0, 32, 0.03)
    watch.commands.delays.clear()
    watch.commands.end()
    ends = watch.until(1)
    whole = [s for s in ends if DOUBT not in s.metadata]
    for scan in whole:  # what is told as whole is one scan: the last
        assert np.array_equal(scan.channels["Z"], watch.commands.images[0])
    assert any("two scans" in s.metadata.get(DOUBT, "") for s in ends)


def test_an_answer_that_takes_long_loses_nothing(told, monkeypatch):
    """Longer than any other answer may; a minute is borne, here in small."""
    from corescout.instruments.nanonis import images

    assert images.PATIENCE_S > 60
    watch = told(bridge={"timeout_s": 1.0})
    watch.commands.delays["Scan.WaitEndOfScan"] = [3.0]
    watch.commands.scan(0.02)
    (scan,) = watch.until(1)
    assert watch.error is None
    assert scan.rows_done is None
