"""Files written by the public descriptions of their formats, each held against a second reader.

Their orientation was also held against Gwyddion 2.62 by hand: `gwyddion --convert-to-gwy` of the
same files, and of eight real `.nid`, gives the same images (docs/decisions/0023-formats.md).
"""

import struct
from datetime import datetime

import numpy as np
import pytest

import corescout
from corescout.readers.registry import read_scans

topography = pytest.importorskip(
    "SurfaceTopography.IO", reason="SurfaceTopography is not installed"
)

SHAPE = (12, 20)


def heights(path, channel=0):
    """(H, W) of the second reader, row 0 at the top, in metres."""
    with topography.open_topography(str(path)) as reader:
        found = reader.topography(channel_index=channel)
        to_m = {"nm": 1e-9, "µm": 1e-6, "m": 1.0}[found.unit]
        return np.asarray(found.heights()).T * to_m, np.array(found.physical_sizes) * to_m


def mdt_frame(raw, unit, signal=0, step=0.5, title=b"", x_step=2.0, y_step=3.0):
    """A frame of an image of NT-MDT: scales, variables, mode, pixels, title."""
    height, width = raw.shape
    variables = struct.pack("<ffhffhffh", 0, x_step, -1, 0, y_step, -1, 1.0, step, unit)
    variables += struct.pack("<BBHHH", signal, 0, width, height, 0) + bytes(70)
    body = variables + struct.pack("<HHHH", 0, width, height, 0) + raw.astype("<i2").tobytes()
    body += struct.pack("<I", len(title)) + title + bytes(4)
    head = struct.pack("<IH", 22 + len(body), 0) + struct.pack(">H", 0x0501)
    return head + struct.pack("<7H", 2020, 2, 1, 10, 11, 12, len(variables)) + body


def mdt(path, frames):
    body = b"".join(frames)
    head = b"\x01\xb0\x93\xff" + struct.pack("<I", len(body)) + bytes(4)
    path.write_bytes(head + struct.pack("<H", len(frames) - 1) + bytes(19) + body)
    return path


def test_mdt(tmp_path, rng):
    height, mag, phase = rng.integers(-3000, 3000, (3, *SHAPE))
    path = mdt(tmp_path / "a.mdt", [
        mdt_frame(height, -1, title=b"1F:Height"), mdt_frame(mag, 2, 6, title=b"2F:Mag"),
        mdt_frame(phase, 5, 11, title=b"3F:Phase"), mdt_frame(mag, 1, 6),
    ])  # fmt: skip
    scan = corescout.read_scan(path)
    foreign, size_m = heights(path)
    np.testing.assert_allclose(scan.channels["Height Trace"], foreign, rtol=1e-5)
    np.testing.assert_allclose(scan.frame.size_m, size_m)
    np.testing.assert_allclose(scan.channels["Mag Trace"], mag[::-1] * 0.5 + 1, rtol=1e-6)
    assert scan.units == {"Height Trace": "m", "Mag Trace": "V", "Phase Trace": "deg", "Mag": "A"}
    assert scan.default_channel == "Mag Trace"
    assert scan.directions["Mag Trace"] == "trace"
    assert scan.acquired_at == datetime(2020, 2, 1, 10, 11, 12)


def test_mdt_of_newer_programs_needs_its_extra(tmp_path):
    head = struct.pack("<IH", 22, 106) + struct.pack(">H", 0x0501) + bytes(14)
    path = tmp_path / "a.mdt"
    path.write_bytes(b"\x01\xb0\x93\xff" + bytes(8) + bytes(2) + bytes(19) + head)
    with pytest.raises(corescout.InputError, match=r"napari-corescout\[mdt\]"):
        corescout.read_scan(path)


def wsxm(path, values, kind="double", unit="nm", channel="Topography", extra=""):
    codes = {"short": "<i2", "double": "<f8", "float": "<f4"}
    span = np.ptp(values)
    raw = values if kind != "short" else np.round((values - values.min()) / span * 6e4 - 3e4)

    def head(size):
        return (
            "WSxM file copyright Nanotec Electronica\nSxM Image file\n"
            f"Image header size: {size}\n\n[Control]\n\n    X Amplitude: 500 nm\n"
            "    X Offset: 100 nm\n    Y Amplitude: 250 nm\n"
            f"    Y Offset: -50 nm\n{extra}\n[General Info]\n\n    Acquisition channel: {channel}\n"
            f"    Image Data Type: {kind}\n    Number of columns: {values.shape[1]}\n"
            f"    Number of rows: {values.shape[0]}\n    Z Amplitude: {span:.10g} {unit}\n\n"
            f"[Miscellaneous]\n\n    Maximum: {raw.max():.10g}\n    Minimum: {raw.min():.10g}\n\n"
            "[Header end]\n"
        ).replace("\n", "\r\n").encode()  # fmt: skip

    path.write_bytes(head(len(head(100))) + raw[::-1, ::-1].astype(codes[kind]).tobytes())
    return path


