"""`python -m trainwright.server …`: see `program`.

Some ten thousand classes, functions and schemas are made while that is imported, and all of them stay. Looking among
them for garbage takes a seventh of the start, and would be done again and again later: they are taken out of it.
"""

import gc
from importlib import import_module


def main() -> None:
    """Import the program, do what the command line says, end the process."""
    gc.disable()
    program = import_module("trainwright.server.program")
    gc.freeze()
    gc.enable()
    program.leave(program.main())


if __name__ == "__main__":
    main()
