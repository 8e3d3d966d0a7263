"""What the panels of a window share, driven without one."""

from dataclasses import replace

import pytest

from corescout.gui.model.candidates import show_candidate, show_winner
from corescout.gui.model.chosen_image import ChosenImage
from corescout.gui.model.result_edits import remove_result
from corescout.gui.model.settings import SearchSettings, TargetSettings
from corescout.gui.model.target_edits import chosen_targets, edit_targets
from corescout.gui.model.type_edits import TypeEdits
from corescout.gui.model.workflow import StepState


@pytest.fixture
def found(workspace, typed_result):
    """The workspace with a result of three types, as a search leaves it."""
    workspace.choose(ChosenImage("Amplitude (pm)", "Amplitude", typed_result.scan))
    workspace.begin_search(typed_result.scan)
    workspace.set_running(False)
    workspace.set_result(typed_result)
    return workspace


def states(workspace):
    return {n: workspace.workflow.state(n) for n in ("explore", "types", "targets")}


def test_an_empty_workspace_says_what_to_do_first(workspace, scan):
    assert "Drop a scan here" in workspace.words[0]
    workspace.choose(ChosenImage("a", "Amplitude", scan))
    assert workspace.workflow.state("scan") is StepState.DONE
    assert "Drop a scan" not in workspace.words[0]
    workspace.choose(None)
    assert workspace.workflow.state("scan") is StepState.TO_DO
    assert "Drop a scan here" in workspace.words[0]


def test_the_plan_is_what_the_settings_say(chosen):
    chosen.set_settings("explore", SearchSettings(windows="9", seed=4))
    chosen.set_settings("targets", TargetSettings(per_type=2))
    plan = chosen.plan()
    assert (plan.windows_px, plan.seed, plan.targets.per_type) == ((9,), 4, 2)
    assert plan.channels == ("Amplitude",)
    chosen.set_settings("explore", SearchSettings(windows="nine"))
    with pytest.raises(ValueError, match="correct it in step 3"):
        chosen.plan()


def test_settings_that_are_as_before_are_no_news(chosen):
    heard = []
    chosen.settings_changed.connect(heard.append)
    chosen.set_settings("explore", SearchSettings(seed=1))
    chosen.set_settings("explore", SearchSettings(seed=1))
    assert heard == ["explore"]


def test_a_changed_setting_puts_out_of_date_and_setting_it_back_takes_that_back(found):
    assert set(states(found).values()) == {StepState.DONE}
    found.set_settings("targets", TargetSettings(per_type=9))
    assert states(found)["targets"] is StepState.OUT_OF_DATE
    assert states(found)["types"] is StepState.DONE
    found.set_settings("targets", TargetSettings())
    assert states(found)["targets"] is StepState.DONE
    found.set_settings("explore", SearchSettings(seed=5))
    assert set(states(found).values()) == {StepState.OUT_OF_DATE}


def test_targets_that_are_chosen_again_are_up_to_date(found):
    found.set_settings("targets", TargetSettings(per_type=1))
    edit_targets(found, chosen_targets(found, found.result), "choose targets")
    found.settle("targets")
    assert states(found)["targets"] is StepState.DONE
    kinds = [t.type for t in found.targets.ordered]
    assert len(kinds) == len(set(kinds))
    uids = [{t.uid for t in ts} for ts in (found.result.targets, found.targets.ordered)]
    assert uids[0] == uids[1]


def test_a_result_that_came_with_its_image_is_shown_and_drawn_by_whoever_opened_it(
    workspace, typed_result
):
    image = ChosenImage("Amplitude (pm)", "Amplitude", typed_result.scan, typed_result)
    workspace.choose(image)
    assert workspace.result is typed_result
    assert workspace.drawn
    assert not workspace.unsaved, "it was read from a run folder"


def test_another_channel_of_the_run_does_not_throw_the_edits_away(workspace, typed_result):
    scan = typed_result.scan
    workspace.choose(ChosenImage("Amplitude (pm)", "Amplitude", scan, typed_result))
    TypeEdits(workspace, print).rename(1, "needles")
    workspace.choose(ChosenImage("Phase (deg)", "Phase", scan, typed_result))
    workspace.choose(ChosenImage("Amplitude (pm)", "Amplitude", scan, typed_result))
    assert workspace.result.types.name(1) == "needles"


def test_an_edit_of_the_types_is_told_apart_from_a_result_that_was_found(found, typed_result):
    changed, edited = [], []
    found.result_changed.connect(changed.append)
    found.result_edited.connect(edited.append)
    assert TypeEdits(found, print).rename(1, "needles")
    found.undo_stack.undo()
    assert [r.types.name(1) for r in edited] == ["needles", "type 1"]
    assert changed == edited
    found.set_result(typed_result)
    assert len(edited) == 2


def test_an_edit_that_cannot_be_made_is_said_and_not_on_the_stack(found):
    said = []
    assert not TypeEdits(found, said.append).rename(2, "type 1")
    assert "no other type has" in said[-1]
    assert found.undo_stack.count() == 0


