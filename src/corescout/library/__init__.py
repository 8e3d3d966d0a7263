"""Types that last: kept by name across scans and days, found again, and compared."""

from corescout.library.comparison import Comparison, TypeShare, compare
from corescout.library.entry import LibraryType, library_type
from corescout.library.finding import Ranking, find_like_point, find_like_type
from corescout.library.repeat import PlaceByPlace, place_by_place
from corescout.library.store import Library

__all__ = [
    "Comparison",
    "Library",
    "LibraryType",
    "PlaceByPlace",
    "Ranking",
    "TypeShare",
    "compare",
    "find_like_point",
    "find_like_type",
    "library_type",
    "place_by_place",
]
