/** A body as the YAML file that `trainwright job create --file` takes. Pure. */
import { stringify } from "yaml";
import { isJson, type Json } from "../form/json.ts";

/**
 * As text that YAML 1.1 and 1.2 read alike: what looks like a number, a date or a truth value elsewhere is quoted.
 *
 * Lists whose items say no more than name and value are written in the file's short forms.
 */
export function toYaml(body: object): string {
  return stringify(shortened(body), {
    schema: "yaml-1.1",
    lineWidth: 0,
    defaultStringType: "PLAIN",
    defaultKeyType: "PLAIN",
    aliasDuplicateObjects: false,
  });
}

function shortened(body: object): Json {
  const { kind, ...rest } = body as Json;
  const algorithm = isJson(rest.algorithm) ? shortAlgorithm(rest.algorithm) : undefined;
  const spec = isJson(rest.spec) ? shortSpec(rest.spec) : undefined;
  return {
    ...(kind === "job" || kind === undefined ? {} : { kind }),
    ...rest,
    ...(algorithm ? { algorithm } : {}),
    ...(spec ? { spec } : {}),
  };
}

function shortAlgorithm(algorithm: Json): Json {
  const result = { ...algorithm };
  const engine = algorithm.engine;
  if (isJson(engine) && Object.keys(engine).join() === "engine_id") result.engine = engine.engine_id;
  shorten(result, "parameters", (item) => (isOf(item, "name", "value") ? item.value : undefined));
  shorten(result, "metrics", (item) => (isOf(item, "name", "regex") ? item.regex : undefined));
  for (const side of ["inputs", "outputs"])
    shorten(result, side, (item) => {
      const remote = isOf(item, "name", "remote") ? item.remote : undefined;
      const obs = isJson(remote) && isOf(remote, "obs") ? remote.obs : undefined;
      return isJson(obs) && isOf(obs, "obs_url") ? obs.obs_url : undefined;
    });
  return result;
}

function shortSpec(spec: Json): Json {
  const stop = spec.auto_stop;
  if (!isJson(stop) || !isOf(stop, "time_unit", "duration") || stop.time_unit !== "HOURS") return spec;
  return { ...spec, auto_stop: `${stop.duration}h` };
}

/** The list `name` as a mapping, when each item has a name of its own and one text to say. */
function shorten(algorithm: Json, name: string, said: (item: Json) => unknown): void {
  const items = algorithm[name];
  if (!Array.isArray(items)) return;
  const short: Json = {};
  for (const item of items) {
    const text = isJson(item) ? said(item) : undefined;
    if (!isJson(item) || typeof item.name !== "string" || typeof text !== "string" || item.name in short)
      return;
    short[item.name] = text;
  }
  algorithm[name] = short;
}

function isOf(item: Json, ...names: string[]): boolean {
  return Object.keys(item).length === names.length && names.every((name) => name in item);
}
