import { expect, it } from "vitest";
import { pair } from "../../create/form/model.ts";
import { check, placeOf } from "./check.ts";
import { type AlgorithmForm, declared, EMPTY_ALGORITHM, NO_SEARCH, port, reward, searched } from "./model.ts";

const GOOD: AlgorithmForm = {
  ...EMPTY_ALGORITHM,
  name: "digits",
  codeDir: "obs://lab/digits/",
  bootFile: "train.py",
  engine: { id: "E", name: "", version: "", image: "" },
};

const told = (form: AlgorithmForm) => check(form).map((one) => [one.path, one.key]);

it("finds nothing wrong with what is right", () => {
  const parameters = [
    { ...declared("lr", "0.1"), type: "Float" as const, limit: "range" as const, low: "0", high: "1" },
    { ...declared("must"), required: true, type: "Integer" as const },
    declared(),
  ];
  expect(told({ ...GOOD, parameters, inputs: [port("data_url"), port()] })).toEqual([]);
});

it("asks for what is missing", () => {
  expect(told(EMPTY_ALGORITHM)).toEqual([
    ["metadata.name", "create.wrong.missing"],
    ["algorithm.code_dir", "create.wrong.missing"],
    ["algorithm.boot_file", "create.wrong.missing"],
    ["algorithm.engine", "create.wrong.missing"],
  ]);
  expect(told({ ...EMPTY_ALGORITHM, name: "a", source: "command" })).toEqual([
    ["algorithm.command", "create.wrong.missing"],
  ]);
});

it("holds hyperparameters against what is declared of them", () => {
  const parameters = [
    { ...declared("a", "2"), type: "Integer" as const, limit: "range" as const, low: "3", high: "1" },
    { ...declared("b", "2"), type: "Integer" as const, limit: "range" as const, low: "3", high: "9" },
    { ...declared("c", "x"), type: "Integer" as const },
    { ...declared("d", "x"), limit: "choice" as const },
    { ...declared("e", "x"), limit: "choice" as const, choices: ["y"] },
    { ...declared("f", "1"), type: "Float" as const, limit: "choice" as const, choices: ["1", "one"] },
    { ...declared("g", "1"), description: "half (1/2)" },
    declared("a", "1"),
  ];
  expect(told({ ...GOOD, parameters })).toEqual([
    ["algorithm.parameters[7].name", "create.wrong.repeated"],
    ["algorithm.parameters[0].constraint.valid_range", "algorithms.wrong.range"],
    ["algorithm.parameters[1].value", "algorithms.wrong.default"],
    ["algorithm.parameters[2].value", "create.wrong.type"],
    ["algorithm.parameters[3].constraint.valid_range", "algorithms.wrong.choices"],
    ["algorithm.parameters[4].value", "algorithms.wrong.default"],
    ["algorithm.parameters[5].constraint.valid_range", "algorithms.wrong.misfit"],
    ["algorithm.parameters[6].description", "algorithms.wrong.description"],
  ]);
});

it("wants every channel's name once", () => {
  const form = {
    ...GOOD,
    inputs: [port("a"), { ...port("b-c"), access: "env" as const }, { ...port(), description: "d" }],
    outputs: [port("a"), port("数据")],
    metrics: [pair("1st", "x")],
  };
  expect(told(form)).toEqual([
    ["algorithm.metrics[0]", "create.wrong.metricName"],
    ["algorithm.inputs[1].name", "create.wrong.variable"],
    ["algorithm.inputs[2].name", "create.wrong.missing"],
    ["algorithm.outputs[0].name", "create.wrong.repeated"],
    ["algorithm.outputs[1].name", "create.wrong.name"],
  ]);
});

it("looks at a search only when there is one", () => {
  const search = {
    ...NO_SEARCH,
    rewards: [reward("acc"), { ...reward("acc"), regex: "(x)" }],
    parameters: [
      searched("other"),
      { ...searched("lr"), kind: "discrete" as const },
      { ...searched("lr"), low: "0", high: "1", points: "0" },
    ],
  };
  const form = { ...GOOD, takesMore: false, parameters: [declared("lr", "1")], search };
  expect(told(form)).toEqual([]);
  const at = "advanced_config.auto_search";
  expect(told({ ...form, search: { ...search, on: true } })).toEqual([
    [`${at}.reward_attrs[0].regex`, "create.wrong.missing"],
    [`${at}.reward_attrs[1].name`, "create.wrong.repeated"],
    [`${at}.search_params[0].name`, "algorithms.wrong.unknown"],
    [`${at}.search_params[0].upper_bound`, "algorithms.wrong.bounds"],
    [`${at}.search_params[1].discrete_values`, "algorithms.wrong.choices"],
    [`${at}.search_params[2].name`, "create.wrong.repeated"],
    [`${at}.search_params[2].discrete_points_num`, "algorithms.wrong.points"],
  ]);
  expect(told({ ...GOOD, search: { ...NO_SEARCH, on: true } })).toEqual([
    [`${at}.reward_attrs`, "algorithms.wrong.oneReward"],
    [`${at}.search_params`, "algorithms.wrong.oneSearched"],
  ]);
});

it("knows the server's places", () => {
  expect(["job_config.inputs[0].name", "job_config", "job_configs", "metadata.name"].map(placeOf)).toEqual([
    "algorithm.inputs[0].name",
    "algorithm",
    "job_configs",
    "metadata.name",
  ]);
});
