"""Nothing outside the limits is sent, whatever is asked; a profile that lacks one is refused."""

import math
from dataclasses import MISSING, asdict, fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corescout.data import InputError, StoppedError
from corescout.instruments import Gate, LimitError, Limits, Message, load_limits
from corescout.instruments.limits import limits_of_table
from corescout.instruments.messages import VALUES
from corescout.instruments.protocol import Contact

LIMITS = Limits(
    x_m=(-1e-6, 2e-6), y_m=(-2e-6, 1e-6), largest_step_m=1e-6, largest_speed_m_per_s=1e-6,
    largest_bias_v=5.0, longest_spectrum_s=1.0, most_targets=5, readback_tolerance_m=1e-8,
    rotation_verified=False, emergency="halt", setpoint=(0.1, 2.0),
)  # fmt: skip
NUMBERS = st.one_of(
    st.floats(-3e-6, 3e-6), st.floats(-20, 20), st.just(0.0), st.just(math.nan), st.just(math.inf)
)
# One strategy for each kind, made once: to draw a kind first and build its strategy then takes
# three times as long.
MESSAGES = st.one_of(
    st.builds(
        Message,
        st.just(kind),
        st.one_of(
            st.fixed_dictionaries(dict.fromkeys(sorted(VALUES.get(kind, ())), NUMBERS)),
            st.dictionaries(st.sampled_from(["x_m", "y_m", "bias_v"]), NUMBERS),
        ),
    )
    for kind in (*VALUES, "withdraw")
)


@settings(max_examples=1000, deadline=None)
@given(st.lists(MESSAGES, max_size=12))
def test_no_message_outside_the_limits_reaches_the_wire(asked):
    wire: list[Message] = []
    gate = Gate(LIMITS, wire.append)
    gate.set_position((0.0, 0.0))
    for message in asked:
        before = len(wire)
        try:
            gate(message)
        except LimitError:
            assert len(wire) == before
        else:
            assert wire[before:] == [message]
    at, bias = (0.0, 0.0), 0.0
    for message in wire:  # held against the numbers themselves, not against our own check
        v = message.values
        assert all(math.isfinite(value) for value in v.values())
        if message.kind in ("move", "mark", "zoom"):
            half = 0.5 * v.get("size_m", 0.0)
            assert -1e-6 <= v["x_m"] - half <= v["x_m"] + half <= 2e-6
            assert -2e-6 <= v["y_m"] - half <= v["y_m"] + half <= 1e-6
        if message.kind == "move":
            assert bias == 0
            assert math.dist(at, (v["x_m"], v["y_m"])) <= 1e-6
            at = (v["x_m"], v["y_m"])
        if message.kind == "zoom":
            corners = [(v["x_m"] + a * half, v["y_m"] + b * half) for a in (-1, 1) for b in (-1, 1)]
            assert bias == 0
            assert max(math.dist(at, corner) for corner in corners) <= 1e-6
            at = (v["x_m"], v["y_m"])
        if message.kind == "bias":
            bias = v["bias_v"]
        for name in ("bias_v", "bias_start_v", "bias_end_v"):
            assert abs(v.get(name, 0.0)) <= 5.0
        assert v.get("seconds", 0.0) <= 1.0
        assert v.get("n_points", 0.0) <= 4096
        assert v.get("speed_m_per_s", 0.0) <= 1e-6
        assert v.get("angle_rad", 0.0) == 0.0


def test_an_unknown_position_allows_no_move():
    gate = Gate(LIMITS, lambda message: None)
    with pytest.raises(LimitError, match="unknown position"):
        gate(Message("move", {"x_m": 0.0, "y_m": 0.0}))


def test_after_a_stop_nothing_is_sent():
    wire: list[Message] = []
    gate = Gate(LIMITS, wire.append)
    gate.stop("test")
    with pytest.raises(StoppedError):
        gate(Message("bias", {"bias_v": 0.0}))
    assert wire == []


