"""Scripts of the manual (seeds/001) that train in one process: 3.3.2 as it is printed, 5.3 made whole."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest

from tests.e2e.live import LiveServer
from tests.e2e.test_training_scripts import ENGINES, FLAVORS, TENSORFLOW
from tests.e2e.torch_server import PYTHON

MANUAL = Path(__file__).with_name("manual")


@pytest.fixture(scope="module", params=["process", "sandbox"])
def live(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, bubblewrap: None
) -> Iterator[LiveServer]:
    """A server with PyTorch and TensorFlow, the latter with the Keras of the manual's time."""
    for python in (PYTHON, TENSORFLOW):
        if not python.exists():
            pytest.fail(f"no {python}: run scripts/test-setup")
    folder = tmp_path_factory.mktemp("manual")
    old_keras = ENGINES.replace("environment: {", 'environment: {TF_USE_LEGACY_KERAS: "1", ')
    (folder / "engines.yaml").write_text(old_keras)
    (folder / "flavors.yaml").write_text(FLAVORS)
    sandbox = "on" if request.param == "sandbox" else "off"
    settings = {
        "TRAINWRIGHT_POOL__CPUS": "2",
        "TRAINWRIGHT_POOL__MEMORY_MIB": "8192",
        "TRAINWRIGHT_SANDBOX": sandbox,
    }
    server = LiveServer(folder, settings).start()
    yield server
    server.stop()


def digits() -> bytes:
    """A file in the form of mnist.npz, with few and made-up pictures."""
    draw = numpy.random.default_rng(0)
    pictures = draw.integers(0, 255, (256, 28, 28), dtype="uint8")
    labels = draw.integers(0, 10, 256, dtype="uint8")
    file = io.BytesIO()
    numpy.savez(file, x_train=pictures, y_train=labels, x_test=pictures[:32], y_test=labels[:32])
    return file.getvalue()


def run(live: LiveServer, name: str, script: str, engine: str, *, again: str = "", **algorithm: Any) -> str:
    """Run it as a job with an output `train_url` that is fetched first; its log once it has completed."""
    folder = f"obs://manual/{name}/"
    live.put(f"{folder}code/train.py", script)
    body = {
        "kind": "job",
        "metadata": {"name": name + again},
        "algorithm": {
            "code_dir": f"{folder}code/",
            "boot_file": f"{folder}code/train.py",
            "engine": {"engine_id": engine},
            "outputs": [
                {
                    "name": "train_url",
                    "remote": {"obs": {"obs_url": f"{folder}out/"}},
                    "prefetch_to_local": True,
                }
            ],
            **algorithm,
        },
        "spec": {"resource": {"flavor_id": "one", "node_count": 1}},
    }
    job = live.create(body)
    ended = live.wait(job, timeout_s=180)
    log = live.log(job).decode()
    assert ended["status"]["phase"] == "Completed", log[-3000:]
    return log


@pytest.mark.slow
def test_manual_trains_with_keras(live: LiveServer) -> None:
    """3.3.2. Changed: where the data lies. Keras itself would compare the file with the one in the internet."""
    printed = (MANUAL / "keras_mnist.py.txt").read_text(encoding="utf-8")
    script = printed.replace(
        "mnist.load_data(args.data_url)",
        "(lambda f: ((f['x_train'], f['y_train']), (f['x_test'], f['y_test'])))("
        "__import__('numpy').load(os.path.join(args.data_url, 'mnist.npz')))",
    )
    assert script != printed
    live.put("obs://manual/data/mnist.npz", digits())
    inputs = [{"name": "data_url", "remote": {"obs": {"obs_url": "obs://manual/data/"}}}]
    log = run(live, "keras-mnist", script, "tensorflow", inputs=inputs)
    assert "Epoch 5/5" in log
    assert "obs://manual/keras-mnist/out/model/saved_model.pb".removeprefix("obs://manual/") in live.keys(
        "obs://manual/keras-mnist/out/"
    )


@pytest.mark.slow
def test_manual_reloads_its_checkpoint(live: LiveServer) -> None:
    """5.3. The printed fragment between a model, data and a loop, on the CPU; a second run goes on after the first."""
    script = (MANUAL / "reload_checkpoint.py.txt").read_text(encoding="utf-8")
    given = [{"name": "epochs", "value": "3"}]
    first = run(live, "reload", script, "torch", parameters=given)
    assert "continue training" not in first
    second = run(
        live, "reload", script, "torch", again="-again", parameters=[{"name": "epochs", "value": "5"}]
    )
    assert "> load last ckpt and continue training!!" in second
    assert "last_ckpt: ckpt_best_2.pth" in second
    names = sorted(key.rpartition("/")[2] for key in live.keys("obs://manual/reload/out/"))
    assert names == [f"ckpt_best_{epoch}.pth" for epoch in range(5)]
