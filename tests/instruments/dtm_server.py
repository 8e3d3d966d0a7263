"""DTMicroscope's documented server interface, with a real Pyro5 daemon, in a process of its own.

One object per connection, moves that are clamped without a word, arrays as (list, shape, type).
"""

import sys

import numpy as np
import Pyro5.api


def said(array):
    return array.tolist(), array.shape, str(array.dtype)


@Pyro5.api.expose
class MicroscopeServer:
    def initialize_microscope(self, microscope="AFM", data_path=""):
        if data_path == "missing":
            raise FileNotFoundError("no data at missing")
        self._x_coords, self._y_coords = np.linspace(-1e-6, 1e-6, 21), np.linspace(-3e-7, 3e-7, 7)

    def setup_microscope(self, data_source=None, dset_subset=None):
        self._x, self._y = float(self._x_coords[10]), float(self._y_coords[3])

    def get_dataset_info(self):
        return [
            ("channels", ["Height", "Amplitude", "Loops"]), ("signals", ["h", "a", "l"]),
            ("units", ["m", "V", "a.u."]), ("scans", [0, 1]), ("spectra", [2]),
            ("point_clouds", []),
        ]  # fmt: skip

    @property
    def x(self):
        return self._x

    @property
    def y(self):
        return self._y

    @property
    def x_min(self):
        return float(self._x_coords.min())

    @property
    def x_max(self):
        return float(self._x_coords.max())

    @property
    def y_min(self):
        return float(self._y_coords.min())

    @property
    def y_max(self):
        return float(self._y_coords.max())

    def get_scan(self, channels=None, modification=None, scan_rate=None):
        ramp = self._x_coords[:, None] + 10 * self._y_coords[None, :]
        return said(np.stack([ramp, -ramp]))

    def go_to(self, x, y):
        self._x = float(np.clip(x, self._x_coords.min(), self._x_coords.max()))
        self._y = float(np.clip(y, self._y_coords.min(), self._y_coords.max()))

    def get_spectrum(self):
        bias = np.linspace(-5, 5, 32)
        return said(bias), said(np.tanh(bias) + 1e6 * self._x)


if __name__ == "__main__":
    daemon = Pyro5.api.Daemon(host="127.0.0.1")
    sys.stdout.write(f"{daemon.register(MicroscopeServer, objectId='microscope.server')}\n")
    sys.stdout.close()
    daemon.requestLoop()
