/** Paths of the object store: `obs://bucket/key`, where a key that ends in `/` (or is empty) names a folder. Pure. */

export interface ObsPath {
  bucket: string;
  key: string;
}

const SCHEMES = ["obs://", "s3://", "/"] as const;
const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const KEY_BYTES_MAX = 1024;

/** Whether a bucket can have this name: 3 to 63 lower-case letters, digits, dots and dashes. */
export function isBucketName(name: string): boolean {
  return BUCKET.test(name) && !name.includes("..");
}

/** Whether an object or folder can have this key; the server's rules. */
export function isKey(key: string): boolean {
  if (new TextEncoder().encode(key).length > KEY_BYTES_MAX) return false;
  for (const character of key) {
    const code = character.codePointAt(0) as number;
    if (code < 32 || code === 127 || character === "\\" || (code >= 0xd800 && code <= 0xdfff)) return false;
  }
  const segments = key === "" ? [] : key.replace(/\/$/, "").split("/");
  return segments.every((segment) => segment !== "" && segment !== "." && segment !== "..");
}

/** Whether one segment of a key can be called so. */
export function isName(name: string): boolean {
  return name !== "" && !name.includes("/") && isKey(name);
}

/** The path that `text` names, or null: `obs://`, `s3://` and `/` begin one. */
export function parseObs(text: string): ObsPath | null {
  const trimmed = text.trim();
  const scheme = SCHEMES.find((one) => trimmed.startsWith(one));
  if (scheme === undefined) return null;
  const [bucket = "", ...rest] = trimmed.slice(scheme.length).split("/");
  const key = rest.join("/");
  return isBucketName(bucket) && isKey(key) ? { bucket, key } : null;
}

export function obsUri(bucket: string, key = ""): string {
  return `obs://${bucket}/${key}`;
}

/** The last segment without its slash. */
export function nameOf(key: string): string {
  const bare = key.replace(/\/$/, "");
  return bare.slice(bare.lastIndexOf("/") + 1);
}

/** The folder that `key` lies in: `a/b/c` → `a/b/`, `a/` → "". */
export function folderOf(key: string): string {
  const bare = key.replace(/\/$/, "");
  return bare.slice(0, bare.lastIndexOf("/") + 1);
}

/** What leads to `key`: each folder above it and itself, with the key to get there. */
export function trail(key: string): { name: string; key: string }[] {
  const steps: { name: string; key: string }[] = [];
  let before = "";
  for (const segment of key.split("/")) {
    if (segment === "") continue;
    before += segment;
    const isFolder = before.length < key.length;
    if (isFolder) before += "/";
    steps.push({ name: segment, key: before });
  }
  return steps;
}

/** Where the console shows it. Segments are escaped, slashes stay. */
export function objectsPath(bucket: string, key = ""): string {
  return `/objects/${encodeURIComponent(bucket)}/${key.split("/").map(encodeURIComponent).join("/")}`;
}

/** The reverse of `objectsPath`; from the raw address, as a router's decoding takes `%2F` for a slash. */
export function pathShown(pathname: string): ObsPath {
  const [bucket = "", ...rest] = pathname.replace(/^.*?\/objects\//, "").split("/");
  return { bucket: unescaped(bucket), key: rest.map(unescaped).join("/") };
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray % somebody typed
  }
}

const SUFFIX = /\.[^./]+$/;

/** The suffix in lower case with its dot, or "". */
export function suffixOf(key: string): string {
  return SUFFIX.exec(key)?.[0].toLowerCase() ?? "";
}