@pytest.mark.parametrize("kind", ["short", "float", "double"])
@pytest.mark.parametrize("suffix", [".stp", ".f.top"])
def test_wsxm(tmp_path, rng, kind, suffix):
    values = rng.random(SHAPE) * 30
    path = wsxm(tmp_path / f"a{suffix}", values, kind)
    scan = corescout.read_scan(path)
    foreign, size_m = heights(path)
    found = np.asarray(scan.channel(), dtype=float)
    np.testing.assert_allclose(found - found.min(), foreign - foreign.min(), atol=2e-12)
    np.testing.assert_allclose(found - found.min(), (values - values.min()) * 1e-9, atol=2e-12)
    np.testing.assert_allclose(scan.frame.size_m, size_m)
    assert scan.frame.center_m == pytest.approx((100e-9, -50e-9))
    assert any("angle 0, the file has none" in text for text in scan.frame.assumed)
    assert scan.directions == ({"Topography": "trace"} if suffix == ".f.top" else {})


def test_wsxm_of_an_amplitude_in_volts(tmp_path, rng):
    values = rng.random(SHAPE)
    path = wsxm(tmp_path / "a.stp", values, "short", "mV", "Amplitude", "    Rotation: 30 Deg\n")
    scan = corescout.read_scan(path)
    assert (scan.units, scan.roles) == ({"Amplitude": "V"}, {"Amplitude": "amplitude"})
    assert np.ptp(scan.channel()) == pytest.approx(np.ptp(values) * 1e-3, rel=1e-4)
    assert np.rad2deg(scan.frame.angle_rad) == pytest.approx(30)
    assert any("unverified" in text for text in scan.frame.assumed)


def test_a_wsxm_movie_is_no_image(tmp_path):
    path = tmp_path / "a.stp"
    path.write_bytes(
        b"WSxM file copyright\r\nMovie Image file\r\nImage header size: 100\r\n" + bytes(99)
    )
    with pytest.raises(corescout.InputError, match="WSxM image"):
        corescout.read_scan(path)


def nid(
    path, sets, info="X-Pos=1.3\u00b5m\nY-Pos=-166nm\nRotation=45 \u00b0\nOp. mode=Static Force\n"
):
    """Sets of (group name, channel name, unit, low, range, integers)."""
    groups = list(dict.fromkeys(s[0] for s in sets))
    text, body = f"[DataSet]\nVersion=2\nGroupCount={len(groups)}\n", b""
    sections = ""
    for number, group in enumerate(groups):
        count = sum(s[0] == group for s in sets)
        text += f"Gr{number}-Name={group}\nGr{number}-ID=0\nGr{number}-Count={count + 1}\n"
        for k, (_, name, unit, low, span, raw) in enumerate(s for s in sets if s[0] == group):
            text += f"Gr{number}-Ch{k + 1}=DataSet-{number}:{k + 1}\n"
            bits = raw.dtype.itemsize * 8
            sections += (
                f"\n[DataSet-{number}:{k + 1}]\nVersion=2\nPoints={raw.shape[1]}\n"
                f"Lines={raw.shape[0]}\nFrame={group}\nDim0Name=X*\nDim0Unit=m\nDim0Range=3e-06\n"
                f"Dim0Min=0\nDim1Name=Y*\nDim1Unit=m\nDim1Range=1.5e-06\nDim1Min=0\n"
                f"Dim2Name={name}\nDim2Unit={unit}\nDim2Range={span}\nDim2Min={low}\n"
                f"SaveMode=Binary\nSaveBits={bits}\nSaveSign=Signed\nSaveOrder=Intel\n"
            )
            body += raw.astype(raw.dtype.newbyteorder("<")).tobytes()
    text += f"\n[DataSet-Info]\n-- Scan --=----\n{info}Date=20-08-2020\nTime=16:30:46\n{sections}"
    path.write_bytes(text.replace("\n", "\r\n").encode() + b"#!" + body)
    return path


