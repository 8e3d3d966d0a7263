"""Values from tables: of loops by target, of a user's column by place, and what is refused."""

import csv

import numpy as np
import pytest

from corescout.data import InputError
from corescout.steering import measured_values


def test_loops_are_read_and_tied_to_their_key_points(typed_result, table, loop_field):
    found = measured_values(table, typed_result, "coercive_bias_v")
    assert len(found) == 40
    assert found.unit == "V"
    truth = loop_field.coercive_v(np.asarray(typed_result.patches.center_yx_px)[found.row])
    assert np.median(np.abs(found.value - truth)[found.known]) < 0.05
    failed = np.count_nonzero(~found.known)
    assert failed > 0
    assert any(f"{failed} of 40 failed" in note for note in found.notes)
    assert measured_values(table, typed_result, "work_of_switching").unit == "m V"


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_column_of_the_user_is_tied_by_place_target_or_number(typed_result, tmp_path):
    places = np.asarray(typed_result.patches.center_yx_px)
    frame = typed_result.scan.frame
    near = frame.to_m(places[[3, 50]] + 0.4)
    far = frame.to_m(places[:1] + 400.0)
    rows = [{"x_m": x, "y_m": y, "current_a": v}
            for (x, y), v in zip([*near, *far], [1.0, "", 3.0], strict=True)]  # fmt: skip
    found = measured_values(write(tmp_path / "own.csv", rows), typed_result, "current_a")
    assert found.row.tolist() == [3, 50]
    assert found.unit == "A"
    np.testing.assert_array_equal(found.value, [1.0, np.nan])
    assert "1 of 3 rows are at no key point" in found.notes
    given = {7: 5.0, 9: "n/a", "\u00b2": 1.0, "9" * 5000: 1.0}
    by_number = [{"key_point": k, "hardness": v} for k, v in given.items()]
    found = measured_values(write(tmp_path / "n.csv", by_number), typed_result, "hardness")
    assert found.row.tolist() == [7, 9]
    assert found.known.tolist() == [True, False]


def test_what_is_no_table_of_measurements_is_refused(typed_result, table, tmp_path):
    with pytest.raises(InputError, match="coercive_bias_v"):
        measured_values(table, typed_result, "hardness")
    own = write(tmp_path / "own.csv", [{"key_point": 1, "hardness": 1.0}])
    with pytest.raises(InputError, match="hardness"):
        measured_values(own, typed_result, "softness")
    with pytest.raises(InputError, match="where each value"):
        measured_values(write(tmp_path / "b.csv", [{"hardness": 1.0}]), typed_result, "hardness")
    elsewhere = write(tmp_path / "c.csv", [{"x_m": 1.0, "y_m": 1.0, "hardness": 1.0}])
    with pytest.raises(InputError, match="none of a target"):
        measured_values(elsewhere, typed_result, "hardness")
    with pytest.raises(InputError, match="CSV"):
        measured_values(tmp_path / "not there.csv", typed_result, "hardness")
