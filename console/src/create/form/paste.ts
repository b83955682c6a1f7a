/** What people paste: a command's flags, a `.env` file. Pure. */

export interface Flag {
  name: string;
  value: string;
  /** Without a value. */
  flag: boolean;
}

const NUMBER = /^-(\d|\.\d|inf$)/i;
const LONG = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/;
const ASSIGNED = /^([A-Za-z][\w-]*)=([\s\S]*)$/;

/** The words of a POSIX shell command; quotes and backslashes are resolved, nothing is expanded. */
export function shellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (quote) {
      if (character === quote) quote = "";
      else if (character === "\\" && quote === '"' && /["\\$`]/.test(text[at + 1] ?? "")) {
        at += 1;
        word = (word ?? "") + text[at];
      } else word = (word ?? "") + character;
    } else if (character === "'" || character === '"') {
      quote = character;
      word ??= "";
    } else if (character === "\\") {
      at += 1;
      if (text[at] === "\r") at += 1;
      if (text[at] !== "\n" && at < text.length) word = (word ?? "") + text[at];
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? "") + character;
  }
  if (word !== null) words.push(word);
  return words;
}

/** `--lr 0.1 --epochs=3 --verbose` (behind a whole command, too), or `lr=0.1 epochs=3`. */
export function parseFlags(text: string): Flag[] {
  const flags: Flag[] = [];
  const all = shellWords(text);
  const words = all.slice(all.findIndex((word) => word.endsWith(".py")) + 1); // behind the script, if there is one
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as string;
    const found = NUMBER.test(word) ? null : LONG.exec(word);
    const assigned = ASSIGNED.exec(word);
    if (found?.[1] !== undefined) {
      const next = words[at + 1];
      const isNext = next !== undefined && (NUMBER.test(next) || !next.startsWith("-"));
      if (found[2] !== undefined) flags.push({ name: found[1], value: found[2], flag: false });
      else if (isNext) {
        flags.push({ name: found[1], value: next, flag: false });
        at += 1;
      } else flags.push({ name: found[1], value: "", flag: true });
    } else if (assigned?.[1] !== undefined) {
      flags.push({ name: assigned[1], value: assigned[2] ?? "", flag: false });
    }
  }
  return flags;
}

/** The lines `NAME=value` of a `.env` file: `export`, comments and quotes as usual. */
export function parseEnv(text: string): [string, string][] {
  const found: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*[=:]\s?(.*)$/.exec(line);
    if (match?.[1] !== undefined) found.push([match[1], envValue((match[2] ?? "").trim())]);
  }
  return found;
}

function envValue(text: string): string {
  const single = /^'([^']*)'/.exec(text);
  if (single) return single[1] ?? "";
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(text);
  if (double)
    return (double[1] ?? "").replace(/\\(.)/g, (_, character: string) =>
      character === "n" ? "\n" : character === "t" ? "\t" : character,
    );
  return text.replace(/\s+#.*$/, "");
}

const SECRET = /(secret|token|passw(or)?d|credential|api_?key|access_?key|private_?key)/i;

/** Whether a variable of that name most likely holds something that nobody should look at. */
export function isSecret(name: string): boolean {
  return SECRET.test(name);
}
