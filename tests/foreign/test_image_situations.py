"""Images of a controller that is not ours: named by its answer, placed by its frame, none lost."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from corescout.data.errors import CorescoutError
from corescout.instruments.nanonis import NanonisInstrument
from foreign.server import Controller
from foreign.settings import Frame
from foreign.signals import AMPLITUDE, DEFLECTION, PHASE, Z, default_names, sample

LINE_S = 0.03  # 12 lines: 0.4 s


class Watch:
    """The product's watch of a controller, in a thread of its own."""

    def __init__(self, **settings) -> None:
        settings = {"lines": 12, "pixels": 16, "scan_speed_m_s": 4e-6 / LINE_S, **settings}
        self.controller = Controller(**settings).__enter__()
        self.instrument = NanonisInstrument("127.0.0.1", ports=self.controller.ports)
        self.told = []
        self.error = None
        self.thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self):
        self.instrument.connect()
        self.thread.start()
        until(lambda: self.controller.log.rested())
        return self

    def __exit__(self, *error) -> None:
        self.instrument.close()
        self.controller.__exit__()
        self.thread.join(60)

    def _listen(self) -> None:
        try:
            for scan in self.instrument.scans():
                self.told.append(scan)
        except CorescoutError as error:
            self.error = error

    def scan(self, direction: int = 0) -> None:
        """As the operator starts it."""
        microscope = self.controller.microscope
        with microscope.lock:
            microscope.settle()
            microscope.scanner.start(direction)

    def ended(self, count: int = 1):
        """The whole scans, once the controller has ended and so many are told of or in doubt."""
        until(lambda: not self.running())
        until(lambda: len(self.whole() + self.doubtful()) >= count)
        return self.whole()

    def running(self) -> bool:
        self.controller.microscope.settle()
        return self.controller.microscope.scanner.running

    def whole(self):
        return [scan for scan in self.told if scan.rows_done is None and not doubt(scan)]

    def doubtful(self):
        return [scan for scan in self.told if doubt(scan)]


def until(ready, seconds: float = 60.0) -> None:
    """Wait until something is so."""
    end_s = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end_s, "it never came about"
        time.sleep(0.02)


def doubt(scan) -> str:
    """Why an image is not for targets; "" if nothing is wrong."""
    return str(scan.metadata.get("doubt", ""))


def places(scan):
    """Where each pixel lies, by the frame that was told."""
    return np.moveaxis(scan.frame.to_m(np.moveaxis(np.indices(scan.shape_px), 0, -1)), -1, 0)


@pytest.mark.parametrize("direction", [0, 1], ids=["down", "up"])
@pytest.mark.parametrize("angle_deg", [0.0, 37.0, -90.0, 200.0])
def test_an_image_lies_where_it_was_scanned(direction, angle_deg):
    frame = Frame(0.3e-6, -0.4e-6, 2e-6, 1.5e-6, angle_deg)
    with Watch(frame=frame) as watch:
        watch.scan(direction)
        (scan,) = watch.ended()
        seen = scan.channels[next(name for name in scan.channels if name.startswith("Phase"))]
        np.testing.assert_allclose(seen, sample(PHASE, *places(scan)), atol=0.5)


def test_channels_have_the_names_of_the_answers():
    """The indexes are slots: what slot 5 and 6 are stands in the answer, not in NamesGet."""
    with Watch(by_slot=True, channels=(4, 5, 6)) as watch:
        watch.scan()
        (scan,) = watch.ended()
        assert set(scan.channels) == {"Z", "Amplitude", "Phase"}
        np.testing.assert_allclose(
            scan.channels["Amplitude"], sample(AMPLITUDE, *places(scan)), atol=1e-12
        )
        assert scan.roles["Amplitude"] == "amplitude"
        assert scan.roles["Phase"] == "phase"


def test_two_channels_of_one_name_are_both_told():
    names = default_names()
    names[AMPLITUDE] = names[DEFLECTION] = "LI Demod 1 R (m)"
    with Watch(names=names, channels=(Z, AMPLITUDE, DEFLECTION)) as watch:
        watch.scan()
        (scan,) = watch.ended()
        assert len(scan.channels) == 3


def test_names_in_the_code_page_of_windows_are_read():
    names = default_names()
    names[Z] = "Höhe (µm)"
    with Watch(names=names) as watch:
        watch.scan()
        (scan,) = watch.ended()
        assert "Höhe" in scan.channels
        assert scan.units["Höhe"] in ("µm", "um")


