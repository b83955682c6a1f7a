/** The language of a file, by its name; each is loaded when it is first met. */
import { LanguageSupport, StreamLanguage, type StreamParser } from "@codemirror/language";
import { nameOf, suffixOf } from "../../shared/obsPath.ts";

const legacy = async (loading: Promise<StreamParser<unknown>>) =>
  new LanguageSupport(StreamLanguage.define(await loading));

const modes = {
  Python: async () => (await import("@codemirror/lang-python")).python(),
  JSON: async () => (await import("@codemirror/lang-json")).json(),
  YAML: async () => (await import("@codemirror/lang-yaml")).yaml(),
  Shell: () => legacy(import("@codemirror/legacy-modes/mode/shell").then((mode) => mode.shell)),
  TOML: () => legacy(import("@codemirror/legacy-modes/mode/toml").then((mode) => mode.toml)),
  Dockerfile: () =>
    legacy(import("@codemirror/legacy-modes/mode/dockerfile").then((mode) => mode.dockerFile)),
  INI: () => legacy(import("@codemirror/legacy-modes/mode/properties").then((mode) => mode.properties)),
  XML: () => legacy(import("@codemirror/legacy-modes/mode/xml").then((mode) => mode.xml)),
  HTML: () => legacy(import("@codemirror/legacy-modes/mode/xml").then((mode) => mode.html)),
  CSS: () => legacy(import("@codemirror/legacy-modes/mode/css").then((mode) => mode.css)),
  JavaScript: () =>
    legacy(import("@codemirror/legacy-modes/mode/javascript").then((mode) => mode.javascript)),
  TypeScript: () =>
    legacy(import("@codemirror/legacy-modes/mode/javascript").then((mode) => mode.typescript)),
  C: () => legacy(import("@codemirror/legacy-modes/mode/clike").then((mode) => mode.c)),
  "C++": () => legacy(import("@codemirror/legacy-modes/mode/clike").then((mode) => mode.cpp)),
  SQL: () => legacy(import("@codemirror/legacy-modes/mode/sql").then((mode) => mode.standardSQL)),
  Diff: () => legacy(import("@codemirror/legacy-modes/mode/diff").then((mode) => mode.diff)),
  Markdown: () => legacy(import("./markdown.ts").then((mode) => mode.markdown)),
} satisfies Record<string, () => Promise<LanguageSupport>>;

export type LanguageName = keyof typeof modes;

const BY_SUFFIX: Record<string, LanguageName> = {
  ".py": "Python",
  ".pyi": "Python",
  ".pyx": "Python",
  ".json": "JSON",
  ".jsonl": "JSON",
  ".ipynb": "JSON",
  ".yaml": "YAML",
  ".yml": "YAML",
  ".sh": "Shell",
  ".bash": "Shell",
  ".zsh": "Shell",
  ".toml": "TOML",
  ".lock": "TOML",
  ".ini": "INI",
  ".cfg": "INI",
  ".conf": "INI",
  ".env": "INI",
  ".properties": "INI",
  ".xml": "XML",
  ".svg": "XML",
  ".html": "HTML",
  ".htm": "HTML",
  ".css": "CSS",
  ".js": "JavaScript",
  ".mjs": "JavaScript",
  ".ts": "TypeScript",
  ".c": "C",
  ".h": "C",
  ".cc": "C++",
  ".cpp": "C++",
  ".hpp": "C++",
  ".cu": "C++",
  ".cuh": "C++",
  ".sql": "SQL",
  ".diff": "Diff",
  ".patch": "Diff",
  ".md": "Markdown",
  ".markdown": "Markdown",
};

/** The language that a file of this name is in, or null for plain text. */
export function languageOf(key: string): LanguageName | null {
  const name = nameOf(key).toLowerCase();
  if (name === "dockerfile" || name.startsWith("dockerfile.")) return "Dockerfile";
  if (name === ".env" || name === ".gitconfig") return "INI";
  if (name === ".bashrc" || name === ".profile") return "Shell";
  return BY_SUFFIX[suffixOf(name)] ?? null;
}

export function loadLanguage(name: LanguageName): Promise<LanguageSupport> {
  return modes[name]();
}
