"""Bash takes `obs://data` for three words, `obs`, `:` and `//data`, when it asks what may come next. They are put
together again here; what is offered then begins behind the colon, as Bash wants it.
"""

import io
import sys
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, redirect_stdout

_WORDS, _PLACE = "COMP_WORDS", "COMP_CWORD"


@contextmanager
def whole_words(env: MutableMapping[str, str]) -> Iterator[None]:
    """Change the words that Bash has put into `env`, and cut what is printed meanwhile; nothing without a colon."""
    if not _rejoin(env):
        yield
        return
    offered = io.StringIO()
    try:
        with redirect_stdout(offered):
            yield
    finally:  # completing ends the program
        for line in offered.getvalue().splitlines():
            sys.stdout.write(line.rpartition(":")[2] + "\n")


def _rejoin(env: MutableMapping[str, str]) -> bool:
    words = env.get(_WORDS, "").split("\n")
    if ":" not in words or not env.get(_PLACE, "").isdigit():
        return False
    place = int(env[_PLACE])
    whole: list[str] = []
    at = 0
    for number, word in enumerate(words):
        if whole and (word == ":" or whole[-1].endswith(":")):
            whole[-1] += word
        else:
            whole.append(word)
        if number == place:
            at = len(whole) - 1
    env.update({_WORDS: "\n".join(whole), _PLACE: str(at)})
    return True
