"""Pascal VOC: an XML file that says what is to be seen on one image, and where."""

from modelarts.dataset.format.voc.pascal_voc import PascalVoc
from modelarts.dataset.format.voc.position import Position
from modelarts.dataset.format.voc.voc_object import VocObject

__all__ = ["PascalVoc", "Position", "VocObject"]
