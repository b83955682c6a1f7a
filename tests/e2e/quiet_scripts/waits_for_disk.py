"""A program in uninterruptible sleep, as behind a network file system that does not answer for a while. Here it waits
for a child between vfork and exec, which the kernel shows the same way; the child waits for a pipe to be opened.
"""

import os
import time

os.mkfifo("pipe")


def answer() -> None:
    """After 20 s the file system answers. In a process of its own: everything of the other one stands still."""
    time.sleep(20)
    os.close(os.open("pipe", os.O_WRONLY))


if os.fork() == 0:
    answer()
    os._exit(0)
opened = [(os.POSIX_SPAWN_OPEN, 0, "pipe", os.O_RDONLY, 0)]
child = os.posix_spawn("/bin/true", ["true"], {}, file_actions=opened)
os.waitpid(child, 0)
os.wait()
