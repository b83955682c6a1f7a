"""What a write may ask of the object that it replaces. Pure."""

from trainwright.domain.errors import ObjectChanged
from trainwright.domain.obs import ObsPath
from trainwright.domain.texts import Text
from trainwright.ports.objects import ANYTHING, NOTHING, ObjectMeta

_THERE = Text("it exists already", "它已存在")
_GONE = Text("it does not exist any more", "它已不存在")
_OTHER = Text("it has changed since it was read", "它在读取之后已被修改")


def check_replaced(path: ObsPath, wanted: str | None, there: ObjectMeta | None) -> None:
    """`there`, the object at `path`, is the one to be replaced: see `ObjectStore.write`.

    Raises:
        ObjectChanged: it is not.
    """
    if wanted is None:
        return
    if wanted == NOTHING:
        if there is not None:
            raise exists(path)
    elif there is None:
        raise ObjectChanged(uri=str(path), detail=_GONE)
    elif wanted not in (ANYTHING, there.etag):
        raise ObjectChanged(uri=str(path), detail=_OTHER)


def exists(path: ObsPath) -> ObjectChanged:
    """What to raise where there should be nothing."""
    return ObjectChanged(uri=str(path), detail=_THERE)


def changed(path: ObsPath) -> ObjectChanged:
    """What to raise where a service says that it has another object, but not which."""
    return ObjectChanged(uri=str(path), detail=_OTHER)
