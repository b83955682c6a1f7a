# A rank evaluates alone, the other one waits for it in a barrier (here: at a pipe). Two tasks.
mkfifo "$HOME/barrier"
if [ "$VC_TASK_INDEX" = 0 ]; then
    python3 -c "
import time
end = time.monotonic() + 20
while time.monotonic() < end:
    pass
"
else
    (sleep 20; echo > "$HOME/barrier") & cat "$HOME/barrier" > /dev/null
fi
