"""A download from a slow source, written to disk as it comes."""

import os
import socket
import time
from pathlib import Path

near, far = socket.socketpair()
if os.fork() == 0:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        far.sendall(bytes(1024))
        time.sleep(0.8)
    os._exit(0)
far.close()
with Path("download.bin").open("wb", buffering=0) as file:
    while piece := near.recv(4096):
        file.write(piece)
os.wait()