@pytest.mark.parametrize("dtype", [np.int16, np.int32])
def test_nid(tmp_path, rng, dtype):
    top = np.iinfo(dtype).max
    height, amplitude = rng.integers(-top, top, (2, *SHAPE)).astype(dtype)
    path = nid(tmp_path / "a.nid", [
        ("Scan forward", "Z-Axis", "m", -2e-6, 4e-6, height),
        ("Scan forward", "Amplitude", "V", -10, 20, amplitude),
        ("Scan backward", "Z-Axis", "m", -2e-6, 4e-6, height[:, ::-1]),
    ])  # fmt: skip
    scan = corescout.read_scan(path)
    foreign, size_m = heights(path)
    np.testing.assert_allclose(scan.channels["Z-Axis Trace"], foreign, atol=1e-12)
    volts = (amplitude[::-1] / 2.0 ** (8 * np.dtype(dtype).itemsize) + 0.5) * 20 - 10
    np.testing.assert_allclose(scan.channels["Amplitude Trace"], volts, atol=1e-5)
    np.testing.assert_allclose(scan.frame.size_m, size_m)
    assert scan.frame.center_m == pytest.approx((1.3e-6, -166e-9))
    assert np.rad2deg(scan.frame.angle_rad) == pytest.approx(-45)
    assert scan.roles == {
        "Z-Axis Trace": "topography", "Amplitude Trace": "amplitude", "Z-Axis Retrace": "topography"
    }  # fmt: skip
    assert scan.acquired_at == datetime(2020, 8, 20, 16, 30, 46)


def test_nid_in_the_dynamic_mode_is_no_piezoresponse(tmp_path, rng):
    raw = rng.integers(-99, 99, SHAPE).astype(np.int16)
    path = nid(tmp_path / "a.nid", [("Scan forward", "Amplitude", "V", -10, 20, raw)],
               "Op. mode=Dynamic Force\n")  # fmt: skip
    scan = corescout.read_scan(path)
    assert scan.roles == {"Amplitude Trace": "tapping amplitude"}
    assert any("centre 0" in text for text in scan.frame.assumed)


def mi(path, images):
    """Images of (values, unit, range)."""

    def line(key, value):
        return f"{key:<14}{value}\n"

    text = line("fileType", "Image") + line("dateAcquired", "02/01/2020 10:11:12")
    text += line("xPixels", SHAPE[1]) + line("yPixels", SHAPE[0])
    text += line("xLength", "2e-06") + line("yLength", "1e-06") + line("scanUp", "TRUE")
    body = b""
    for name, (values, unit, span) in images.items():
        text += line("bufferLabel", name) + line("bufferUnit", unit) + line("bufferRange", span)
        body += np.round(values[::-1] / span * 32768).astype("<i2").tobytes()
    path.write_bytes((text + line("data", "BINARY")).encode() + body)
    return path


def test_mi_by_surface_topography(tmp_path, rng):
    height, amplitude = rng.uniform(-0.9, 0.9, (2, *SHAPE))
    path = mi(tmp_path / "a.mi", {
        "Topography": (height * 100, "nm", 100.0), "Amplitude": (amplitude * 5, "V", 5.0)
    })  # fmt: skip
    scan = corescout.read_scan(path)
    np.testing.assert_allclose(scan.channels["Topography"], height * 1e-7, atol=1e-11)
    np.testing.assert_allclose(scan.channels["Amplitude"], amplitude * 5, atol=1e-3)
    assert scan.units == {"Topography": "m", "Amplitude": "V"}
    assert scan.default_channel == "Amplitude"
    np.testing.assert_allclose(scan.frame.size_m, (2e-6, 1e-6))


WRITTEN = {
    ".mdt": lambda p, v: mdt(p, [mdt_frame(v, -1)]),
    ".stp": lambda p, v: wsxm(p, v.astype(float)),
    ".nid": lambda p, v: nid(p, [("Scan forward", "Z-Axis", "m", -1e-6, 2e-6, v.astype(np.int16))]),
    ".mi": lambda p, v: mi(p, {"Topography": (v.astype(float), "nm", 4000.0)}),
}


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("suffix", WRITTEN)
def test_a_file_that_is_cut_short_is_never_taken_for_a_whole_one(tmp_path, rng, suffix, share):
    path = WRITTEN[suffix](tmp_path / f"a{suffix}", rng.integers(-3000, 3000, SHAPE))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(corescout.InputError):
        corescout.read_scan(path)


