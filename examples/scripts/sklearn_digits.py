"""Recognising handwritten digits with scikit-learn, online: `partial_fit` over the data again and again."""

import argparse
from pathlib import Path

import joblib
from sklearn import metrics
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passes", type=int, default=10)
    parser.add_argument("--alpha", type=float, default=1e-3)
    parser.add_argument("--train_url", type=Path, default=Path())
    args, _ = parser.parse_known_args()
    digits = load_digits()
    x_train, x_test, y_train, y_test = train_test_split(
        digits.data, digits.target, test_size=0.5, shuffle=False
    )
    path, done = args.train_url / "classifier.joblib", 0
    clf = SGDClassifier(loss="log_loss", alpha=args.alpha, random_state=0)
    if path.exists():
        clf, done = joblib.load(path)
        print(f"resuming at pass {done + 1}")
    for number in range(done + 1, args.passes + 1):
        clf.partial_fit(x_train, y_train, classes=range(10))
        joblib.dump((clf, number), path.with_suffix(".tmp"))
        path.with_suffix(".tmp").replace(path)
        print(f"pass {number} accuracy={metrics.accuracy_score(y_test, clf.predict(x_test)):.4f}", flush=True)
    print(metrics.classification_report(y_test, clf.predict(x_test)))


if __name__ == "__main__":
    main()
