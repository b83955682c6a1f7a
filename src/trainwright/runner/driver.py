"""What of the machine's accelerator drivers a job in an image is shown: an image must bring none, as they belong to the
kernel that runs. As ModelArts has it, NVIDIA's lie at /usr/local/nvidia; Ascend's at their own place.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NVIDIA = "/usr/local/nvidia"
LIBRARIES, PROGRAMS = NVIDIA + "/lib64", NVIDIA + "/bin"
_LIBRARY_FOLDERS = (
    *("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib/wsl/lib"),
    *(LIBRARIES, "/usr/lib"),
)
_PROGRAM_FOLDERS = ("/usr/bin", "/usr/local/bin", PROGRAMS, "/usr/lib/wsl/lib")
_LIBRARY_NAMES = ("libcuda.so", "libcudadebugger.so", "libnvidia-", "libnvcuvid.so", "libnvoptix.so")
_PROGRAM_NAMES = ("nvidia-smi", "nvidia-debugdump", "nvidia-cuda-mps-control", "nvidia-cuda-mps-server")
_ASCEND = ("/usr/local/Ascend/driver", "/usr/local/dcmi", "/usr/local/bin/npu-smi")


def shown(devices: Sequence[str], machine: str = "") -> list[tuple[str, str]]:
    """Files and folders of the machine, each with the path under which the job sees it; none without devices.
    `machine`: where its file system lies, for tests.
    """
    names = [os.path.basename(device) for device in devices]
    found: list[tuple[str, str]] = []
    if any(name.startswith("nvidia") for name in names):
        found += _files(machine, _LIBRARY_FOLDERS, _LIBRARY_NAMES, LIBRARIES)
        found += _files(machine, _PROGRAM_FOLDERS, _PROGRAM_NAMES, PROGRAMS)
    if any(name.startswith("davinci") for name in names):
        found += [
            (os.path.realpath(machine + path), path) for path in _ASCEND if os.path.exists(machine + path)
        ]
    return found


def _files(
    machine: str, folders: Sequence[str], beginnings: Sequence[str], where: str
) -> list[tuple[str, str]]:
    """Each name once, from the first folder that has it, with what its links lead to."""
    found: dict[str, str] = {}
    for folder in folders:
        for name in sorted(os.listdir(machine + folder)) if os.path.isdir(machine + folder) else ():
            path = os.path.realpath(f"{machine}{folder}/{name}")
            if name.startswith(tuple(beginnings)) and name not in found and os.path.isfile(path):
                found[name] = path
    return [(path, f"{where}/{name}") for name, path in found.items()]


def variables(driver: Sequence[tuple[str, str]], environment: dict[str, str]) -> dict[str, str]:
    """`environment` with NVIDIA's libraries before, and its programs after what the search paths have."""
    if not any(path.startswith(NVIDIA + "/") for _, path in driver):
        return environment
    libraries = [LIBRARIES, environment.get("LD_LIBRARY_PATH", "")]
    programs = [environment.get("PATH", ""), PROGRAMS]
    paths = {
        "LD_LIBRARY_PATH": ":".join(filter(None, libraries)),
        "PATH": ":".join(filter(None, programs)),
    }
    return {**environment, **paths}
