"""REINFORCE on a pole to be balanced, in the manner of PyTorch's reinforcement learning example; physics included."""

import argparse
import math
from pathlib import Path

import torch
from torch import nn, optim
from torch.distributions import Categorical


class CartPole:
    """The classic control problem: keep the pole within 12 degrees and the cart within 2.4 m."""

    def reset(self):
        self.state = [value.item() for value in torch.empty(4).uniform_(-0.05, 0.05)]
        return torch.tensor(self.state)

    def step(self, action):
        x, x_dot, theta, theta_dot = self.state
        force = 10.0 if action == 1 else -10.0
        temp = (force + 0.05 * theta_dot**2 * math.sin(theta)) / 1.1
        turning = (9.8 * math.sin(theta) - math.cos(theta) * temp) / (
            0.5 * (4.0 / 3.0 - 0.1 * math.cos(theta) ** 2 / 1.1)
        )
        pushing = temp - 0.05 * turning * math.cos(theta) / 1.1
        self.state = [
            x + 0.02 * x_dot,
            x_dot + 0.02 * pushing,
            theta + 0.02 * theta_dot,
            theta_dot + 0.02 * turning,
        ]
        fallen = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * math.pi / 180
        return torch.tensor(self.state), 1.0, fallen


def play(env, policy, limit=200):
    state, log_probs, rewards = env.reset(), [], []
    for _ in range(limit):
        chances = Categorical(torch.softmax(policy(state), dim=-1))
        action = chances.sample()
        log_probs.append(chances.log_prob(action))
        state, reward, done = env.step(action.item())
        rewards.append(reward)
        if done:
            break
    return log_probs, rewards


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gamma", type=float, default=0.99)
    parser.add_argument("--episodes", type=int, default=100)
    parser.add_argument("--log-interval", type=int, default=10)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    torch.manual_seed(543)
    policy = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
    optimizer, env = optim.Adam(policy.parameters(), lr=1e-2), CartPole()
    first, running, path = 1, 10.0, args.train_url / "policy.pt"
    if path.exists():
        state = torch.load(path)
        policy.load_state_dict(state["policy"])
        optimizer.load_state_dict(state["optimizer"])
        first, running = state["episode"] + 1, state["running"]
        print(f"resuming at episode {first}")
    for episode in range(first, args.episodes + 1):
        log_probs, rewards = play(env, policy)
        running = 0.05 * sum(rewards) + 0.95 * running
        returns, value = [], 0.0
        for reward in reversed(rewards):
            value = reward + args.gamma * value
            returns.insert(0, value)
        scaled = torch.tensor(returns)
        scaled = (scaled - scaled.mean()) / (scaled.std() + 1e-6)
        optimizer.zero_grad()
        torch.stack(
            [-chance * value for chance, value in zip(log_probs, scaled, strict=True)]
        ).sum().backward()
        optimizer.step()
        if episode % args.log_interval == 0:
            state = {
                "policy": policy.state_dict(),
                "optimizer": optimizer.state_dict(),
                "episode": episode,
                "running": running,
            }
            torch.save(state, path.with_suffix(".tmp"))
            path.with_suffix(".tmp").replace(path)
            print(
                f"Episode {episode}\tLast reward: {sum(rewards):.2f}\tAverage reward: {running:.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
