"""A long evaluation: computes without a word, without reading or writing anything."""

import time

end = time.monotonic() + 20
total = 0
while time.monotonic() < end:
    total += sum(range(10_000))