@pytest.mark.parametrize(
    "odd",
    [
        {"constant": frozenset({Z})}, {"holes": frozenset({Z})}, {"repeated_line": frozenset({Z})},
        {"constant": frozenset({Z}), "holes": frozenset({AMPLITUDE})},
    ],
    ids=["constant", "a hole", "a repeated line", "two"],
)  # fmt: skip
def test_an_odd_channel_hides_no_scan(odd):
    with Watch(**odd) as watch:
        for number in range(3):
            watch.scan()
            watch.ended(number + 1)
        assert len(watch.whole() + watch.doubtful()) == 3


def test_a_frame_changed_while_it_is_scanned_is_no_place():
    with Watch(lines=64) as watch:
        watch.scan()
        until(lambda: watch.told)  # the watch has seen the frame that it began in
        microscope = watch.controller.microscope
        with microscope.lock:
            microscope.settle()
            microscope.scanner.set_frame(replace(microscope.scanner.frame, x_m=1e-6, y_m=0.5e-6))
        watch.ended()
        time.sleep(1.0)
        assert not watch.whole()
        assert watch.doubtful()
        assert all(scan.frame is None for scan in watch.doubtful())


@pytest.mark.parametrize("unknown", ["Scan.WaitEndOfLine", "Scan.WaitEndOfScan"])
def test_a_controller_that_does_not_know_a_wait_is_watched(unknown):
    with Watch(unknown=frozenset({unknown})) as watch:
        watch.scan()
        assert len(watch.ended()) == 1
        assert watch.error is None


@pytest.mark.parametrize("before", ["error", "nan"])
@pytest.mark.parametrize("after_results", [True, False])
def test_an_error_before_the_first_scan_is_no_lost_connection(before, after_results):
    with Watch(grab_before_scan=before, errors_after_results=after_results) as watch:
        watch.scan()
        assert len(watch.ended()) == 1
        assert watch.error is None


@pytest.mark.parametrize("idle", ["timeout", "return"])
@pytest.mark.parametrize("bouncy", [False, True], ids=["continuous", "bouncing"])
def test_scans_that_follow_each_other_are_told_once_each(bouncy, idle):
    settings = {"continuous": True, "bouncy": bouncy, "wait_when_idle": idle, "lines": 24}
    with Watch(**settings) as watch:
        watch.scan()
        scanner, microscope = watch.controller.microscope.scanner, watch.controller.microscope
        until(lambda: watch.running() and scanner.passes_done >= 4)
        with microscope.lock:
            scanner.stop()
        until(lambda: len(watch.whole() + watch.doubtful()) >= 4)  # none is passed over
        time.sleep(1.0)  # nor told twice
        assert len({scan.content_sha256 for scan in watch.whole()}) == len(watch.whole())
        for scan in watch.whole():
            seen = scan.channels["Phase"]
            np.testing.assert_allclose(seen, sample(PHASE, *places(scan)), atol=0.5)


def test_images_that_come_slowly_are_never_torn():
    """0.3 s for an image, 30 ms for a line: what is told as whole is of one scan."""
    with Watch(continuous=True, lines=24) as watch:
        scanner, microscope = watch.controller.microscope.scanner, watch.controller.microscope

        watch.controller.faults.add(command="Scan.FrameDataGrab", delay_before_s=0.15, delay_s=0.15)
        watch.scan()
        time.sleep(6.0)
        with microscope.lock:
            scanner.stop()
        for scan in watch.whole():
            torn = np.abs(scan.channels["Phase"] - sample(PHASE, *places(scan))) > 0.5
            assert not torn.any()


@pytest.mark.parametrize("late_s", [4.0, 12.0])
def test_a_slow_answer_in_a_scan_loses_no_scan(late_s):
    """As long as the controller scans it may think: 10 to 60 s occur."""
    with Watch() as watch:
        watch.controller.faults.add(command="Scan.*", delay_s=late_s, times=1, while_scanning=True)
        watch.scan()
        watch.ended()
        assert watch.error is None
        assert len(watch.whole() + watch.doubtful()) == 1


def test_a_scan_that_is_broken_off_is_never_whole():
    with Watch(lines=48) as watch:
        watch.scan()
        until(lambda: watch.told)
        with watch.controller.microscope.lock:
            watch.controller.microscope.scanner.stop()
        time.sleep(1.5)
        assert not watch.whole()


def test_a_lost_connection_loses_no_scan():
    """The watch ends with an error, and goes on after it is connected again."""
    with Watch() as watch:
        for port in range(4):
            watch.controller.kill_port(port, "closed")
        watch.thread.join(60)
        assert watch.error is not None
        watch.scan()
        until(lambda: not watch.running())
        for port in range(4):
            watch.controller.kill_port(port, "alive")
        with suppress(CorescoutError):
            watch.instrument.connect()
        watch.error = None
        watch.thread = threading.Thread(target=watch._listen, daemon=True)
        watch.thread.start()
        assert len(watch.ended()) == 1
