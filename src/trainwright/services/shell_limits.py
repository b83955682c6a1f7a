"""How many shells are open. Memory only: they end with the server. For use on one event loop."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from trainwright.domain.errors import TooManyShells


class OpenShells:
    """The shells of this process, counted by user and by job. `idle_s`: how long one may see no byte either way;
    `recheck_s`: how often it is looked up whether its user still may.
    """

    def __init__(
        self, *, of_user: int = 16, of_job: int = 16, idle_s: float = 1800.0, recheck_s: float = 60.0
    ) -> None:
        self._limits = {"user": of_user, "job": of_job}
        self._open: Counter[tuple[str, str]] = Counter()
        self.idle_s = idle_s
        self.recheck_s = recheck_s

    @contextmanager
    def hold(self, *, user: str, job: str) -> Iterator[None]:
        """Count one for as long as the block lasts.

        Raises:
            TooManyShells: the user or the job has as many as may be.
        """
        holders = {"user": user, "job": job}
        for kind, name in holders.items():
            if self._open[kind, name] >= self._limits[kind]:
                raise TooManyShells(limit=self._limits[kind])
        self._open.update(holders.items())
        try:
            yield
        finally:
            self._open.subtract(holders.items())
            self._open += Counter()  # forgets those at zero
