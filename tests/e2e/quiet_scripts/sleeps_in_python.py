"""Only a pause."""

import time

time.sleep(20)
