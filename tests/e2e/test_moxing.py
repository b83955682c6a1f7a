"""Scripts that move their data with `mox.file` run as jobs, on paths of the object store, without a word of keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.live import LiveServer, user_bytes

# The old-style script of the manual (seeds/001, "新旧版训练代码适配的差异"), with a training in the place of its dots.
OLD_STYLE = """
import argparse
import os
import moxing as mox
parser = argparse.ArgumentParser(description='MindSpore Lenet Example')
parser.add_argument('--data_url', type=str, default="./Data",
                    help='path where the dataset is saved')
parser.add_argument('--train_url', type=str, default="./Model", help='if is test, must provide\\
                    path where the trained ckpt file')
args = parser.parse_args()
local_data_path, local_output_path = '/tmp/mox-data', '/tmp/mox-output'
#下载数据参数至容器本地，在代码中使用local_data_path代表训练输入位置
mox.file.copy_parallel(args.data_url, local_data_path)
total = sum(int(open(os.path.join(top, name)).read())
            for top, _, names in os.walk(local_data_path) for name in names)
os.makedirs(local_output_path, exist_ok=True)
with open(os.path.join(local_output_path, 'model'), 'w') as f:
    f.write(str(total))
#上传容器本地数据至obs路径
mox.file.copy_parallel(local_output_path, args.train_url)
"""

SHIFTED = """
import os
import sys
import moxing as mox
mox.file.shift('os', 'mox')
folder = sys.argv[1].split('=', 1)[1]
names = [name for name in os.listdir(folder) if name != 'code']
print('found', sorted(names))
with open(folder + '/out/result.txt', 'w') as f:
    for name in names:
        with open(os.path.join(folder, name), 'rb') as g:
            f.write(name + ' ' + str(len(g.read())) + '\\n')
if os.fork() == 0:
    print('child', os.path.getsize(folder + '/b'), flush=True)
    os._exit(0)
os.wait()
try:
    os.listdir('obs://not-mine/')
    mox.file.write('obs://not-mine/x', 'x')
except OSError as exc:
    print('refused', type(exc).__name__)
"""


@pytest.fixture(scope="module", params=["process", "sandbox"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None
) -> Iterator[LiveServer]:
    """A server whose jobs use this launcher."""
    environment = {"TRAINWRIGHT_SANDBOX": "on" if request.param == "sandbox" else "off"}
    server = LiveServer(tmp_path_factory.mktemp("moxing"), environment).start()
    yield server
    server.stop()


def _run(live: LiveServer, name: str, script: str, **parameters: str) -> str:
    """Run it as a job with these parameters, which the platform does not look into; what it wrote."""
    named = [{"name": key, "value": value} for key, value in parameters.items()]
    job = live.create(live.body(name, script, parameters=named))
    done = live.wait(job)
    log = live.log(job).decode()
    assert done["status"]["phase"] == "Completed", log + "\n".join(live.events(job))
    return user_bytes(log.encode()).decode()


def test_the_old_style_script(live: LiveServer, tmp_path: Path) -> None:
    """Downloads, trains, uploads: between `obs://` paths that it is given as arguments."""
    for number in range(20):
        live.put(f"obs://old/data/{number % 3}/{number}", str(number))
    told = _run(live, "old-style", OLD_STYLE, data_url="obs://old/data/", train_url="obs://old/model/")
    assert live.get("obs://old/model/model") == b"190"
    assert "INFO:root:Using MoXing-v2." in told and "INFO:root:Copied 20/20 files" in told


def test_shifted_functions_in_a_job(live: LiveServer) -> None:
    """`os` and `open` on objects, also in a child process; what is another's does not exist."""
    for name in ("a", "b"):
        live.put(f"obs://shifted/d/{name}", name * 10)
    told = _run(live, "shifted", SHIFTED, folder="s3://shifted/d")
    assert "found ['a', 'b']" in told and "child 10" in told
    assert "refused MoxFileNotExistsException" in told
    assert live.get("obs://shifted/d/out/result.txt") == b"a 10\nb 10\n"
