import { describe, expect, it } from "vitest";
import { fromBody } from "./fromBody.ts";
import { copyName, declared, EMPTY_ALGORITHM, NO_SEARCH, placesOf, port, withPlaces } from "./model.ts";
import { toBody } from "./toBody.ts";

const CODE = "obs://lab/digits/";

const constraint = {
  type: "String",
  editable: true,
  required: false,
  valid_type: "None",
  valid_range: [] as string[],
};

const BODIES: Record<string, object> = {
  plain: {
    metadata: { name: "plain" },
    job_config: {
      code_dir: CODE,
      boot_file: `${CODE}train.py`,
      engine: { engine_id: "E" },
      parameters_customization: true,
    },
  },
  full: {
    metadata: { name: "full", description: "手写 digits 😀", workspace_id: "w1", tags: [{ key: "a" }] },
    job_config: {
      code_dir: CODE,
      boot_file: `${CODE}deep/train.py`,
      engine: { engine_name: "PyTorch", engine_version: "2.13", image_url: "lab/torch:1" },
      parameters: [
        {
          name: "lr",
          value: "0.1",
          description: "学习率",
          constraint: { ...constraint, type: "Float", valid_type: "Range", valid_range: ["0", "1e1"] },
        },
        {
          name: "scheduler",
          value: "cosine",
          constraint: {
            ...constraint,
            required: true,
            valid_type: "Choice",
            valid_range: ["constant", "cosine", "a, b"],
            sensitive: false,
          },
          i18n_description: { language: "zh-cn", description: "策略" },
        },
        { name: "seed", value: "", constraint: { ...constraint, type: "Integer", editable: false } },
        { name: "unset", constraint },
        { name: "verbose", flag: true, constraint: { ...constraint, type: "Boolean" } },
      ],
      inputs: [
        {
          name: "data_url",
          description: "the data",
          remote_constraints: [
            { data_type: "obs" },
            { data_type: "modelarts_dataset", attributes: [{ dataset_type: ["0", "1"] }] },
          ],
        },
        { name: "more", access_method: "env" },
      ],
      outputs: [{ name: "train_url", access_method: "parameter" }],
      metrics: [{ name: "loss", regex: "loss=(\\S+)" }],
      parameters_customization: false,
    },
    resource_requirements: [
      { key: "flavor_type", values: ["GPU", "Ascend"], operator: "in" },
      { key: "device_distributed_mode", values: ["singular"], operator: "in" },
      { key: "host_distributed_mode", values: ["multiple"], operator: "in" },
    ],
    advanced_config: {
      auto_search: {
        reward_attrs: [{ name: "acc", mode: "max", regex: "acc=(\\S+)" }],
        search_params: [
          {
            name: "lr",
            param_type: "continuous",
            lower_bound: "0.01",
            upper_bound: "1",
            discrete_points_num: "8",
          },
          { name: "scheduler", param_type: "discrete", discrete_values: ["constant", "cosine"] },
        ],
        algo_configs: [
          { name: "tpe_search", params: [{ key: "num_samples", value: "8", type: "Integer" }] },
          { name: "anneal_search", params: [] },
        ],
        skip_search_params: "lr=0.1",
      },
      ours: 1,
    },
  },
  command: {
    metadata: { name: "command" },
    job_config: {
      command: "python main.py",
      engine: { image_url: "lab/own:2" },
      parameters_customization: true,
    },
    later: { field: 1 },
  },
};

describe("a body", () => {
  it.each(Object.keys(BODIES))("%s comes back as it was", (name) => {
    expect(toBody(fromBody(BODIES[name]))).toEqual(BODIES[name]);
  });

  it("loses what the server has filled in", () => {
    const answer = {
      metadata: {
        id: "i",
        name: "plain",
        description: "",
        user_name: "u",
        domain_id: "d",
        source: "custom",
        api_version: "",
        is_valid: true,
        state: "ready",
        tags: null,
        attr_list: null,
        version_num: 3,
        size: 12,
        create_time: 1,
        update_time: 2,
      },
      job_config: {
        code_dir: CODE,
        boot_file: `${CODE}train.py`,
        command: "",
        engine: { engine_id: "E", engine_name: "PyTorch", engine_version: "2.13" },
        parameters: [],
        inputs: [],
        outputs: [],
        parameters_customization: true,
        code_tree: { name: "digits", children: [] },
      },
      resource_requirements: null,
      advanced_config: {},
    };
    expect(toBody(fromBody(answer))).toEqual(BODIES.plain);
  });

  it("is understood in the spellings of answers and of other clients", () => {
    const form = fromBody({
      metadata: { name: "a" },
      job_config: {
        command: "true",
        parameters: [
          { name: "a", value: "1", constraint: { type: "Integer", valid_range: ["1", "5"] } },
          { name: "b", value: "x", constraint: { valid_type: "enum", valid_range: ["x"] } },
          { name: "c", value: "x", constraint: { valid_type: "none", valid_range: ["x"] } },
        ],
      },
      resource_requirements: [
        { key: "host_distributed_mode", value: ["multiple", "singular"] },
        { key: "flavor_type", value: ["CPU"], values: [] },
      ],
      advanced_config: {
        auto_search: { search_params: [{ name: "a", discrete_values: "1, 2,3" }] },
      },
    });
    expect(form.parameters.map((one) => [one.limit, one.low, one.high, one.choices])).toEqual([
      ["range", "1", "5", []],
      ["choice", "", "", ["x"]],
      ["none", "", "", []],
    ]);
    expect([form.hosts, form.cards, form.flavorTypes]).toEqual(["multiple", "", ["CPU"]]);
    expect(form.search.parameters.map((one) => [one.kind, one.values])).toEqual([
      ["discrete", ["1", "2", "3"]],
    ]);
    expect(form.takesMore).toBe(true);
  });
});

describe("a form", () => {
  it("leaves out empty rows, and the search that is switched off", () => {
    const form = {
      ...EMPTY_ALGORITHM,
      name: "a",
      source: "command" as const,
      command: "true",
      parameters: [declared(), declared("x", "1")],
      inputs: [port()],
      search: { ...NO_SEARCH, on: false, skip: "kept on the page" },
    };
    const body = toBody(form);
    expect(body.job_config.parameters?.map((one) => one.name)).toEqual(["x"]);
    expect(body.job_config).not.toHaveProperty("inputs");
    expect(body).not.toHaveProperty("advanced_config");
  });

  it("keeps what is said of a kind of place when another comes or goes", () => {
    const dataset = { data_type: "dataset", attributes: [{ dataset_type: "0" }] };
    const one = { ...port("data_url"), constraints: [dataset] };
    expect(placesOf(one)).toEqual(["dataset"]);
    const both = withPlaces(one, ["dataset", "obs"]);
    expect(both.constraints).toEqual([dataset, { data_type: "obs" }]);
    expect(withPlaces(both, ["obs"]).constraints).toEqual([{ data_type: "obs" }]);
    expect(withPlaces(both, []).constraints).toEqual([]);
  });

  it("names a copy within what a name may hold", () => {
    expect(copyName("a")).toBe("a-copy");
    expect(copyName("a".repeat(64))).toHaveLength(64);
  });
});
