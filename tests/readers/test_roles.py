"""What a channel is, by every vendor's words, by its mode, and by the user's own names."""

import re
from pathlib import Path

import numpy as np
import pytest

import corescout
from corescout.readers.roles import role_of

ROOT = Path(__file__).parents[2]

# label -> role without a mode
LABELS = {
    # Asylum
    "HeightRetrace": "topography", "ZSensorTrace": "topography", "ZSnsr": "topography",
    "AmplitudeRetrace": "amplitude", "Amplitude1Retrace": "amplitude 1", "Phase2Trace": "phase 2",
    "LatAmplitudeRetrace": "amplitude lateral", "LatPhase2Trace": "phase 2 lateral",
    "FrequencyRetrace": "frequency", "NapPhaseRetrace": "lift phase", "UserIn0Retrace": "",
    "VertAmplitudeTrace": "amplitude",
    # Bruker
    "PR Amplitude": "amplitude", "PR Phase": "phase", "TR Amplitude": "amplitude lateral",
    "HS Phase": "phase", "Height Sensor": "topography", "Amplitude Error": "",
    "Phase Interleave": "lift phase", "Lift Height": "lift topography",
    # JPK
    "Lock-In Amplitude": "amplitude", "Lock-In Phase": "phase",
    "lock-in amplitude 2": "amplitude 2",
    "Height (measured)": "topography", "Vertical Deflection": "deflection",
    # Nanonis
    "LI_Demod_1_R": "amplitude", "LI_Demod_1_Phi": "phase",
    "LI_Demod_2_R": "amplitude demodulator 2",
    "LI_Demod_1_X": "in-phase", "LI_Demod_2_Y": "quadrature demodulator 2",
    "LIX_1_omega": "in-phase", "LIY_2_omega": "quadrature harmonic 2",
    "LI Demod 1 X": "in-phase", "[P2]_LI_Demod_1_R": "pass 2 amplitude",
    # Park
    "EFM Amplitude": "amplitude", "EFM Phase": "phase", "LIA1 Amplitude": "amplitude",
    "LIA2 Phase": "phase demodulator 2", "VPFM Amplitude": "amplitude",
    "LPFM Phase": "phase lateral", "VPFM Quad": "response", "NCM Amplitude": "tapping amplitude",
    "Z Height": "topography",
    # NT-MDT
    "Mag": "amplitude", "Mag1": "amplitude 1", "Phase1": "phase 1",
    # Nanosurf
    "Z-Axis": "topography", "Z-Axis Sensor": "topography",
    # no words of a vendor
    "Amplitude \u00b5V": "amplitude", "Phase [deg]": "phase",
    "Frequency_Shift": "", "Crop of Height": "",
    "Amplitude Setpoint": "", "Input 4": "", "Harmonic 2 Amplitude": "amplitude harmonic 2",
}  # fmt: skip


@pytest.mark.parametrize("label", LABELS)
def test_labels_of_every_vendor(label):
    assert role_of(label) == LABELS[label]


MODES = [
    ("AmplitudeRetrace", "tapping", "tapping amplitude"), ("Phase", "tapping", "tapping phase"),
    ("PFM Amplitude", "tapping", "amplitude"), ("Height", "tapping", "topography"),
    ("LI_Demod_1_R", "other lock-in", "lock-in amplitude"),
    ("PR Amplitude", "other lock-in", "amplitude"), ("Amplitude", "contact", "amplitude"),
]  # fmt: skip


@pytest.mark.parametrize(("label", "mode", "role"), MODES)
def test_the_mode_decides_whether_an_amplitude_is_a_piezoresponse(label, mode, role):
    assert role_of(label, mode) == role


