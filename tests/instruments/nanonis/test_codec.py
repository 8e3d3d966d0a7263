"""The bytes of the maker's document, and everything back from what was written."""

import numpy as np
import pytest

from corescout.instruments.nanonis import codec

GOLDEN_SET = "3E45798EE2308C3A3E501B2B29A4692B00000001"
GOLDEN_GET = "3E35798EE2308C3ABE35798EE2308C3A0000000000000000"


def test_golden_bytes_of_a_request():
    data = codec.request("FolMe.XYPosSet", 10e-9, 15e-9, 1)
    assert data[:32] == b"FolMe.XYPosSet".ljust(32, b"\0")
    assert data[32:40].hex() == "0000001400010000"
    assert data[40:].hex().upper() == GOLDEN_SET


def test_golden_bytes_of_a_response():
    data = codec.response("FolMe.XYPosGet", 5e-9, -5e-9)
    assert data[32:36].hex() == "00000018"
    assert data[40:].hex().upper() == GOLDEN_GET
    assert codec.results("FolMe.XYPosGet", data[40:]) == [5e-9, -5e-9]


VALUES = {
    "i32": -5, "u32": 7, "u16": 3, "f32": 0.5, "f64": 1e-9, "str": "z\u00e4h", "i32s": [1, -2, 3],
    "f32s": [0.5, 0.25], "names": ["a", "", "b (V)"], "cloud": [[1, 2], [3, 4]],
    "image": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]],
    "marks": ([[1, 2], [3, 4]], ["one", ""], [255, 0]),
}  # fmt: skip


def equal(a, b):
    if isinstance(a, tuple):
        return all(equal(x, y) for x, y in zip(a, b, strict=True))
    return np.array_equal(a, b)


@pytest.mark.parametrize("name", sorted(codec.COMMANDS))
def test_arguments_and_results_come_back(name):
    layout = codec.COMMANDS[name]
    arguments = [VALUES[k] for k in layout.arguments]
    body = codec.Body(codec.request(name, *arguments)[codec.HEADER_BYTES :])
    read = codec.decode(layout.arguments, body)
    assert all(equal(a, b) for a, b in zip(arguments, read, strict=True))
    assert body.left == 0
    results = [VALUES[k] for k in layout.results]
    read = codec.results(name, codec.response(name, *results)[codec.HEADER_BYTES :])
    assert all(equal(a, b) for a, b in zip(results, read, strict=True))


@pytest.mark.parametrize("name", sorted(codec.COMMANDS))
def test_an_error_and_every_cut_are_said(name):
    body = codec.response(name, error="the tip is elsewhere")[codec.HEADER_BYTES :]
    with pytest.raises(codec.WireError, match="the tip is elsewhere"):
        codec.results(name, body)
    whole = codec.response(name, *[VALUES[k] for k in codec.COMMANDS[name].results])
    whole = whole[codec.HEADER_BYTES :]
    for length in range(len(whole)):
        with pytest.raises(codec.WireError):
            codec.results(name, whole[:length])


def test_a_size_that_cannot_be_is_refused():
    head = b"Bias.Get".ljust(32, b"\0") + (2**31 - 1).to_bytes(4, "big") + b"\0\0\0\0"
    with pytest.raises(codec.WireError, match="at most"):
        codec.header(head)