def write(path, table):
    def toml(value):
        if isinstance(value, bool):
            return str(value).lower()
        return str(list(value)) if isinstance(value, tuple) else repr(value)

    said = {k: v for k, v in table.items() if v is not None}
    path.write_text("[limits]\n" + "\n".join(f"{k} = {toml(v)}" for k, v in said.items()))
    return path


def test_limits_come_back_from_their_file(tmp_path):
    assert load_limits(write(tmp_path / "a.toml", asdict(LIMITS))) == LIMITS


def test_a_setpoint_that_is_not_bounded_is_no_problem(tmp_path):
    table = {k: v for k, v in asdict(LIMITS).items() if k in NEEDED}
    read = load_limits(write(tmp_path / "a.toml", table))
    assert read.setpoint_problem(None) is None
    assert "does not report" in LIMITS.setpoint_problem(None)
    assert "outside" in LIMITS.setpoint_problem(math.nan)


NEEDED = [f.name for f in fields(Limits) if f.default is MISSING]


@pytest.mark.parametrize("name", NEEDED)
def test_a_profile_that_lacks_one_is_refused(tmp_path, name):
    table = {k: v for k, v in asdict(LIMITS).items() if k != name}
    with pytest.raises(InputError, match=name):
        load_limits(write(tmp_path / "a.toml", table))


@pytest.mark.parametrize(
    "change",
    [{"x_m": (1.0, -1.0)}, {"setpoint": (1.0, math.inf)}, {"x_m": (math.nan, 1.0)},
     {"largest_step_m": 0.0},
     {"largest_bias_v": -1.0}, {"largest_speed_m_per_s": math.inf}, {"emergency": "withdraw"}],
)  # fmt: skip
def test_limits_that_cannot_be_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(LIMITS, **change)


def table_of(**changes):
    table = {k: v for k, v in asdict(LIMITS).items() if k in NEEDED}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in {**table, **changes}.items()}


@pytest.mark.parametrize(
    "change",
    [{"rotation_verified": "false"}, {"rotation_verified": "no"}, {"rotation_verified": math.nan},
     {"rotation_verified": 0}, {"rotation_verified": []}, {"largest_bias_v": True},
     {"most_targets": 0.5}, {"most_targets": 2.0}, {"most_targets": "5"}, {"x_m": "wide"},
     {"x_m": [1e-6]}, {"x_m": [1e-6, -1e-6]}, {"x_m": [-1e-6, math.inf]}, {"largest_step_m": "2"},
     {"largest_step_m": "2 V"}, {"largest_step_m": "2 um/s"}, {"largest_speed_m_per_s": "2 um"},
     {"largest_bias_v": "nan V"}, {"largest_bias_v": 10**400}, {"emergency": "withdraw"},
     {"largest_bias": 5.0}, {"after_hold": "retract"}, {"confirmed": "true"},
     {"after_hold_minutes": 0}, {"error_band": [2.0, 1.0]}, {"ac_peak_v": -1.0}],
)  # fmt: skip
def test_only_values_of_the_right_kind_are_taken(change):
    with pytest.raises(InputError, match=next(iter(change))):
        limits_of_table(table_of(**change), "the profile")


@pytest.mark.parametrize(
    "change",
    [{"x_m": [-20.0, 20.0]}, {"y_m": ["-2 mm", "2 mm"]}, {"largest_step_m": 30.0},
     {"largest_speed_m_per_s": 5.0}, {"largest_scan_speed_m_per_s": "2 mm/s"},
     {"largest_bias_v": 8000}, {"readback_tolerance_m": 50.0}, {"readback_tolerance_m": "2 um"},
     {"longest_spectrum_s": 7200.0}],
)  # fmt: skip
def test_an_absurd_value_is_taken_only_where_it_is_confirmed(change):
    with pytest.raises(InputError, match=r"is the unit right\? .*confirmed = true"):
        limits_of_table(table_of(**change), "the profile")
    assert limits_of_table(table_of(**change, confirmed=True), "the profile").confirmed


