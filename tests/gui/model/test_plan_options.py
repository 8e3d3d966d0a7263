"""Options of a plan as a line of text, and back."""

import pytest

from corescout.gui.model.plan_of_steps import merged
from corescout.gui.model.plan_options import nested, read_options, values_of, write_options
from corescout.plan import Plan


def test_options_are_read_as_they_are_written():
    changed = {"training.epochs": 80, "mixtures.engine": "sklearn", "latent_dims": (2, 3)}
    assert read_options(write_options(changed)) == changed
    assert read_options("") == {}
    assert read_options("training.schedule = constant") == {"training.schedule": "constant"}
    with pytest.raises(ValueError, match="All options"):
        read_options("training.epoch = 80")
    plan = Plan.preset("live")
    assert Plan.model_validate(merged(plan.model_dump(), nested(values_of(plan)))) == plan
