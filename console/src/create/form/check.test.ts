import { describe, expect, it } from "vitest";
import { check } from "./check.ts";
import { fromBody } from "./fromBody.ts";
import { channel, EMPTY, type JobForm, pair, parameter, role } from "./model.ts";
import { SAMPLES } from "./samples.ts";
import { fitsFlavor, termsOf, valueProblem, withTerms } from "./terms.ts";

const GOOD: JobForm = {
  ...EMPTY,
  name: "one",
  codeDir: "obs://bucket/code/",
  bootFile: "train.py",
  engine: { ...EMPTY.engine, id: "E" },
  flavor: "F",
};
const found = (change: Partial<JobForm>, mayHurry = true) =>
  check({ ...GOOD, ...change }, null, mayHurry).map((one) => `${one.path} ${one.code}`);

describe("a form", () => {
  it.each(Object.keys(SAMPLES))("of a job that the server takes has nothing wrong: %s", (name) => {
    const wrong = check(fromBody(SAMPLES[name])).filter(
      (one) => !one.path.startsWith("algorithm.parameters"),
    );
    expect(wrong).toEqual([]);
  });

  it("says what is missing of an empty one", () => {
    expect(check(EMPTY).map((one) => one.path)).toEqual([
      "metadata.name",
      "algorithm.code_dir",
      "algorithm.boot_file",
      "algorithm.engine",
      "spec.resource.flavor_id",
    ]);
    expect(check(EMPTY).every((one) => one.missing)).toBe(true);
  });

  it.each<[Partial<JobForm>, string]>([
    [{ name: "a b" }, "metadata.name name"],
    [{ name: "x".repeat(65) }, "metadata.name name"],
    [{ description: "x".repeat(257) }, "metadata.description long"],
    [{ codeDir: "bucket/code" }, "algorithm.code_dir path"],
    [{ bootFile: "train.sh" }, "algorithm.boot_file python"],
    [{ bootFile: "obs://other/train.py" }, "algorithm.boot_file notBelow"],
    [{ source: "command", command: "a\nb" }, "algorithm.command lineBreak"],
    [{ source: "command" }, "algorithm.command missing"],
    [{ source: "algorithm" }, "algorithm.id missing"],
    [{ workingDir: "relative" }, "algorithm.working_dir directory"],
    [{ workingDir: "/a/../b" }, "algorithm.working_dir directory"],
    [{ localCodeDir: "/opt/code" }, "algorithm.local_code_dir outsideHome"],
    [{ parameters: [parameter(), parameter("a b", "1")] }, "algorithm.parameters[0].name name"],
    [{ parameters: [parameter("a"), parameter("a")] }, "algorithm.parameters[1].name repeated"],
    [{ environments: [pair("1A", "")] }, "algorithm.environments[0] variable"],
    [{ environments: [pair("A", "x".repeat(4097))] }, "algorithm.environments[0] long"],
    [{ inputs: [channel("data_url")] }, "algorithm.inputs[0].remote missing"],
    [
      { inputs: [{ ...channel("a-b", "obs://bucket/d/"), access: "env" }] },
      "algorithm.inputs[0].name variable",
    ],
    [
      { inputs: [channel("a", "obs://bucket/d/")], outputs: [channel("a", "obs://bucket/o/")] },
      "algorithm.outputs[0].name repeated",
    ],
    [
      { outputs: [{ ...channel("a", "obs://bucket/o/"), localDir: "/opt/out" }] },
      "algorithm.outputs[0].local_dir outsideHomeCache",
    ],
    [{ nodes: null }, "spec.resource.node_count atLeast"],
    [{ stopAfter: 0 }, "spec.auto_stop.duration atLeast"],
    [{ keepBest: 2 }, "spec.checkpoints.metric missing"],
    [{ logPath: "nowhere" }, "spec.log_export_path.obs_url path"],
    [{ tags: [pair("_sys_a", "")] }, "tags[0] tagKey"],
    [{ tags: [pair("a", "x\ny")] }, "tags[0] tagValue"],
    [{ experiment: { id: "", name: " a" } }, "metadata.training_experiment_reference.name experiment"],
    [{ metrics: [pair("loss", "")] }, "algorithm.metrics[0] missing"],
  ])("%j", (change, expected) => expect(found(change)).toEqual([expected]));

  it("asks for the right to hurry", () => {
    expect(found({ priority: 3 }, false)).toEqual(["spec.schedule_policy.priority priority"]);
    expect(found({ priority: 3 })).toEqual([]);
  });

  it("counts rows as the body does: empty ones are not there", () => {
    expect(found({ environments: [pair(), pair("A", "1"), pair("2", "")] })).toEqual([
      "algorithm.environments[1] variable",
    ]);
  });
});

