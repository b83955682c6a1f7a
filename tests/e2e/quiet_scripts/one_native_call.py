"""One call into native code that takes all the time: no Python frame ever changes."""

import hashlib
import threading
import time

end = time.monotonic() + 20


def fit() -> None:
    """What a `model.fit` of another library is."""
    while time.monotonic() < end:
        hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 2_000_000)


worker = threading.Thread(target=fit)
worker.start()
worker.join()
