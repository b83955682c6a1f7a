"""Writes the handwritten digits that ship inside scikit-learn out as files: 1,797 scans of 8×8 pixels.

    python prepare.py FOLDER

Each scan becomes `FOLDER/<label>/<number>.pgm` (binary PGM, grey values 0 to 16); `FOLDER/index.csv` lists file and
label. Written last, the index tells that everything else is there.
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_digits

GREY_MAX = 16


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    digits = load_digits()
    rows = []
    for number, (image, label) in enumerate(zip(digits.images, digits.target, strict=True)):
        name = f"{label}/{number:04d}.pgm"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        height, width = image.shape
        path.write_bytes(b"P5\n%d %d\n%d\n" % (width, height, GREY_MAX) + image.astype("uint8").tobytes())
        rows.append((name, label))
    with (folder / "index.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("file", "label"))
        writer.writerows(rows)
    print(f"{len(rows)} scans written to {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
