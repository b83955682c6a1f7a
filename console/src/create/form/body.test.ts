import { describe, expect, it } from "vitest";
import { fromBody, keptPaths } from "./fromBody.ts";
import { EMPTY, pair, parameter, suggestedName } from "./model.ts";
import { SAMPLES } from "./samples.ts";
import { toBody } from "./toBody.ts";

describe("a body", () => {
  it.each(Object.keys(SAMPLES))("%s comes back as it was", (name) => {
    expect(toBody(fromBody(SAMPLES[name]))).toEqual(SAMPLES[name]);
  });

  it("keeps what the form has no field for, and says what that is", () => {
    const body = {
      kind: "job",
      metadata: { name: "a", annotations: { "team/own": "x" } },
      algorithm: {
        command: "true",
        policies: { auto_search: { search_params: [{ name: "lr" }] } },
        inputs: [{ name: "data_url", description: "d", remote: { dataset: { id: "D", name: "n" } } }],
      },
      spec: { resource: { flavor_id: "F", node_count: 1 }, custom_metrics: [{ exec: { command: ["a"] } }] },
      later: { field: 1 },
    };
    const form = fromBody(body);
    expect(toBody(form)).toEqual(body);
    expect(keptPaths(form)).toEqual([
      "metadata.annotations.team/own",
      "algorithm.policies.auto_search.search_params",
      "spec.custom_metrics",
      "later.field",
    ]);
    expect(keptPaths(EMPTY)).toEqual([]);
  });

  it("has no nulls: they are as good as nothing", () => {
    const form = fromBody({
      kind: "job",
      metadata: { name: "a", annotations: null },
      algorithm: { command: "true", engine: null, inputs: null },
      spec: { resource: { flavor_id: "F", node_count: 1, pool_id: null }, auto_stop: null },
      tasks: null,
    });
    expect(form.rest).toEqual({});
    expect(toBody(form)).toEqual({
      kind: "job",
      metadata: { name: "a" },
      algorithm: { command: "true" },
      spec: { resource: { flavor_id: "F", node_count: 1 } },
    });
  });

  it("can have its folders switched off", () => {
    const form = fromBody(SAMPLES.roles);
    expect(toBody({ ...form, folders: { ...form.folders, on: false } }).spec).not.toHaveProperty("folders");
    const flags = fromBody(SAMPLES.flags);
    expect(toBody({ ...flags, folders: { ...flags.folders, on: false } }).spec).not.toHaveProperty("folders");
  });
});

describe("a form", () => {
  const form = {
    ...EMPTY,
    name: "one",
    codeDir: "obs://b/code/",
    bootFile: "./train.py",
    engine: { id: "E", name: "", version: "", image: "" },
    flavor: "F",
  };

  it("leaves out what says nothing", () => {
    expect(
      toBody({ ...form, environments: [pair()], parameters: [parameter(), parameter("a", "1")] }),
    ).toEqual({
      kind: "job",
      metadata: { name: "one" },
      algorithm: {
        code_dir: "obs://b/code/",
        boot_file: "obs://b/code/train.py",
        engine: { engine_id: "E" },
        parameters: [{ name: "a", value: "1" }],
      },
      spec: { resource: { flavor_id: "F", node_count: 1 } },
    });
  });

  it("sends only what its source has", () => {
    const algorithm = { algorithm: "A", subscription: "S", itemVersion: "V", command: "true" };
    expect(toBody({ ...form, ...algorithm, source: "algorithm" }).algorithm).toEqual({ id: "A" });
    expect(toBody({ ...form, ...algorithm, source: "subscription" }).algorithm).toEqual({
      subscription_id: "S",
      item_version_id: "V",
    });
    expect(toBody({ ...form, ...algorithm, source: "command" }).algorithm).toMatchObject({ command: "true" });
  });

  it("writes times in hours where they fit", () => {
    const stop = (stopAfter: number, stopUnit: "HOURS" | "MINUTES" | "SECONDS") =>
      (toBody({ ...form, stopAfter, stopUnit }).spec as { auto_stop: object }).auto_stop;
    expect(stop(90, "MINUTES")).toEqual({ time_unit: "SECONDS", duration: 5400 });
    expect(stop(120, "MINUTES")).toEqual({ time_unit: "HOURS", duration: 2 });
  });
});

it("suggests a name after the code folder", () => {
  const at = new Date(2026, 10, 22, 8, 5);
  expect(suggestedName("", at, "k3f")).toBe("job-1122-0805-k3f");
  expect(suggestedName("obs://lab/digits/code/", at, "k3f")).toBe("digits-1122-0805-k3f");
  expect(suggestedName("obs://lab/resnet50.v2/", at, "k3f")).toBe("resnet50-v2-1122-0805-k3f");
  expect(suggestedName("obs://lab/手写/", at, "k3f")).toBe("job-1122-0805-k3f");
  expect(suggestedName(`/b/${"x".repeat(90)}/`, at, "k3f").length).toBeLessThanOrEqual(64);
});