def test_bruker_images_of_several_sizes_and_of_a_second_pass(tmp_path, rng):
    images = [("Height", "Main", "Trace", (16, 16)), ("PR Amplitude", "Main", "Trace", (8, 8)),
              ("PR Phase", "Main", "Trace", (8, 8)),
              ("Height", "Interleave", "Trace", (16, 16))]  # fmt: skip
    text = "\\*File list\n\\*Ciao scan list\n\\X Offset: 0 nm\n\\Y Offset: 0 nm\n\\Rotate Ang.: 0\n"
    body, at = b"", 4096
    for name, line, direction, (height, width) in images:
        raw = rng.integers(-30000, 30000, (height, width)).astype("<i2").tobytes()
        text += (
            f"\\*Ciao image list\n\\Data offset: {at}\n\\Data length: {len(raw)}\n"
            f"\\Bytes/pixel: 2\n\\Samps/line: {width}\n\\Number of lines: {height}\n"
            f"\\Scan Size: 1 1 ~m\n"
            f"\\Scan Line: {line}\n\\Line Direction: {direction}\n"
            f'\\@2:Image Data: S [x] "{name}"\n\\@2:Z scale: V [None] (0.0001 V/LSB) 8.0 V\n'
        )
        body, at = body + raw, at + len(raw)
    text = (text + "\\*File list end\n\x1a").replace("\n", "\r\n")
    (tmp_path / "a.spm").write_bytes(text.encode("latin-1").ljust(4096, b"\0") + body)
    first, second = read_scans(tmp_path / "a.spm")
    assert list(first.channels) == ["PR Amplitude Trace", "PR Phase Trace"]
    assert list(second.channels) == ["Height Trace", "Height Interleave Trace"]
    assert second.roles["Height Interleave Trace"] == "lift topography"
    assert any("16 x 16 px" in text for text in first.warnings)


def partial_bruker(path, aspect, lines, of, direction):
    raw = np.arange(lines * 32).reshape(lines, 32).astype("<i2").tobytes()
    text = (
        f"\\*File list\n\\*Ciao scan list\n\\Samps/line: 32\n\\Lines: {of}\n\\X Offset: 0 nm\n"
        f"\\Y Offset: 0 nm\n\\Rotate Ang.: 0\n\\*Ciao image list\n\\Data offset: 2048\n"
        f"\\Data length: {len(raw)}\n\\Bytes/pixel: 2\n\\Samps/line: 32\n"
        f"\\Number of lines: {lines}\n"
        f"\\Aspect Ratio: {aspect}\n\\Scan Size: 4 4 ~m\n\\Frame direction: {direction}\n"
        '\\@2:Image Data: S [Height] "Height"\n\\@2:Z scale: V [None] (0.0001 V/LSB) 8.0 V\n\x1a'
    ).replace("\n", "\r\n")
    path.write_bytes(text.encode("latin-1").ljust(2048, b"\0") + raw)


@pytest.mark.parametrize(
    ("aspect", "lines", "of", "direction", "size_um", "y_um"),
    [("2:1", 16, 16, "Down", (4, 2), 0), ("2.00", 16, 16, "Down", (4, 2), 0),
     ("1.33333:1", 24, 24, "Down", (4, 3), 0), ("1:1", 8, 32, "Down", (4, 1), 1.5),
     ("1:1", 8, 32, "Up", (4, 1), -1.5), ("2.0:1", 4, 16, "Down", (4, 0.5), 0.75)],
)  # fmt: skip
def test_aspect_ratios_and_partial_frames_of_bruker(
    tmp_path, aspect, lines, of, direction, size_um, y_um
):
    partial_bruker(tmp_path / "a.spm", aspect, lines, of, direction)
    frame = corescout.read_scan(tmp_path / "a.spm").frame
    np.testing.assert_allclose(np.array(frame.size_m) * 1e6, size_um, rtol=1e-5)
    np.testing.assert_allclose(np.array(frame.center_m) * 1e6, (0, y_um), atol=1e-5)
    assert frame.pitch_m[0] == pytest.approx(frame.pitch_m[1], rel=1e-5)
