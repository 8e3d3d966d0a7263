"""Corescout: types of microstructure in a scan, their core points, and where to measure next.

>>> import corescout
>>> scan = corescout.read_scan("scan_0001.ibw")        # doctest: +SKIP
>>> result = corescout.explore(scan)                   # doctest: +SKIP

The public names stand in `__init__.pyi`; each is loaded when it is first used.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
