"""Nothing outside the limits is sent, whatever is asked; a profile that lacks one is refused."""

import math
from dataclasses import asdict, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corescout.data import InputError, StoppedError
from corescout.instruments import Gate, LimitError, Limits, Message, load_limits
from corescout.instruments.messages import VALUES

LIMITS = Limits(
    x_m=(-1e-6, 2e-6), y_m=(-2e-6, 1e-6), largest_step_m=1e-6, largest_speed_m_per_s=1e-6,
    largest_bias_v=5.0, longest_spectrum_s=1.0, most_targets=5, readback_tolerance_m=1e-8,
    rotation_verified=False, emergency="halt", setpoint=(0.1, 2.0),
)  # fmt: skip
NUMBERS = st.one_of(
    st.floats(-3e-6, 3e-6), st.floats(-20, 20), st.just(0.0), st.just(math.nan), st.just(math.inf)
)
KINDS = st.sampled_from([*VALUES, "withdraw"])
MESSAGES = KINDS.flatmap(
    lambda kind: st.builds(
        Message,
        st.just(kind),
        st.one_of(
            st.fixed_dictionaries(dict.fromkeys(sorted(VALUES.get(kind, ())), NUMBERS)),
            st.dictionaries(st.sampled_from(["x_m", "y_m", "bias_v"]), NUMBERS),
        ),
    )
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
        if message.kind == "bias":
            bias = v["bias_v"]
        for name in ("bias_v", "bias_start_v", "bias_end_v"):
            assert abs(v.get(name, 0.0)) <= 5.0
        assert v.get("seconds", 0.0) <= 1.0
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

    path.write_text("[limits]\n" + "\n".join(f"{k} = {toml(v)}" for k, v in table.items()))
    return path


def test_limits_come_back_from_their_file(tmp_path):
    assert load_limits(write(tmp_path / "a.toml", asdict(LIMITS))) == LIMITS


def test_the_setpoint_is_the_only_limit_that_may_be_left_out(tmp_path):
    table = {k: v for k, v in asdict(LIMITS).items() if k != "setpoint"}
    read = load_limits(write(tmp_path / "a.toml", table))
    assert read.setpoint_problem(None) is None
    assert "does not report" in LIMITS.setpoint_problem(None)
    assert "outside" in LIMITS.setpoint_problem(math.nan)


@pytest.mark.parametrize("name", sorted({*asdict(LIMITS)} - {"setpoint"}))
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
