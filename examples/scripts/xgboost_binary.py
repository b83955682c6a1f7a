"""Boosted trees with XGBoost in the manner of its binary classification demo; `xgb_model` goes on from a saved one."""

import argparse
from pathlib import Path

import xgboost as xgb
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


def write(model, path):
    draft = path.with_name("draft.json")
    model.save_model(draft)
    draft.replace(path)


class Save(xgb.callback.TrainingCallback):
    def __init__(self, path, every):
        super().__init__()
        self.path, self.every = path, every

    def after_iteration(self, model, epoch, evals_log):
        if (epoch + 1) % self.every == 0:
            write(model, self.path)
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--max_depth", type=int, default=3)
    parser.add_argument("--eta", type=float, default=0.1)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    x, y = load_breast_cancer(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x, y, random_state=7)
    dtrain, dtest = xgb.DMatrix(x_train, y_train), xgb.DMatrix(x_test, y_test)
    path, before, done = args.train_url / "model.json", None, 0
    if path.exists():
        before = xgb.Booster(model_file=path)
        done = before.num_boosted_rounds()
        print(f"resuming at round {done}")
    params = {
        "objective": "binary:logistic",
        "max_depth": args.max_depth,
        "eta": args.eta,
        "nthread": 1,
        "eval_metric": "logloss",
    }
    model = xgb.train(
        params,
        dtrain,
        args.rounds - done,
        evals=[(dtrain, "train"), (dtest, "test")],
        xgb_model=before,
        verbose_eval=5,
        callbacks=[Save(path, 5)],
    )
    write(model, path)
    print(f"trained {model.num_boosted_rounds()} rounds")


if __name__ == "__main__":
    main()
