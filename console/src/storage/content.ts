/** What is in a file, as far as it can be shown: by its name first, by its bytes where the name says nothing. Pure. */
import { suffixOf } from "../shared/obsPath.ts";

export type Kind = "image" | "audio" | "video" | "table" | "text" | "binary";

const MIB = 1024 * 1024;
/** Bytes that are fetched to be shown. */
export const SHOWN_MAX: Record<Kind, number> = {
  image: 30 * MIB,
  audio: 60 * MIB,
  video: 200 * MIB,
  table: MIB,
  text: MIB,
  binary: 0,
};
/** Up to here a text can be edited. */
export const EDITED_MAX = 2 * MIB;

const TYPES: Record<string, string> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".bmp": "image/bmp",
  ".ico": "image/x-icon",
  ".svg": "image/svg+xml",
  ".wav": "audio/wav",
  ".mp3": "audio/mpeg",
  ".flac": "audio/flac",
  ".ogg": "audio/ogg",
  ".m4a": "audio/mp4",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
  ".mov": "video/quicktime",
};
const TABLES = new Set([".csv", ".tsv"]);
const BINARY = new Set(
  (
    ".zip .gz .tgz .tar .bz2 .xz .zst .7z .rar .pt .pth .ckpt .bin .safetensors .onnx .h5 .hdf5 .npy .npz .pkl " +
    ".pickle .parquet .arrow .feather .tfrecord .mindrecord .so .o .a .whl .exe .dll .class .pyc .pdf .docx .xlsx .pptx " +
    ".sqlite .db .mdb .lmdb .mindir .om .air"
  ).split(" "),
);

/** What a file of this name is taken for. */
export function kindOf(key: string): Kind {
  const suffix = suffixOf(key);
  const type = TYPES[suffix];
  if (type) return type.slice(0, type.indexOf("/")) as Kind;
  if (TABLES.has(suffix)) return "table";
  return BINARY.has(suffix) ? "binary" : "text";
}

/** The media type of an image, a sound or a video. */
export function typeOf(key: string): string {
  return TYPES[suffixOf(key)] ?? "application/octet-stream";
}

export interface Decoded {
  text: string;
  /** It began with the mark that some editors put there; it is put back on saving. */
  hasMark: boolean;
}

/** The text that `bytes` are, or null when they are none; `isCut`: the last character may be half. */
export function decoded(bytes: Uint8Array, isCut: boolean): Decoded | null {
  if (bytes.includes(0)) return null;
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    return { text: decoder.decode(bytes, { stream: isCut }), hasMark };
  } catch {
    return null;
  }
}

/** Rows of a comma- or tab-separated text; quotes may hold separators, line ends and doubled quotes. */
export function tableOf(text: string, separator: string, rowsMax: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = "";
  let isQuoted = false;
  const endField = () => {
    row.push(field);
    field = "";
  };
  const endRow = () => {
    endField();
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  };
  for (let at = 0; at < text.length && rows.length < rowsMax; at += 1) {
    const character = text[at] as string;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[at + 1] === '"') {
        field += '"';
        at += 1;
      } else isQuoted = false;
    } else if (character === '"' && field === "") isQuoted = true;
    else if (character === separator) endField();
    else if (character === "\n") endRow();
    else if (character !== "\r") field += character;
  }
  if (rows.length < rowsMax && (field !== "" || row.length > 0)) endRow();
  return rows;
}

/** JSON with line breaks and indents, its numbers as they were written; null when it is none. */
export function prettyJson(text: string): string | null {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  let depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  // Strings, brackets (empty ones in one piece), separators, and whatever stands between them.
  const tokens = text.match(/"(?:[^"\\]|\\.)*"|\[\s*\]|\{\s*\}|[[\]{},:]|[^\s[\]{},:"]+/g) ?? [];
  return tokens
    .map((token) => {
      if (token === "{" || token === "[") {
        depth += 1;
        return token + line();
      }
      if (token === "}" || token === "]") {
        depth -= 1;
        return line() + token;
      }
      if (token === ",") return token + line();
      if (token === ":") return ": ";
      return /^[[{]/.test(token) ? token.replace(/\s/g, "") : token;
    })
    .join("");
}
