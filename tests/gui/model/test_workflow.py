"""The states of the steps: what a change puts out of date."""

from corescout.gui.model.workflow import STEPS, StepState, Workflow, after


def done_workflow():
    workflow = Workflow()
    for name in STEPS:
        workflow.set(name, StepState.DONE)
    return workflow


def out_of_date(workflow):
    return [name for name in STEPS if workflow.state(name) is StepState.OUT_OF_DATE]


def test_what_follows_a_step():
    assert after("key_points") == ("explore", "types", "targets", "instrument")
    assert after("instrument") == ()


def test_a_changed_step_puts_what_follows_out_of_date_but_not_what_was_never_done():
    workflow = done_workflow()
    workflow.set("targets", StepState.TO_DO)
    workflow.touch("explore")
    assert out_of_date(workflow) == ["types", "instrument"]


def test_settings_that_are_set_back_make_the_results_up_to_date_again():
    workflow = done_workflow()
    then = {"key_points": {"spacing_px": 5}, "explore": {"seed": 0}, "targets": {"per_type": 5}}
    workflow.compare(then, then | {"targets": {"per_type": 3}})
    assert out_of_date(workflow) == ["targets", "instrument"]
    workflow.compare(then, then | {"key_points": {"spacing_px": 4}})
    assert out_of_date(workflow) == ["explore", "types", "targets", "instrument"]
    workflow.set("targets", StepState.PROBLEM)
    workflow.compare(then, then)
    assert out_of_date(workflow) == []
    assert workflow.state("targets") is StepState.PROBLEM


def test_one_signal_for_each_change():
    workflow, heard = Workflow(), []
    workflow.changed.connect(heard.append)
    workflow.set("scan", StepState.DONE, "height")
    workflow.set("scan", StepState.DONE, "height")
    assert heard == ["scan"]