def test_the_table_of_the_documentation_is_true():
    text = (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    table = text[text.index("| label | role |") :].split("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+) \| ([^|]+) \|$", table, re.MULTILINE)
    assert len(rows) > 15
    for labels, role in rows:
        for label in re.findall(r"`([^`]+)`", labels):
            assert role_of(label) == role.strip().strip("`"), label


def sxm(path, lock_in="", unit="V"):
    """Write a Nanonis scan of Z and X, Y of the first demodulator, forward only."""
    header = (
        ":NANONIS_VERSION:\n2\n:SCANIT_TYPE:\n FLOAT MSBFIRST\n:SCAN_PIXELS:\n 20 10\n"
        ":SCAN_RANGE:\n 2.0E-6 1.0E-6\n:SCAN_OFFSET:\n 0.0E+0 0.0E+0\n:SCAN_ANGLE:\n 0\n"
        f":SCAN_DIR:\ndown\n{lock_in}:DATA_INFO:\n\tChannel\tName\tUnit\tDirection\tCalibration\tOffset\n"
        f"\t1\tZ\tm\tforward\t1\t0\n\t2\tLI_Demod_1_X\t{unit}\tforward\t1\t0\n"
        f"\t3\tLI_Demod_1_Y\t{unit}\tforward\t1\t0\n\t4\tAmplitude\tm\tforward\t1\t0\n\n:SCANIT_END:\n\n\n"
    )
    values = np.random.default_rng(2).standard_normal((4, 10, 20)).astype(">f4")
    path.write_bytes(header.encode() + b"\x1a\x04" + values.tobytes())
    return values


BIAS = ":Lock-in>Modulated signal:\nBias (V)\n:Lock-in>Demodulated signal:\n"


@pytest.mark.parametrize(
    ("lock_in", "unit", "kind", "doubted"),
    [(BIAS + "Vertical deflection (V)\n", "V", "", False),
     (BIAS + "Current (A)\n", "V", "lock-in ", False),
     (":Lock-in>Modulated signal:\nZ (m)\n", "V", "lock-in ", False), ("", "A", "lock-in ", False),
     ("", "V", "", True)],
)  # fmt: skip
def test_x_and_y_of_a_lock_in_become_amplitude_and_phase(tmp_path, lock_in, unit, kind, doubted):
    from corescout.derived import derived_channels, with_derived

    values = sxm(tmp_path / "a.sxm", lock_in, unit)
    scan = corescout.read_scan(tmp_path / "a.sxm")
    assert scan.roles["LI_Demod_1_XTrace"] == f"{kind}in-phase"
    assert scan.roles["AmplitudeTrace"] == "tapping amplitude"
    assert any("does not say what the lock-in" in t for t in scan.warnings) == doubted
    needs = derived_channels(scan)
    assert needs["LI_Demod_1_AmplitudeTrace"] == ("LI_Demod_1_XTrace", "LI_Demod_1_YTrace")
    assert ("LI_Demod_1_ACosPhaseTrace" in needs) == (kind == "")
    found = with_derived(scan)
    x, y = values[1].astype(float), values[2].astype(float)
    np.testing.assert_allclose(
        found.channels["LI_Demod_1_AmplitudeTrace"], np.hypot(x, y), rtol=1e-5
    )
    phase = np.rad2deg(np.arctan2(y, x))
    np.testing.assert_allclose(found.channels["LI_Demod_1_PhaseTrace"], phase, atol=1e-3)
    assert found.units["LI_Demod_1_PhaseTrace"] == "deg"
    assert found.roles["LI_Demod_1_AmplitudeTrace"] == f"{kind}amplitude"


def test_the_harmonic_of_a_demodulator_is_kept(tmp_path):
    sxm(tmp_path / "a.sxm", BIAS + "Defl (V)\n:Lock-in>Harmonic D1:\n2\n")
    assert (
        corescout.read_scan(tmp_path / "a.sxm").roles["LI_Demod_1_XTrace"] == "in-phase harmonic 2"
    )


OWN = """
["Input 7"]
role = "amplitude"
unit = "pm"

["strange phase"]
role = "phase"
unit = "rad"
"""


def test_a_user_can_name_channels(tmp_path, rng, monkeypatch):
    np.savez(
        tmp_path / "a.npz",
        **{"Input 7": rng.random((20, 20)), "Strange PhaseTrace": rng.random((20, 20))},
    )
    before = corescout.read_scan(tmp_path / "a.npz")
    assert before.roles == {}
    (tmp_path / "channels.toml").write_text(OWN)
    monkeypatch.setenv("CORESCOUT_CHANNELS", str(tmp_path / "channels.toml"))
    scan = corescout.read_scan(tmp_path / "a.npz")
    assert scan.roles == {"Input 7": "amplitude", "Strange PhaseTrace": "phase"}
    assert scan.units == {"Input 7": "m", "Strange PhaseTrace": "deg"}
    np.testing.assert_allclose(scan.channel(), before.channels["Input 7"] * 1e-12, rtol=1e-5)
    np.testing.assert_allclose(
        scan.channels["Strange PhaseTrace"],
        np.rad2deg(before.channels["Strange PhaseTrace"]),
        rtol=1e-5,
    )
    assert any("are the user's" in text for text in scan.warnings)


@pytest.mark.parametrize(
    ("text", "word"),
    [("[a]\nrole = 'loudness'", "loudness"), ("[a", "TOML"), ("[a]\nrolle = 'phase'", "role =")],
)
def test_a_wrong_file_of_names_is_an_input_error(tmp_path, monkeypatch, text, word):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).random((9, 9)))
    (tmp_path / "channels.toml").write_text(text)
    monkeypatch.setenv("CORESCOUT_CHANNELS", str(tmp_path / "channels.toml"))
    with pytest.raises(corescout.InputError, match=word):
        corescout.read_scan(tmp_path / "a.npy")
