"""One actor of a reinforcement learning job: plays, and tells how it went."""

import argparse
import random
import time

from trainwright import inside


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--episodes", type=int, default=12)
    given, _ = parser.parse_known_args()
    chance = random.Random(100 + inside.node_rank())
    for episode in range(given.episodes):
        score = episode * 4 + chance.gauss(20, 6)
        print(f"{inside.task()}: episode {episode}, return {score:.1f}", flush=True)
        inside.report(step=episode, episode_return=score)
        time.sleep(0.05)


if __name__ == "__main__":
    main()
