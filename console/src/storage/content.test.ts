import { describe, expect, it } from "vitest";
import { decoded, kindOf, prettyJson, tableOf, typeOf } from "./content.ts";
import { languageOf } from "./editor/languages.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

describe("what a file is", () => {
  it("is told by its name", () => {
    expect(
      ["a/b.PNG", "x.csv", "m.safetensors", "train.py", "LICENSE", "v.mp4", "s.wav"].map(kindOf),
    ).toEqual(["image", "table", "binary", "text", "text", "video", "audio"]);
    expect(typeOf("x.svg")).toBe("image/svg+xml");
    expect(
      ["a/Dockerfile", "a/.env", "t.py", "conf.yml", "run.sh", "README.md", "x.cu", "what"].map(languageOf),
    ).toEqual(["Dockerfile", "INI", "Python", "YAML", "Shell", "Markdown", "C++", null]);
  });

  it("is text when its bytes are", () => {
    expect(decoded(bytes("数据 ok"), false)).toEqual({ text: "数据 ok", hasMark: false });
    expect(decoded(bytes("\uFEFFa"), false)).toEqual({ text: "a", hasMark: true });
    expect(decoded(new Uint8Array([65, 0, 66]), false)).toBeNull();
    expect(decoded(new Uint8Array([0xff, 0xfe, 65]), false)).toBeNull();
    const cut = bytes("数据").slice(0, 5);
    expect(decoded(cut, true)).toEqual({ text: "数", hasMark: false });
    expect(decoded(cut, false)).toBeNull();
  });
});

describe("a table", () => {
  it("comes apart at separators that are not quoted", () => {
    expect(tableOf('a,"b,1","say ""hi"""\r\n1,,"two\nlines"\n\n', ",", 10)).toEqual([
      ["a", "b,1", 'say "hi"'],
      ["1", "", "two\nlines"],
    ]);
    expect(tableOf("x\ty\n1\t2", "\t", 10)).toEqual([
      ["x", "y"],
      ["1", "2"],
    ]);
    expect(tableOf("1\n2\n3", ",", 2)).toHaveLength(2);
  });
});

it("indents JSON, and leaves alone what is none", () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  const value = { a: [1.5, 'x, {y}: [z]\\ "q', null, true], b: { c: {} }, d: [] };
  expect(prettyJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  expect(prettyJson('{ "id": 12345678901234567890 }')).toBe('{\n  "id": 12345678901234567890\n}');
  expect(prettyJson('{"a":1}\n{"a":2}')).toBeNull();
});
