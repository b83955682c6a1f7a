"""A step now and then, between them nothing: small data behind a slow source."""

import time

end = time.monotonic() + 20
while time.monotonic() < end:
    busy_until = time.process_time() + 0.15
    while time.process_time() < busy_until:
        pass
    time.sleep(1.2)