def test_values_may_have_units():
    said = limits_of_table(
        table_of(
            x_m=["-2 um", "3um"], largest_step_m="500 nm", largest_speed_m_per_s="1.5 \u00b5m/s",
            largest_bias_v="500 mV", longest_spectrum_s="20 ms", readback_tolerance_m="5e1 nm",
            ac_peak_v="0.1V",
        ),
        "the profile",
    )  # fmt: skip
    assert said.x_m == pytest.approx((-2e-6, 3e-6))
    assert said.largest_step_m == pytest.approx(5e-7)
    assert said.largest_speed_m_per_s == pytest.approx(1.5e-6)
    assert (said.largest_bias_v, said.ac_peak_v) == pytest.approx((0.5, 0.1))
    assert said.longest_spectrum_s == pytest.approx(0.02)
    assert said.readback_tolerance_m == pytest.approx(5e-8)


SPECTRUM = Message(
    "spectrum", {"bias_start_v": -4.0, "bias_end_v": 4.0, "n_points": 64.0, "seconds": 0.5}
)


@pytest.mark.parametrize(
    ("stated_v", "read_v", "allowed"),
    [(0.0, 0.0, True), (1.0, 0.0, True), (0.0, 1.0, True), (1.1, 0.0, False), (0.0, 1.1, False),
     (0.5, 0.9, True), (0.0, math.nan, False)],
)  # fmt: skip
def test_the_bias_limit_holds_at_the_tip_with_the_ac_drive(stated_v, read_v, allowed):
    limits = replace(LIMITS, ac_peak_v=stated_v)
    assert (limits.violations(SPECTRUM, (0.0, 0.0), 0.0, read_v) == ()) is allowed


@pytest.mark.parametrize("at_m", [(math.nan, 0.0), (0.0, math.inf), None])
def test_a_position_that_is_no_number_is_unknown(at_m):
    message = Message("move", {"x_m": 0.0, "y_m": 0.0})
    assert "unknown position" in LIMITS.violations(message, at_m, 0.0)[0]


def test_digits_by_the_hundred_and_brackets_by_the_thousand_are_one_line(tmp_path):
    for text in ("largest_bias_v = " + "9" * 5000, "x_m = " + "[" * 5000 + "]" * 5000):
        path = tmp_path / "a.toml"
        path.write_text("[limits]\n" + text)
        with pytest.raises(InputError) as error:
            load_limits(path)
        assert "\n" not in str(error.value)
    values = {"bias_v": 10**400}
    assert "not a finite number" in LIMITS.violations(Message("bias", values), None, 0.0)[0]


@pytest.mark.parametrize(
    ("contact", "words"),
    [(Contact(), None), (Contact(feedback_on=True), None), (Contact(feedback_on=False), "off"),
     (Contact(True, 0.0, -1e-6, 1e-6), None), (Contact(True, 0.995e-6, -1e-6, 1e-6), "rail"),
     (Contact(True, -0.995e-6, 1e-6, -1e-6), "rail"),
     (Contact(True, math.nan, -1e-6, 1e-6), "rail"),
     (Contact(True, 0.0), "rail"), (Contact(True, setpoint=3.0), "set-point 3")],
)  # fmt: skip
def test_what_holds_the_tip_is_looked_at(contact, words):
    found = LIMITS.contact_problem(contact)
    assert found is None if words is None else words in found


@pytest.mark.parametrize(
    ("error", "words"), [(0.0, None), (0.3, "error signal"), (math.nan, "error"), (None, "bound")]
)
def test_the_error_signal_stays_in_its_band_where_the_limits_name_one(error, words):
    found = replace(LIMITS, error_band=(-0.2, 0.2)).contact_problem(Contact(True, error=error))
    assert found is None if words is None else words in found
