"""Types changed by a person: a result in, a result out, core points and targets with it.

Nothing here changes a result in place, so undo is the result from before.
"""

from corescout.edits.correction import correct
from corescout.edits.follow import with_types
from corescout.edits.looks import recolor, rename, set_hidden
from corescout.edits.regroup import merge, split

__all__ = ["correct", "merge", "recolor", "rename", "set_hidden", "split", "with_types"]
