"""The commands this controller knows: name | arguments | results, in the letters of ``wire``.

Facts from ``nanonis.md`` (the maker's protocol document) and, for what is not there, from the
argument and result types of the PyPI clients ``nanonis-spm`` and ``nanonisTCP``.
"""

from __future__ import annotations

_TABLE = """
Util.VersionGet           |             | s s I I
Util.SessionPathGet       |             | s
Util.RTFreqGet            |             | f
Util.AcqPeriodGet         |             | f
Signals.NamesGet          |             | S
Signals.MeasNamesGet      |             | S
Signals.InSlotsGet        |             | S *i
Signals.CalibrGet         | i           | f f
Signals.RangeGet          | i           | f f
Signals.ValGet            | i I         | f
Signals.ValsGet           | *i I        | *f
Piezo.RangeGet            |             | f f f
Piezo.TiltGet             |             | f f
Piezo.SensGet             |             | f f f
Scan.FrameGet             |             | f f f f f
Scan.FrameSet             | f f f f f   |
Scan.BufferGet            |             | *i i i
Scan.BufferSet            | *i i i      |
Scan.Action               | H I         |
Scan.StatusGet            |             | I
Scan.WaitEndOfScan        | i           | I s
Scan.WaitEndOfLine        | i           | I i H i
Scan.FrameDataGrab        | I I         | s 2 I
Scan.PropsGet             |             | I I I s s S *i i i I
Scan.PropsSet             | I I I s s S I |
Scan.SpeedGet             |             | f f f f H f
Scan.SpeedSet             | f f f f H f |
Scan.XYPosGet             | I           | f f
FolMe.XYPosGet            | I           | d d
FolMe.XYPosSet            | d d I       |
FolMe.SpeedGet            |             | f I
FolMe.SpeedSet            | f I         |
FolMe.OversamplGet        |             | i f
FolMe.PSOnOffGet          |             | I
FolMe.Stop                |             |
Pattern.CloudSet          | I i +f +f   |
Pattern.CloudGet          |             | i +f +f
Pattern.PropsSet          | s s s f I   |
Pattern.PropsGet          |             | S s s f I
Pattern.ExpOpen           |             |
Pattern.ExpStart          | H           |
Pattern.ExpPause          | I           |
Pattern.ExpStop           |             |
Pattern.ExpStatusGet      |             | I
Marks.PointsErase         | i           |
Bias.Get                  |             | f
Bias.Set                  | f           |
Bias.CalibrGet            |             | f f
Bias.RangeGet             |             | S H
BiasSpectr.Open           |             |
BiasSpectr.Start          | I s         | S 2 *f
BiasSpectr.Stop           |             |
BiasSpectr.StatusGet      |             | I
BiasSpectr.LimitsGet      |             | f f
BiasSpectr.LimitsSet      | f f         |
BiasSpectr.TimingGet      |             | f f f f f f f f
BiasSpectr.TimingSet      | f f f f f f f f |
BiasSpectr.PropsGet       |             | H i H i S S S
BiasSpectr.PropsSet       | H i H i f H H |
BiasSpectr.AdvPropsGet    |             | H H H H
BiasSpectr.AdvPropsSet    | H H H H     |
BiasSpectr.ChsGet         |             | *i S
BiasSpectr.ChsSet         | *i          |
BiasSpectr.AltZCtrlGet    |             | H f f
BiasSpectr.ZOffRevertGet  |             | H
BiasSpectr.MLSModeGet     |             | s
BiasSpectr.MLSLockinPerSegGet |         | I
BiasSpectr.DigSyncGet     |             | H
BiasSpectr.TTLSyncGet     |             | H H f f
ZCtrl.StatusGet           |             | H
ZCtrl.OnOffGet            |             | I
ZCtrl.OnOffSet            | I           |
ZCtrl.ZPosGet             |             | f
ZCtrl.SetpntGet           |             | f
ZCtrl.SetpntSet           | f           |
ZCtrl.GainGet             |             | f f f
ZCtrl.LimitsGet           |             | f f
ZCtrl.LimitsEnabledGet    |             | I
ZCtrl.HomePropsGet        |             | H f
ZCtrl.SwitchOffDelayGet   |             | f
ZCtrl.TipLiftGet          |             | f
ZCtrl.WithdrawRateGet     |             | f
ZCtrl.CtrlListGet         |             | S i
ZCtrl.Withdraw            | I i         |
LockIn.ModOnOffGet        | i           | I
LockIn.ModOnOffSet        | i I         |
LockIn.ModSignalGet       | i           | i
LockIn.ModPhasRegGet      | i           | i
LockIn.ModHarmonicGet     | i           | i
LockIn.ModPhasGet         | i           | f
LockIn.ModAmpGet          | i           | f
LockIn.ModAmpSet          | i f         |
LockIn.ModPhasFreqGet     | i           | d
LockIn.DemodSignalGet     | i           | i
LockIn.DemodHarmonicGet   | i           | i
LockIn.DemodHPFilterGet   | i           | i f
LockIn.DemodLPFilterGet   | i           | i f
LockIn.DemodPhasRegGet    | i           | i
LockIn.DemodPhasGet       | i           | f
LockIn.DemodSyncFilterGet | i           | I
LockIn.DemodRTSignalsGet  | i           | I
Current.Get               |             | f
SafeTip.OnOffGet          |             | H
"""


def _layouts() -> dict[str, tuple[str, str]]:
    rows = [[part.strip() for part in line.split("|")] for line in _TABLE.strip().splitlines()]
    return {name: (arguments, results) for name, arguments, results in rows}


LAYOUTS = _layouts()
# `nanonis.md` has the texts after their number, nanonis-spm a size before it: both are read.
LAYOUTS["Marks.PointsDraw"] = ("i +f +f P +I", "")
EITHER = {"Marks.PointsDraw": ("i +f +f P +I", "i +f +f S +I")}
