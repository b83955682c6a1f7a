"""The learner of a reinforcement learning job: updates the policy from what the actors saw."""

import math
import time

from trainwright import inside


def main() -> None:
    for update in range(15):
        loss = 0.05 + 0.8 * math.exp(-update / 6)
        print(f"update {update}: policy loss {loss:.4f}", flush=True)
        inside.report(step=update, policy_loss=loss, entropy=1.4 * math.exp(-update / 20))
        time.sleep(0.05)


if __name__ == "__main__":
    main()
