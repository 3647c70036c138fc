"""RQL, the vendor's query language: from text to a tree. Which fields there are is not its business."""

from muster.surfaces.notifications.translate.rql.parse import parse
from muster.surfaces.notifications.translate.rql.segments import decode, split

__all__ = ["decode", "parse", "split"]
