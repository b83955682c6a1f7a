"""Which lines tell of errors. The lines are written for this test, in the forms that training programs print."""

import pytest

from trainwright.services.log_errors import is_error
from trainwright.services.log_search import Query, finder

ERRORS = (
    "Traceback (most recent call last):",
    "[rank3]: Traceback (most recent call last):",
    " 42%|####2     | 42/100 [00:10<00:14,  4.1it/s]Traceback (most recent call last):",
    "ValueError: shapes (3,4) and (5,6) do not fit",
    "[rank0]: torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB.",
    "KeyError: 3",
    "KeyError: 'lr'",
    "KeyboardInterrupt",
    "mypackage.loading.BrokenShardException: shard 7",
    "2026-11-22 10:00:00,123 - train - ERROR - checkpoint could not be written",
    "[ERROR] 2026-11-22 10:00:00 worker 3 is lost",
    "ERROR:root:no such split",
    "CRITICAL:trainer:giving up",
    "train.py: error: unrecognized arguments: --bach-size 8",
    "Error: the data folder is empty",
    "slurmstepd: error: *** JOB 1 ON n1 CANCELLED AT 2026-11-22T10:00:00 DUE TO TIME LIMIT ***",
    "run.sh: line 12:  4711 Killed                  python train.py",
    "Killed",
    "Segmentation fault (core dumped)",
    "Fatal Python error: Segmentation fault",
    "terminate called after throwing an instance of 'std::runtime_error'",
    "  what():  CUDA error: an illegal memory access was encountered",
    "CUDA error: device-side assert triggered",
    "node1:812:930 [0] transport/net_socket.cc:131 NCCL WARN NET/Socket : connection closed by peer",
    "torch.distributed.DistBackendError: NCCL error in: ProcessGroupNCCL.cpp:1970, unhandled system error",
    "EI0002: The wait execution of the Notify register times out.",
    "[ERROR] RUNTIME(23,python):2026-11-22 rtStreamSynchronize: error code is 507011",
    "RuntimeError: synchronize stream failed, error code is 507015",
    "NVRM: Xid (PCI:0000:10:1c): 79, GPU has fallen off the bus.",
    "OSError: [Errno 28] No space left on device",
    "bash: deepspeed: command not found",
    "cat: labels.txt: No such file or directory",
    "Out of memory: Killed process 812 (python) total-vm:64000000kB",
    "  exitcode  : 1 (pid: 754)",
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError:",
    "\x1b[31mRuntimeError: boom\x1b[0m",
    "F1122 10:00:00.1 12 solver.cpp:81] Check failed: error == cudaSuccess (2 vs. 0) out of memory",
    " 10%\r 20%\rValueError: late\r 30%",
)
NO_ERRORS = (
    "step 100 loss 0.31 error: 0.03",
    "epoch 3 | train error: 0.12 | val error: 0.2",
    "validation error : 1e-3",
    "error: nan",
    "Error: 12.5%",
    "MeanSquaredError: 0.031",
    "val_MeanAbsoluteError: 3",
    "MeanAbsolutePercentageError:",
    "0 errors, 0 warnings",
    "finished without errors",
    "No error was found",
    "error: none",
    "log level: ERROR",
    "setting verbosity to 'ERROR'",
    "NCCL_DEBUG=ERROR",
    "error_rate=0.1 ERROR_LIMIT=3",
    "    raise ValueError('x')",
    "    except KeyError:",
    "class BrokenShardError(Exception):",
    "from concurrent.futures import TimeoutError",
    "process finished with exit code 0",
    "exitcode: 0",
    "WARNING: could not read /sys/numa_node: No such file or directory",
    "INFO retrying after error: connection reset",
    "2026-11-22 10:00:00.1: W tensorflow/dso_loader.cc:59] libcudart.so.10.1: No such file or directory",
    "2026-11-22 10:00:00.1: E external/xla/cuda_fft.cc:467] Unable to register cuFFT factory",
    "UserWarning: the default will change",
    "Killed 3 stale processes",
    "The error bars show one standard deviation",
    "[ModelArts Service Log] 2026-11-22T10:00:00+08:00 [command] ERROR Training end with return code: 1",
    "plain progress 10/100",
    "",
)


@pytest.mark.parametrize("line", ERRORS)
def test_errors_are_found(line: str) -> None:
    """Guards what a reader calls an error, both by the quick look over megabytes and by the judgement of a line."""
    text = f"before\n{line}\nafter\n".encode()
    assert is_error(line.encode())
    assert [found.data.decode() for found in finder(Query(errors=True)).lines(0, text)] == [f"{line}\n"]


@pytest.mark.parametrize("line", NO_ERRORS)
def test_what_only_sounds_like_one(line: str) -> None:
    """Guards precision: metrics, settings, source, summaries, milder levels, and the platform's own lines."""
    assert not is_error(line.encode())


def test_very_long_lines_are_judged_by_their_ends() -> None:
    """Guards time against a line of a megabyte."""
    assert is_error(b"x" * 1_000_000 + b" RuntimeError: at the end\n")
    assert not is_error(b"Error " * 200_000)
