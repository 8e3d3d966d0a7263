"""Pages from templates: a name that is missing is an error, and no value becomes markup."""

import jinja2
import pytest

from corescout.data.types import TypeLook
from corescout.live.day.day_page import write_day_page
from corescout.pages import render

ODD = "<script>x</script>'\"><img src=http://a.b/c>"


def test_a_template_that_lacks_a_value_is_an_error():
    with pytest.raises(jinja2.UndefinedError):
        render("day.html", source="a")


@pytest.mark.parametrize("color", ["red;background:url(http://a.b)", "#12345", "x", "#12345g"])
def test_a_colour_is_nothing_but_a_colour(color):
    with pytest.raises(ValueError, match="#rrggbb"):
        TypeLook("a", color)


def test_no_entry_of_a_journal_becomes_markup(tmp_path):
    from corescout.instruments import Journal
    from corescout.instruments.entries import ConnectionLost, ScanOutcome, WatchBegan
    from corescout.live.day.records import to_entry
    from corescout.live.states import ScanRecord

    journal = Journal(tmp_path / "journal.jsonl")
    journal.write(WatchBegan(source=ODD))
    journal.write(ConnectionLost(reason=ODD))
    record = ScanRecord(1, ODD, 0, "set aside", ODD, kind=ODD, warnings=(ODD,), types={1: 2})
    journal.write(ScanOutcome(record=to_entry(record)))
    journal.close()
    page = write_day_page(tmp_path, ODD).read_text(encoding="utf-8")
    assert page.count("&lt;script&gt;x&lt;/script&gt;") >= 6
    assert "<script" not in page
    assert page.count("<img") == page.count('src="data:image/png;base64,')
