"""What `python runner.pyz …` starts when the archive holds the package itself (`python -m trainwright.runner`)."""

import sys

from .entry import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
