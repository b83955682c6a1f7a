"""What is a checkpoint, and what its name says, for names as frameworks write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwright.domain.checkpoint_names import numbers_of
from trainwright.domain.checkpoints import (
    Checkpoint,
    Kind,
    Stored,
    find_checkpoints,
    newest_first,
    order_key,
    removable,
)

Row = tuple[str, Kind, int, int, dict[str, float]]
FILES: tuple[Row, ...] = (
    ("model.pt", Kind.TORCH, -1, -1, {}),
    ("checkpoint.pth", Kind.TORCH, -1, -1, {}),
    ("best.pt", Kind.TORCH, -1, -1, {}),
    ("last.ckpt", Kind.LIGHTNING, -1, -1, {}),
    ("epoch=3-step=1200.ckpt", Kind.LIGHTNING, 1200, 3, {}),
    ("epoch=03-val_loss=0.12.ckpt", Kind.LIGHTNING, -1, 3, {"val_loss": 0.12}),
    ("epoch=2-val_acc=0.83-step=99.ckpt", Kind.LIGHTNING, 99, 2, {"val_acc": 0.83}),
    ("model-epoch=01-val_loss=1.5e-3.ckpt", Kind.LIGHTNING, -1, 1, {"val_loss": 0.0015}),
    ("version_0/checkpoints/epoch=0-step=9.ckpt", Kind.LIGHTNING, 9, 0, {}),
    ("resnet50-90_1875.ckpt", Kind.MINDSPORE, 1875, 90, {}),
    ("lenet_1-5_32.ckpt", Kind.MINDSPORE, 32, 5, {}),
    ("weights.05-0.32.h5", Kind.HDF5, -1, 5, {"metric": 0.32}),
    ("weights.05-0.32.hdf5", Kind.HDF5, -1, 5, {"metric": 0.32}),
    ("cp-0010.weights.h5", Kind.HDF5, -1, 10, {}),
    ("model.keras", Kind.KERAS, -1, -1, {}),
    ("ckpt_10.pth", Kind.TORCH, -1, 10, {}),
    ("checkpoint0009.pth", Kind.TORCH, -1, 9, {}),
    ("checkpoint-000123.pt", Kind.TORCH, -1, 123, {}),
    ("checkpoint_12.pth.tar", Kind.TORCH, -1, 12, {}),
    ("model_best.pth.tar", Kind.TORCH, -1, -1, {}),
    ("model_10.pt", Kind.TORCH, -1, 10, {}),
    ("net_epoch_5.pth", Kind.TORCH, -1, 5, {}),
    ("resnet50.pth", Kind.TORCH, -1, -1, {}),
    ("vgg16_bn.pth", Kind.TORCH, -1, -1, {}),
    ("yolov8n.pt", Kind.TORCH, -1, -1, {}),
    ("best_mAP_0.512.pth", Kind.TORCH, -1, -1, {"mAP": 0.512}),
    ("model_acc_0.91.pt", Kind.TORCH, -1, -1, {"acc": 0.91}),
    ("ckpt_ep10_loss1.234.pt", Kind.TORCH, -1, 10, {"loss": 1.234}),
    ("step_100_loss_0.5.pt", Kind.TORCH, 100, -1, {"loss": 0.5}),
    ("model_val_loss=0.5.pt", Kind.TORCH, -1, -1, {"val_loss": 0.5}),
    ("checkpoint_step1000_epoch3.pt", Kind.TORCH, 1000, 3, {}),
    ("epoch_3.pt", Kind.TORCH, -1, 3, {}),
    ("ep0003.pth", Kind.TORCH, -1, 3, {}),
    ("5epochs.pt", Kind.TORCH, -1, 5, {}),
    ("0010.pt", Kind.TORCH, -1, 10, {}),
    ("step_10k.pt", Kind.TORCH, 10_000, -1, {}),
    ("step-0001000.pt", Kind.TORCH, 1000, -1, {}),
    ("iter_10000.pth", Kind.TORCH, 10_000, -1, {}),
    ("G_100.pth", Kind.TORCH, -1, 100, {}),
    ("model-step-500.safetensors", Kind.SAFETENSORS, 500, -1, {}),
    ("lora_adapter.safetensors", Kind.SAFETENSORS, -1, -1, {}),
    ("epoch10.onnx", Kind.ONNX, -1, 10, {}),
    ("checkpoint_1000", Kind.FILE, 1000, -1, {}),
    ("checkpoint.pkl", Kind.FILE, -1, -1, {}),
    ("checkpoint-20.json", Kind.FILE, -1, 20, {}),
)
GROUPS: tuple[tuple[str, Kind, int, tuple[str, ...]], ...] = (
    ("model.ckpt-1000", Kind.TENSORFLOW, 1000, (".index", ".data-00000-of-00001", ".meta")),
    ("tf/ckpt-7", Kind.TENSORFLOW, 7, (".index", ".data-00000-of-00002", ".data-00001-of-00002")),
    ("model_10", Kind.PADDLE, -1, (".pdparams", ".pdopt")),
    ("m/model", Kind.SHARDS, -1, ("-00001-of-00002.safetensors", "-00002-of-00002.safetensors")),
    ("checkpoint-500/", Kind.HUGGING_FACE, 500, ("model.safetensors", "optimizer.pt", "trainer_state.json")),
    ("out/checkpoint-500/", Kind.HUGGING_FACE, 500, ("global_step500/mp_rank_00_model_states.pt", "latest")),
    ("bert/", Kind.HUGGING_FACE, -1, ("config.json", "model.safetensors", "tokenizer.json")),
    ("lora/", Kind.HUGGING_FACE, -1, ("adapter_config.json", "adapter_model.safetensors")),
    (
        "global_step100/",
        Kind.DEEPSPEED,
        100,
        ("mp_rank_00_model_states.pt", "zero_pp_rank_0_optim_states.pt"),
    ),
    ("iter_0000100/", Kind.MEGATRON, 100, ("mp_rank_00/model_optim_rng.pt",)),
    ("step=7/", Kind.DISTRIBUTED, 7, (".metadata", "__0_0.distcp", "__1_0.distcp")),
    ("dcp/", Kind.DISTRIBUTED, -1, (".metadata", "__0_0.distcp")),
    ("40/", Kind.ORBAX, 40, ("_CHECKPOINT_METADATA", "default/manifest.ocdbt")),
    ("epoch_1/", Kind.FOLDER, -1, ("model.pt", "optimizer.pt", "notes.md")),
    ("epoch=1-step=2.ckpt/", Kind.DEEPSPEED, 2, ("checkpoint/mp_rank_00_model_states.pt",)),
    ("saved/", Kind.TENSORFLOW, -1, ("saved_model.pb", "variables/variables.index")),
)
OTHERS = (
    "config.json", "tokenizer.json", "vocab.txt", "data.bin", "log.txt", "results.json", "foo.pkl",
    "events.out.tfevents.1", "model.pt.tmp", ".hidden.pt", ".trainwright-tmp-x-model.pt",
    "checkpoint-10/config.json", "iter_3/readme.md", "latest", "step_1.tmp/model.pt", "image.png", "metrics.json",
    "tmp-checkpoint-500/model.bin", "训练.txt", "a/b/c.csv",
)  # fmt: skip


def stored(path: str, at_ms: int = 5, size: int = 3) -> Stored:
    return Stored(path, size, at_ms)


@pytest.mark.parametrize("row", FILES, ids=[row[0] for row in FILES])
def test_files_and_what_their_names_say(row: Row) -> None:
    """Guards recognition and numbers of files as frameworks and people call them."""
    path, kind, step, epoch, metrics = row
    (found,) = find_checkpoints([stored(path)])
    numbers = found.numbers
    assert (found.path, found.kind, numbers.step, numbers.epoch, dict(numbers.metrics)) == (
        path, kind, step, epoch, metrics,
    )  # fmt: skip


@pytest.mark.parametrize("group", GROUPS, ids=[group[0] for group in GROUPS])
def test_folders_and_sets_are_one_checkpoint(group: tuple[str, Kind, int, tuple[str, ...]]) -> None:
    """Guards that what belongs together is listed once, with all its files, size and the latest time."""
    path, kind, step, parts = group
    objects = [stored(path + part, at_ms=number) for number, part in enumerate(parts, 1)]
    (found,) = find_checkpoints(objects)
    assert (found.path, found.kind, found.numbers.step) == (path, kind, step)
    assert {each.path for each in found.files} == {each.path for each in objects}
    assert (found.size, found.modified_at_ms) == (3 * len(parts), len(parts))


@pytest.mark.parametrize("path", OTHERS)
def test_what_is_none(path: str) -> None:
    """Guards against taking logs, settings and half-written files for checkpoints."""
    assert find_checkpoints([stored(path)]) == ()


WORDS = st.sampled_from(
    [
        "checkpoint",
        "epoch",
        "step",
        "-",
        "_",
        "=",
        ".",
        "/",
        "10",
        "0.5",
        "k",
        "pt",
        "ckpt",
        "index",
        "loss",
        "名",
    ]
)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=12).map("".join), max_size=20, unique=True))
def test_any_names(paths: list[str]) -> None:
    """Guards that no name breaks it, no file counts twice, and everything found was there."""
    found = find_checkpoints([stored(path) for path in paths])
    files = [each.path for checkpoint in found for each in checkpoint.files]
    assert len(files) == len(set(files))
    assert set(files) <= set(paths)
    assert len({each.path for each in found}) == len(found)
    for each in found:
        assert each.size == 3 * len(each.files)


@given(st.text(max_size=300))
def test_any_text_has_numbers(text: str) -> None:
    """Guards the parsing of names against any text."""
    numbers = numbers_of(text)
    assert numbers.step >= -1
    assert numbers.epoch >= -1


@given(
    step=st.integers(0, 10**9),
    epoch=st.integers(0, 10**6),
    loss=st.floats(0, 100, allow_nan=False).map(lambda value: round(value, 4)),
)
def test_numbers_come_back_out(step: int, epoch: int, loss: float) -> None:
    """Guards that what Lightning would write is read back."""
    numbers = numbers_of(f"epoch={epoch}-step={step}-val_loss={loss:.4f}.ckpt")
    assert (numbers.step, numbers.epoch, dict(numbers.metrics)) == (step, epoch, {"val_loss": loss})


def ones(*objects: tuple[str, int]) -> list[Checkpoint]:
    return list(find_checkpoints([stored(path, at_ms) for path, at_ms in objects]))


def names(checkpoints: list[Checkpoint]) -> list[str]:
    return [each.path for each in checkpoints]


def test_the_newest() -> None:
    """Guards the order: by time, but by number for what one upload may have brought in any order."""
    hour = 3_600_000
    assert names(newest_first(ones(("epoch_9.pt", 1), ("epoch_1.pt", hour)))) == ["epoch_1.pt", "epoch_9.pt"]
    assert names(newest_first(ones(("epoch_9.pt", 1), ("epoch_10.pt", 2), ("epoch_8.pt", 9)))) == [
        "epoch_10.pt",
        "epoch_9.pt",
        "epoch_8.pt",
    ]
    assert names(newest_first(ones(("best.pt", 9), ("epoch_2.pt", 5)))) == ["epoch_2.pt", "best.pt"]
    two = ones(("epoch_1.pt", 1), ("step_1000.pt", 4), ("step_2000.pt", 5))
    assert names(newest_first(two)) == ["step_2000.pt", "step_1000.pt", "epoch_1.pt"]


def given_up(
    checkpoints: list[Checkpoint], last: int = 0, best: int = 0, metric: str = "", small: bool = True
) -> set[str]:
    found = removable(checkpoints, keep_last=last, keep_best=best, metric=metric, smaller_is_better=small)
    return set(names(found))


def test_what_a_policy_gives_up() -> None:
    """Guards keep_last and keep_best, each series for itself, and that unnumbered ones stay."""
    three = ones(
        ("epoch_1.pt", 1), ("epoch_2.pt", 2), ("epoch_3.pt", 3), ("best.pt", 1), ("G_1.pt", 1), ("G_2.pt", 2)
    )
    assert given_up(three) == set()
    assert given_up(three, last=1) == {"epoch_1.pt", "epoch_2.pt", "G_1.pt"}
    assert given_up(three, last=2) == {"epoch_1.pt"}
    rated = ones(
        *((f"epoch={n}-loss={loss}.ckpt", n) for n, loss in ((1, 0.5), (2, 0.1), (3, 0.9), (4, 0.7)))
    )
    assert given_up(rated, best=1, metric="loss") == {"epoch=1-loss=0.5.ckpt", "epoch=3-loss=0.9.ckpt"}
    assert given_up(rated, last=1, best=1, metric="loss", small=False) == {
        "epoch=1-loss=0.5.ckpt",
        "epoch=2-loss=0.1.ckpt",
    }
    assert given_up(rated, best=1, metric="accuracy") == set()


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.integers(0, 10**7)),
        min_size=1,
        max_size=30,
        unique_by=lambda each: each[0],
    ),
    st.integers(0, 5),
    st.integers(0, 5),
)
def test_a_policy_never_gives_up_the_newest(made: list[tuple[int, int]], last: int, best: int) -> None:
    """Guards the one to go on from, and that at least as many stay as were asked for."""
    checkpoints = ones(*((f"epoch={n}-loss={n / 7:.3f}.ckpt", at_ms) for n, at_ms in made))
    gone = given_up(checkpoints, last, best, "loss")
    assert newest_first(checkpoints)[0].path not in gone
    assert max(checkpoints, key=order_key).path not in gone
    assert len(checkpoints) - len(gone) >= min(len(checkpoints), max(last, best))
