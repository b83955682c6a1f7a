"""Boosted trees with LightGBM in the manner of its simple example: a saved model, and training on from it."""

import argparse
from pathlib import Path

import lightgbm as lgb
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--num_boost_round", type=int, default=50)
    parser.add_argument("--learning_rate", type=float, default=0.05)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    x, y = load_diabetes(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=0)
    train_set = lgb.Dataset(x_train, y_train, free_raw_data=False)
    test_set = lgb.Dataset(x_test, y_test, reference=train_set, free_raw_data=False)
    path = args.train_url / "model.txt"
    before, done = None, 0
    if path.exists():
        before = lgb.Booster(model_file=str(path))
        done = before.num_trees()
        print(f"resuming at round {done + 1}")

    def write(model):
        model.save_model(str(path.with_suffix(".tmp")))
        path.with_suffix(".tmp").replace(path)

    def save(env):
        if (env.iteration + 1) % 5 == 0:
            write(env.model)
            print(f"[{env.iteration + 1}]\tvalid_0's l2: {env.evaluation_result_list[0][2]:.6f}", flush=True)

    params = {
        "objective": "regression",
        "metric": "l2",
        "num_leaves": 15,
        "learning_rate": args.learning_rate,
        "verbose": -1,
        "num_threads": 1,
    }
    rounds = args.num_boost_round - done
    model = lgb.train(params, train_set, rounds, valid_sets=[test_set], init_model=before, callbacks=[save])
    write(model)
    print(f"trained {model.num_trees()} trees")


if __name__ == "__main__":
    main()
