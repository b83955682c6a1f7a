"""Data loading workers that have nothing to do while their parent sleeps."""

import multiprocessing
import time


def worker(queue) -> None:
    """Waits for work."""
    queue.get()


if __name__ == "__main__":
    queue = multiprocessing.get_context("fork").Queue()
    workers = [multiprocessing.get_context("fork").Process(target=worker, args=(queue,)) for _ in range(2)]
    for process in workers:
        process.start()
    time.sleep(20)
    for _ in workers:
        queue.put(None)
    for process in workers:
        process.join()
