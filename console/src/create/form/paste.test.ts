import { expect, it } from "vitest";
import { isSecret, parseEnv, parseFlags, shellWords } from "./paste.ts";

it("splits as a shell does", () => {
  expect(shellWords(`a "b c" 'd "e' f\\ g \\\n h "i\\"j" ''`)).toEqual([
    "a",
    "b c",
    'd "e',
    "f g",
    "h",
    'i"j',
    "",
  ]);
});

it("reads flags, behind a whole command, too", () => {
  expect(
    parseFlags("python -u train.py --lr 0.1 \\\n --epochs=3 --verbose --offset -1 --name 'a b' -b 32 --last"),
  ).toEqual([
    { name: "lr", value: "0.1", flag: false },
    { name: "epochs", value: "3", flag: false },
    { name: "verbose", value: "", flag: true },
    { name: "offset", value: "-1", flag: false },
    { name: "name", value: "a b", flag: false },
    { name: "b", value: "32", flag: false },
    { name: "last", value: "", flag: true },
  ]);
  expect(parseFlags("lr=0.1 optimizer=adam")).toHaveLength(2);
  expect(parseFlags("just words")).toEqual([]);
});

it("reads .env files", () => {
  const text = `# comment\nexport A=1\nB = "x \\"y\\"\\nz"\nC='it is' # c\nD=plain # c\nE=\n2F=no\nG: yaml\n`;
  expect(parseEnv(text)).toEqual([
    ["A", "1"],
    ["B", 'x "y"\nz'],
    ["C", "it is"],
    ["D", "plain"],
    ["E", ""],
    ["G", "yaml"],
  ]);
});

it("knows what is likely secret", () => {
  expect(["WANDB_API_KEY", "HF_TOKEN", "MY_PASSWORD", "AWS_SECRET_ACCESS_KEY"].every(isSecret)).toBe(true);
  expect(["PATH", "MONKEY", "KEYBOARD", "OMP_NUM_THREADS"].some(isSecret)).toBe(false);
});
