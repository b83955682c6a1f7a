/** Plain JSON: taking parts out of it, laying parts over each other. Pure. */
import type { Rest } from "./model.ts";

export type Json = { [name: string]: unknown };

export function isJson(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Null means "not given" in every request. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isJson(value)) return value;
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(given.map(([name, inner]) => [name, withoutNulls(inner)]));
}

/** Takes values out of a copy of a body; what nobody took is left over. */
export class Taker {
  readonly #root: Json;

  constructor(body: unknown) {
    this.#root = isJson(body) ? (withoutNulls(structuredClone(body)) as Json) : {};
  }

  /** The value at `path`, removed; objects that are empty thereby go with it. Null is as good as nothing. */
  #take(path: readonly string[]): unknown {
    const above: Json[] = [];
    let at: unknown = this.#root;
    for (const name of path.slice(0, -1)) {
      if (!isJson(at)) return undefined;
      above.push(at);
      at = at[name];
    }
    const last = path.at(-1) as string;
    if (!isJson(at) || !(last in at)) return undefined;
    const value = at[last];
    delete at[last];
    let child = at;
    for (let depth = above.length - 1; depth >= 0 && Object.keys(child).length === 0; depth -= 1) {
      const parent = above[depth] as Json;
      delete parent[path[depth] as string];
      child = parent;
    }
    return value ?? undefined;
  }

  text(...path: string[]): string {
    const value = this.#take(path);
    return value === undefined ? "" : String(value);
  }

  number(...path: string[]): number | null {
    const value = this.#take(path);
    return typeof value === "number" ? value : null;
  }

  truth(...path: string[]): boolean {
    return this.#take(path) === true;
  }

  list(...path: string[]): unknown[] {
    const value = this.#take(path);
    return Array.isArray(value) ? value : [];
  }

  texts(...path: string[]): [string, string][] {
    const value = this.#take(path);
    return isJson(value) ? Object.entries(value).map(([name, text]) => [name, String(text ?? "")]) : [];
  }

  /** Whether there is something at `path`; nothing is taken. */
  has(...path: string[]): boolean {
    let at: unknown = this.#root;
    for (const name of path) at = isJson(at) ? at[name] : undefined;
    return at !== undefined && at !== null;
  }

  /** Let go of the object at `path` when nothing is left in it. */
  dropEmpty(...path: string[]): void {
    let at: unknown = this.#root;
    for (const name of path) at = isJson(at) ? at[name] : undefined;
    if (isJson(at) && Object.keys(at).length === 0) this.#take(path);
  }

  /** What nobody took. */
  rest(): Rest {
    return this.#root;
  }
}

/** `over` laid over `under`: objects are merged, everything else is replaced. */
export function laid(under: Rest, over: Rest): Json {
  const result: Json = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const before = result[name];
    result[name] = isJson(before) && isJson(value) ? laid(before, value) : value;
  }
  return result;
}

/** `value` without members that say nothing: undefined, empty texts, lists and objects. */
export function sparse(value: Rest): Json {
  const result: Json = {};
  for (const [name, inner] of Object.entries(value)) {
    const kept = isJson(inner) ? sparse(inner) : inner;
    const isEmpty =
      kept === undefined ||
      kept === null ||
      kept === "" ||
      (Array.isArray(kept) && kept.length === 0) ||
      (isJson(kept) && Object.keys(kept).length === 0);
    if (!isEmpty) result[name] = kept;
  }
  return result;
}
