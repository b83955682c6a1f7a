import { expect, it } from "vitest";
import { isAt, sectionOf, sentenceAt } from "./problems.ts";

it("knows what lies below a field", () => {
  expect(isAt("algorithm.inputs[1].remote", "algorithm.inputs[1]")).toBe(true);
  expect(isAt("algorithm.inputs[10].remote", "algorithm.inputs[1]")).toBe(false);
  expect(isAt("metadata.names", "metadata.name")).toBe(false);
});

it.each([
  ["metadata.name", null],
  ["algorithm.code_dir", "source"],
  ["algorithm.engine.engine_id", "source"],
  ["algorithm.outputs[0].remote.obs.obs_url", "data"],
  ["spec.folders.dataset", "data"],
  ["algorithm.environments.A", "parameters"],
  ["spec.resource.node_count", "resources"],
  ["tasks[1].role", "resources"],
  ["spec.checkpoints.metric", "options"],
  ["metadata.annotations.fault-tolerance/job-retry-num", "options"],
])("%s is shown in %s", (path, section) => expect(sectionOf(path)).toBe(section));

it("takes the first place of which anything is said", () => {
  const said = [
    { path: "algorithm.environments.A", text: "too long" },
    { path: "algorithm.environments[1]", text: "no name" },
  ];
  expect(sentenceAt(said, ["algorithm.environments[0]", "algorithm.environments.A"])).toBe("too long");
  expect(sentenceAt(said, ["algorithm.environments[2]"])).toBe("");
});
