"""Previews on their way to the screen: kept as JPEG until somebody looks at them."""

from __future__ import annotations

from collections import OrderedDict
from functools import cached_property

from classroom_fer_ros.rqt.qt import QtCore, QtGui

#: Results may be so many pictures behind; in distributed mode they come later than the preview.
KEPT = 24
#: Results that are later are no longer waited for.
BEHIND_NS = 1_000_000_000
#: Wider pictures are scaled down while they are decoded.
MAX_WIDTH = 960


class ShownPicture:
    """
    One preview.

    :ivar stamp_ns: when it was taken
    """

    def __init__(self, stamp_ns: int, jpeg: bytes) -> None:
        self.stamp_ns = stamp_ns
        self._jpeg = jpeg

    @cached_property
    def image(self) -> QtGui.QImage:
        """Decoded when first looked at; a null picture where that is impossible."""
        buffer = QtCore.QBuffer()
        buffer.setData(QtCore.QByteArray(self._jpeg))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        reader = QtGui.QImageReader(buffer)
        size = reader.size()
        if size.width() > MAX_WIDTH:
            height = round(size.height() * MAX_WIDTH / size.width())
            reader.setScaledSize(QtCore.QSize(MAX_WIDTH, height))
        return reader.read()


class PictureShelf:
    """
    The last previews by stamp.

    :ivar newest: None while there is none
    :ivar matched: the newest of which the results are known
    """

    def __init__(self) -> None:
        self.newest: ShownPicture | None = None
        self.matched: ShownPicture | None = None
        self._kept: OrderedDict[int, ShownPicture] = OrderedDict()
        self._wanted_ns = -1

    def add(self, stamp_ns: int, jpeg: bytes) -> bool:
        """Take a preview in; whether its results are those known."""
        self.newest = self._kept[stamp_ns] = ShownPicture(stamp_ns, jpeg)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self.match(self._wanted_ns)

    def match(self, stamp_ns: int) -> bool:
        """Results of this stamp are known; whether their picture is there, and is new."""
        self._wanted_ns = stamp_ns
        picture = self._kept.get(stamp_ns)
        if picture is None or picture is self.matched:
            return False
        self.matched = picture
        for older in [stamp for stamp in self._kept if stamp < stamp_ns]:
            del self._kept[older]
        return True

    def is_behind(self) -> bool:
        """
        Whether results have been late for too long; the newest preview is shown then without.

        A camera that is opened again may begin with earlier stamps.
        """
        if self.newest is None or self.newest is self.matched:
            return False
        known_ns = self.matched.stamp_ns if self.matched else -BEHIND_NS
        if abs(self.newest.stamp_ns - known_ns) < BEHIND_NS:
            return False
        self.matched = self.newest
        return True

    def clear(self) -> None:
        """Forget everything."""
        self.newest = self.matched = None
        self._kept.clear()
        self._wanted_ns = -1