def another(result):
    """A result as a second search would leave it."""
    return replace(result, fit=replace(result.fit))


def test_a_second_search_adds_a_result_and_undo_shows_the_first_again(found, typed_result):
    TypeEdits(found, print).rename(1, "needles")
    newer = another(typed_result)
    found.begin_search(typed_result.scan)
    assert found.result.types.name(1) == "needles", "nothing is cleared before it is decided"
    found.finish_search(newer)
    assert found.result is newer
    assert len(found.results) == 2
    found.undo_stack.undo()
    assert found.result.types.name(1) == "needles"
    assert len(found.results) == 2, "what was found stays in the list"
    found.undo_stack.undo()
    assert found.result.types.name(1) == "type 1"
    found.undo_stack.redo()
    found.undo_stack.redo()
    assert found.result is newer


def test_a_search_that_fails_changes_nothing(found, typed_result):
    TypeEdits(found, print).rename(1, "needles")
    before, said = (found.result, found.view, found.targets.ordered, states(found)), []
    found.search_failed.connect(said.append)
    found.begin_search(typed_result.scan)
    found.workflow.set("explore", StepState.RUNNING, "finding key points")
    found.end_search("expected at least 50 key points")
    assert (found.result, found.view, found.targets.ordered, states(found)) == before
    assert said == ["expected at least 50 key points"]
    found.undo_stack.undo()
    assert found.result.types.name(1) == "type 1"


def test_results_are_taken_up_and_removed_and_both_are_undone(found, typed_result):
    first = found.results.shown
    found.begin_search(typed_result.scan)
    found.finish_search(another(typed_result))
    second = found.results.shown
    found.take_up(first)
    assert found.result is typed_result
    remove_result(found, first)
    assert [e.key for e in found.results] == [second]
    assert found.results.shown == second
    found.undo_stack.undo()
    assert [e.key for e in found.results] == [first, second]
    assert found.result is typed_result
    found.undo_stack.undo()
    assert found.results.shown == second
    assert found.unsaved


def test_an_edit_that_is_undone_under_another_result_shows_its_own_again(found, typed_result):
    TypeEdits(found, print).rename(1, "old")
    found.set_result(another(typed_result))
    found.undo_stack.undo()
    assert found.result.fit is typed_result.fit
    assert found.result.types.name(1) == "type 1"
    assert len(found.results) == 2


def test_merging_chooses_targets_of_the_types_that_are_left(found):
    found.set_settings("targets", TargetSettings(per_type=2))
    assert TypeEdits(found, print).merge([2, 3])
    left = set(found.result.types.numbers)
    assert {t.type for t in found.targets.ordered} == left
    assert len(left) == 2


def test_a_candidate_is_looked_at_and_the_winner_is_not_lost(found, typed_result):
    other = next(
        t.number for t in typed_result.trials
        if t.candidate != typed_result.winner and t.number in typed_result.mixture_by_trial
    )  # fmt: skip
    seen = []
    found.view_changed.connect(seen.append)
    show_candidate(found, other)
    assert found.view.z is typed_result.latents_by_trial[other]
    show_winner(found)
    assert found.view.result is typed_result
    assert len(seen) == 2
    assert found.result is typed_result


def test_unsaved_is_what_no_run_folder_holds(found, typed_result):
    assert found.unsaved
    found.mark_exported(found.undo_stack.index())
    assert not found.unsaved
    index = found.undo_stack.index()
    TypeEdits(found, print).rename(1, "needles")
    assert found.unsaved
    found.mark_exported(index)  # written before the edit
    assert found.unsaved
    found.mark_exported()
    assert not found.unsaved


def test_selected_targets_are_known_by_their_order(found):
    targets = found.targets
    targets.select({2, 1})
    assert targets.picked is targets.ordered[1]
    assert len(targets.without({0, 1})) == len(targets.ordered) - 2
    targets.select(())
    assert targets.picked is None
    targets.set_states({targets.ordered[0].uid: "measured"})
    assert targets.states[:2] == ["measured", "planned"]


def test_a_search_that_begins_keeps_what_was_found(found, typed_result):
    targets = found.targets.ordered
    found.begin_search(typed_result.scan)
    assert found.result is typed_result
    assert found.view.result is typed_result
    assert found.targets.ordered == targets
    assert found.searched is typed_result.scan


def test_a_first_search_has_no_view_before_its_candidates(workspace, typed_result):
    workspace.choose(ChosenImage("Amplitude (pm)", "Amplitude", typed_result.scan))
    workspace.begin_search(typed_result.scan)
    assert workspace.view is None
    assert workspace.running
    assert set(states(workspace).values()) == {StepState.TO_DO}


def test_closing_is_told_once(workspace):
    heard = []
    workspace.closing.connect(lambda: heard.append("closing"))
    workspace.close()
    workspace.close()
    assert heard == ["closing"]
