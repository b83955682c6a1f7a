"""The manual's sleep.py."""

import os

os.system("sleep 20")