describe("roles", () => {
  const roles = (...changes: Partial<ReturnType<typeof role>>[]) =>
    found({ hasRoles: true, roles: changes.map((change) => ({ ...role("a"), command: "true", ...change })) });

  it.each<[Partial<ReturnType<typeof role>>[], string]>([
    [[], "tasks missing"],
    [[{ name: "1a" }], "tasks[0].role role"],
    [[{ name: "a-b" }, { name: "A_B" }], "tasks[1].role alike"],
    [[{ name: "task1" }], "tasks[0].role alias"],
    [[{ nodes: 2, minSucceeded: 3 }], "tasks[0].minSucceededTaskCount atMost"],
    [[{ nodes: 2, minFailed: 3 }], "tasks[0].minFailedTaskCount atMost"],
    [[{ bootFile: "a.py" }], "tasks[0].algorithm.boot_file twoCommands"],
    [[{ nodes: 0 }], "tasks[0].task_resource.node_count atLeast"],
  ])("%j", (changes, expected) => expect(roles(...changes)).toEqual([expected]));

  it("may run what the job runs", () => {
    expect(roles({ command: "" })).toEqual([]);
    expect(roles({ name: "task0" }, { name: "task1" })).toEqual([]);
  });
});

describe("an algorithm's terms", () => {
  const terms = termsOf(
    "digits",
    {
      code_dir: "obs://b/c/",
      engine: { engine_id: "E" },
      parameters_customization: false,
      parameters: [
        {
          name: "lr",
          value: "0.1",
          constraint: { type: "Float", valid_type: "Range", valid_range: ["0", "1"] },
        },
        { name: "seed", value: "7", constraint: { type: "Integer", editable: false } },
        {
          name: "kind",
          value: "a",
          constraint: { required: true, valid_type: "Choice", valid_range: ["a", "b"] },
        },
        { name: "fast", constraint: { type: "Boolean" } },
      ],
      inputs: [{ name: "data_url", remote_constraints: [{ data_type: "modelarts_dataset" }] }],
    },
    [
      { key: "flavor_type", values: ["GPU"] },
      { key: "host_distributed_mode", value: ["singular"] },
    ],
  );
  const at = (index: number) => terms.parameters[index] as (typeof terms.parameters)[number];

  it("limit values as the server does", () => {
    expect([valueProblem(at(0), "0.5"), valueProblem(at(0), "2"), valueProblem(at(0), "x")]).toEqual([
      null,
      "range",
      "type",
    ]);
    expect([valueProblem(at(2), "b"), valueProblem(at(2), "c"), valueProblem(at(2), "")]).toEqual([
      null,
      "range",
      "missing",
    ]);
    expect([valueProblem(at(3), "TRUE"), valueProblem(at(3), "yes")]).toEqual([null, "type"]);
    expect(valueProblem(at(1), "1.5")).toBe("type");
  });

  it("fill the form and keep what may be kept", () => {
    const form = withTerms(
      {
        ...GOOD,
        source: "algorithm",
        algorithm: "A",
        parameters: [parameter("lr", "0.3"), parameter("seed", "8"), parameter("own", "1")],
        inputs: [channel("data_url", "obs://b/d/")],
      },
      terms,
    );
    expect(form.parameters.map((one) => [one.name, one.value, one.unset])).toEqual([
      ["lr", "0.3", false],
      ["seed", "7", false],
      ["kind", "a", false],
      ["fast", "", true],
    ]);
    expect(form.inputs[0]).toMatchObject({ name: "data_url", place: "dataset" });
  });

  it("hold resources to what it runs on", () => {
    expect(fitsFlavor(terms, { type: "CPU", cards: 0 })).toBe(false);
    expect(fitsFlavor(terms, { type: "GPU", cards: 2 })).toBe(true);
    const form = { ...GOOD, source: "algorithm" as const, algorithm: "A", nodes: 2 };
    expect(check(form, terms).map((one) => one.code)).toContain("oneNode");
  });
});
