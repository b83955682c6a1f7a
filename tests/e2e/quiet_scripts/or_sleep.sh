# The manual's way to keep a failed job running.
false || sleep 20
