import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { SAMPLES } from "../form/samples.ts";
import { quoted, toCli } from "./cli.ts";
import { draftOf } from "./draft.ts";
import { literal, toSdk } from "./sdk.ts";
import { toYaml } from "./yaml.ts";

describe("a word of the shell", () => {
  it.each([
    ["plain/path-1.0=x", "plain/path-1.0=x"],
    ["", "''"],
    ["a b", "'a b'"],
    ["it's", "'it'\\''s'"],
    ["$HOME `id` \\", "'$HOME `id` \\'"],
    ["手写", "'手写'"],
    ["a\nb", "'a\nb'"],
    ["~/x", "'~/x'"],
  ])("%j", (word, expected) => expect(quoted(word)).toBe(expected));
});

describe("the command", () => {
  it("is short for a plain job", () => {
    expect(toCli(SAMPLES.plain as object)).toBe(
      [
        "trainwright job create \\",
        "  --name plain \\",
        "  --code-dir obs://samples/digits/code/ \\",
        "  --boot-file train.py \\",
        "  --engine ENGINE \\",
        "  --flavor FLAVOR",
      ].join("\n"),
    );
  });

  it("quotes values and sets tags", () => {
    const text = toCli(SAMPLES.options as object, { team: "computer vision", urgent: "" });
    expect(text).toContain("--description '-x --help'");
    expect(text).toContain("--output 'out=obs://samples/o'\\''ne/'");
    expect(text).toContain("--param -dash=--value");
    expect(text).toContain("--auto-stop 2h");
    expect(text).toContain("--tag 'team=computer vision' \\\n  --tag urgent");
  });

  it.each(["full", "flags", "roles"])("writes a file for what options cannot say: %s", (name) => {
    const text = toCli(SAMPLES[name] as object, { a: "b" });
    expect(text).toMatch(/^cat > training.yaml <<'END'\n/);
    expect(text).toMatch(/\nEND\ntrainwright job create \\\n {2}--file training.yaml \\\n {2}--tag a=b$/);
  });

  it("ends the file where the job does not", () => {
    const text = toCli({ kind: "job", metadata: { name: "a", description: "x\nEND\ny" }, later: "\nEND\n" });
    expect(text.split("\n").filter((line) => line === "END")).toHaveLength(1);
  });
});

describe("a draft", () => {
  it("is only made of what it can say", () => {
    expect(draftOf(SAMPLES.plain)).toMatchObject({ bootFile: "train.py", nodes: 1, autoStop: "" });
    expect(draftOf(SAMPLES.flags)).toBeNull();
    expect(draftOf(SAMPLES.roles)).toBeNull();
    expect(draftOf(SAMPLES.full)).toBeNull();
    expect(draftOf({ ...SAMPLES.plain, later: 1 })).toBeNull();
    expect(draftOf({ ...SAMPLES.plain, kind: "autosearch_job" })).toBeNull();
  });

  it("has datasets, but the SDK's keywords have none", () => {
    const input = { name: "data_url", remote: { dataset: { id: "D", version_id: "V" } } };
    const plain = SAMPLES.plain as { algorithm: object };
    const body = { ...plain, algorithm: { ...plain.algorithm, inputs: [input] } };
    expect(toCli(body)).toContain("--dataset data_url=D@V");
    expect(toSdk(body)).toContain("platform.jobs.create_from({");
  });
});

describe("the program", () => {
  it("says what matters", () => {
    expect(toSdk(SAMPLES.plain as object, { team: "x" })).toBe(`from trainwright import connect

with connect() as platform:
    job = platform.jobs.create(
        name="plain",
        code_dir="obs://samples/digits/code/",
        boot_file="train.py",
        engine="ENGINE",
        flavor="FLAVOR",
    )
    job.add_tags({"team": "x"})
    print(job.id)
`);
  });

  it("writes values as Python does", () => {
    expect(literal({ a: [true, false, null, 1.5], b: 'q"\\\n' }, 0)).toBe(
      '{"a": [True, False, None, 1.5], "b": "q\\"\\\\\\n"}',
    );
    expect(literal([`${"x".repeat(60)}`, `${"y".repeat(60)}`], 4)).toBe(
      `[\n        "${"x".repeat(60)}",\n        "${"y".repeat(60)}",\n    ]`,
    );
  });
});

describe("the file", () => {
  it("is short where it can be", () => {
    expect(toYaml(SAMPLES.plain as object)).toBe(`metadata:
  name: plain
algorithm:
  code_dir: obs://samples/digits/code/
  boot_file: obs://samples/digits/code/train.py
  engine: ENGINE
spec:
  resource:
    flavor_id: FLAVOR
    node_count: 1
`);
  });

  it.each(Object.keys(SAMPLES))("%s keeps every text a text", (name) => {
    const read = parse(toYaml(SAMPLES[name] as object), { schema: "yaml-1.1" });
    expect(JSON.stringify(read.algorithm?.environments)).toBe(
      JSON.stringify((SAMPLES[name] as { algorithm: { environments?: object } }).algorithm.environments),
    );
  });
});
