# The command itself only waits; what it started computes.
bash -c 'python3 -c "
import time
end = time.monotonic() + 20
while time.monotonic() < end:
    pass
"; true'
echo done
