"""DTMicroscope's documented server interface, with a real Pyro5 daemon, in a process of its own.

One object per connection, moves that are clamped without a word, arrays as (list, shape, type).
What `data_path` says is behind it: "any" has its names in `channels`; "counted" speaks as the
server does on its NSID files, names in `signals`; "images" has no spectra, "beps" no image (its
`get_scan` then fails as the server's does), "cloud" spectra at points.
"""

import sys

import numpy as np
import Pyro5.api


def said(array):
    return array.tolist(), array.shape, str(array.dtype)


INFO = {
    "any": {
        "channels": ["Height", "Amplitude", "Loops"], "signals": ["h", "a", "l"],
        "units": ["m", "V", "a.u."], "scans": [0, 1], "spectra": [2], "point_clouds": [],
    },
    "counted": {
        "channels": ["Channel_000", "Channel_001", "Channel_002"],
        "signals": ["HeightRetrace", "AmplitudeRetrace", "generic"],
        "units": ["m", "m", "a.u."], "scans": [0, 1], "spectra": [], "point_clouds": [2],
    },
    "images": {
        "channels": ["Channel_000", "Channel_001"], "signals": ["Amplitude", "Amplitude"],
        "units": ["m", "m"], "scans": [0, 1], "spectra": [], "point_clouds": [],
    },
    "beps": {
        "channels": ["Channel_000"], "signals": ["Piezoresponse"], "units": ["a.u."],
        "scans": [], "spectra": [0], "point_clouds": [],
    },
}  # fmt: skip
INFO["cloud"] = INFO["counted"]


@Pyro5.api.expose
class MicroscopeServer:
    def initialize_microscope(self, microscope="AFM", data_path=""):
        if data_path == "missing":
            raise FileNotFoundError("no data at missing")
        self._path = data_path
        self._x_coords, self._y_coords = np.linspace(-1e-6, 1e-6, 21), np.linspace(-3e-7, 3e-7, 7)

    def setup_microscope(self, data_source=None, dset_subset=None):
        self._x, self._y = float(self._x_coords[10]), float(self._y_coords[3])

    def get_dataset_info(self):
        return [(key, list(values)) for key, values in INFO[self._path].items()]

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
        if self._path == "beps":
            return [].tolist()  # the server serialises a list as if it were an array
        ramp = self._x_coords[:, None] + 10 * self._y_coords[None, :]
        return said(np.stack([ramp, -ramp]))

    def go_to(self, x, y):
        self._x = float(np.clip(x, self._x_coords.min(), self._x_coords.max()))
        self._y = float(np.clip(y, self._y_coords.min(), self._y_coords.max()))

    def get_spectrum(self):
        if not INFO[self._path]["spectra"] and not INFO[self._path]["point_clouds"]:
            raise ValueError("There is no point cloud or spectral data in the dataset.")
        bias = np.linspace(-5, 5, 32)
        return said(bias), said(np.tanh(bias) + 1e6 * self._x)


if __name__ == "__main__":
    daemon = Pyro5.api.Daemon(host="127.0.0.1")
    sys.stdout.write(f"{daemon.register(MicroscopeServer, objectId='microscope.server')}\n")
    sys.stdout.close()
    daemon.requestLoop()
