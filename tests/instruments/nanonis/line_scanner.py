"""A controller that scans by script, line by line, over the real wire.

Nothing but the commands that a watch of scans asks; images are whatever the script writes.
"""

import struct
import threading
import time

import numpy as np

from corescout.instruments.nanonis import NanonisServer, codec
from corescout.instruments.twin import DigitalTwin
from corescout.surfaces import generate_surface

FRAME = (0.0, 0.0, 1e-6, 1e-6, 0.0)


class LineScanner:
    """Commands of such a controller.

    Attributes
    ----------
    labels : dict of int to bytes
        Index of a channel and the name that its answer carries.
    unknown : set of str
        Commands that it does not know.
    delays : dict of str to list of float
        Seconds that the next answers to a command are late.
    """

    def __init__(self, labels, rows=32, columns=16, seed=0):
        self.labels, self.shape = labels, (rows, columns)
        self.frame, self.up, self.running, self.line = FRAME, False, False, -1
        self.images = {i: np.full(self.shape, np.nan, np.float32) for i in labels}
        self.unknown, self.delays = set(), {}
        self.has_scanned = True
        self.constant = {}  # index: value of every pixel
        self.same_line = {}  # index: value of the line that is scanned last
        self.missing = set()  # (index, line) of lines with a pixel that is none
        self.rng = np.random.default_rng(seed)
        self.ended = 0
        self.changed = threading.Condition()

    # -- the script -------------------------------------------------------------------------

    def lines(self, first, count, pause_s=0.02):
        """Scan some lines."""
        self.running = True
        for line in range(first, first + count):
            time.sleep(pause_s)
            with self.changed:
                for index in self.labels:
                    self.images[index] = self.images[index].copy()
                    self.images[index][line] = self._line(index, line)
                self.line = line
                self.changed.notify_all()

    def end(self, *, goes_on=False):
        """The scan has ended; a continuous one goes on with the next."""
        with self.changed:
            self.ended, self.running = self.ended + 1, goes_on
            self.changed.notify_all()

    def scan(self, pause_s=0.02, *, goes_on=False):
        """One whole scan; returns its images in the order of scanning."""
        self.lines(0, self.shape[0], pause_s)
        image = dict(self.images)
        self.end(goes_on=goes_on)
        return image

    def _line(self, index, line):
        if index in self.constant:
            return self.constant[index]
        if index in self.same_line and line == self.shape[0] - 1:
            return self.same_line[index]
        values = self.rng.standard_normal(self.shape[1])
        values[5] = np.nan if (index, line) in self.missing else values[5]
        return values

    # -- the wire ---------------------------------------------------------------------------

    def answer(self, name, body):
        delay = self.delays.get(name)
        if delay:
            time.sleep(delay.pop(0))
        if name in self.unknown:
            return codec.raw_response(name, b"", f"{name}: unknown command")
        arguments = codec.decode(codec.COMMANDS[name].arguments, codec.Body(body))
        if name == "Scan.FrameDataGrab":
            return self._grab(int(arguments[0]))
        method = {
            "Signals.NamesGet": lambda: (
                ["Current (A)", *(f"Signal {i} (V)" for i in range(127))],
            ),
            "Scan.FrameGet": lambda: self.frame,
            "Scan.BufferGet": lambda: (list(self.labels), self.shape[1], self.shape[0]),
            "Scan.StatusGet": lambda: (int(self.running),),
            "Scan.WaitEndOfScan": lambda: self._wait("ended", *arguments, ""),
            "Scan.WaitEndOfLine": lambda: self._wait("line", *arguments, self.line, 0, 0),
            "FolMe.XYPosGet": lambda: (0.0, 0.0),
            "Bias.Get": lambda: (0.0,),
            "Util.VersionGet": lambda: ("line scanner", "1", 1, 1),
            "Util.SessionPathGet": lambda: ("",),
        }.get(name)
        if method is None:
            return codec.raw_response(name, b"", f"{name} is not known here")
        results = method()
        if name == "Scan.WaitEndOfLine":
            results = (results[0], self.line, 0, 0)
        return codec.response(name, *results)

    def _grab(self, index):
        if not self.has_scanned:
            return codec.raw_response("Scan.FrameDataGrab", b"", "no data")
        label, image = self.labels[index], self.images[index]
        body = struct.pack(">i", len(label)) + label + struct.pack(">ii", *image.shape)
        body += image.astype(">f4").tobytes() + struct.pack(">I", int(self.up))
        return codec.raw_response("Scan.FrameDataGrab", body)

    def _wait(self, what, timeout_ms, *rest):
        before = getattr(self, what)
        with self.changed:
            came = self.changed.wait_for(lambda: getattr(self, what) != before, timeout_ms / 1000)
        return (int(not came), *rest)

    def close(self):
        """Nothing is under way here."""


def serve(commands):
    """A server of such commands, as a context manager."""
    server = NanonisServer(DigitalTwin(generate_surface((16, 16), seed=0)))
    server.commands.close()
    server.commands = commands
    commands.twin = DigitalTwin(generate_surface((16, 16), seed=0))
    for one in server._servers:
        one.commands = commands
    return server
