"""Data loading workers that have nothing to do while their parent sleeps."""

import multiprocessing
import multiprocessing.queues
import time


def worker(queue: "multiprocessing.queues.Queue[None]") -> None:
    """Waits for work."""
    queue.get()


if __name__ == "__main__":
    forking = multiprocessing.get_context("fork")
    queue: "multiprocessing.queues.Queue[None]" = forking.Queue()
    workers = [forking.Process(target=worker, args=(queue,)) for _ in range(2)]
    for process in workers:
        process.start()
    time.sleep(20)
    for _ in workers:
        queue.put(None)
    for process in workers:
        process.join()
