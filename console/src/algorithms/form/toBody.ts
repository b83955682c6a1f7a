/** The request's body of an algorithm's form. Pure. */
import { type Json, laid, sparse } from "../../create/form/json.ts";
import { below, filledPairs } from "../../create/form/model.ts";
import {
  type AlgorithmBody,
  type AlgorithmForm,
  type Declared,
  filledDeclared,
  filledPorts,
  type Mode,
  type Port,
  type Search,
  type Searched,
} from "./model.ts";

/** Only what says something, over what the form has no field for. */
export function toBody(form: AlgorithmForm): AlgorithmBody {
  const needs = requirementsOf(form);
  const made = sparse({
    metadata: { name: form.name, description: form.description, workspace_id: form.workspace },
    job_config: {
      ...sourceOf(form),
      parameters: filledDeclared(form.parameters).map(declaredOf),
      inputs: filledPorts(form.inputs).map((one) => portOf(one, true)),
      outputs: filledPorts(form.outputs).map((one) => portOf(one, false)),
      metrics: filledPairs(form.metrics).map((one) => ({ name: one.name, regex: one.value })),
    },
    resource_requirements: needs,
    advanced_config: form.search.on ? { auto_search: searchOf(form.search) } : {},
  });
  return laid(laid(form.rest, made), {
    metadata: { name: form.name },
    job_config: { parameters_customization: form.takesMore },
  }) as unknown as AlgorithmBody;
}

function sourceOf(form: AlgorithmForm): Json {
  const { id, name, version, image } = form.engine;
  const named = id ? { engine_id: id } : { engine_name: name, engine_version: version };
  const engine = { ...named, image_url: image };
  const code = { code_dir: form.codeDir, engine };
  if (form.source === "command") return { command: form.command, ...code };
  return { boot_file: below(form.codeDir, form.bootFile), ...code };
}

const WORDS = { none: "None", range: "Range", choice: "Choice" } as const;

/** With its whole constraint, as other clients of the contract expect it. */
function declaredOf(one: Declared): Json {
  const value = one.unset && one.value === "" ? {} : one.flag ? { flag: true } : { value: one.value };
  const allowed =
    one.limit === "range" ? [one.low, one.high] : one.limit === "choice" ? [...one.choices] : [];
  return laid(one.rest, {
    name: one.name,
    ...value,
    ...sparse({ description: one.description }),
    constraint: {
      type: one.type,
      editable: one.editable,
      required: one.required,
      valid_type: WORDS[one.limit],
      valid_range: allowed,
    },
  });
}

function portOf(one: Port, isInput: boolean): Json {
  return laid(one.rest, {
    name: one.name,
    ...sparse({
      description: one.description,
      access_method: one.access,
      remote_constraints: isInput ? [...one.constraints] : [],
    }),
  });
}

function requirementsOf(form: AlgorithmForm): Json[] {
  const need = (key: string, values: readonly string[]) =>
    values.length > 0 ? [{ key, values: [...values], operator: "in" }] : [];
  const mode = (word: Mode) => (word === "" ? [] : [word]);
  return [
    ...need("flavor_type", form.flavorTypes),
    ...need("device_distributed_mode", mode(form.cards)),
    ...need("host_distributed_mode", mode(form.hosts)),
  ];
}

function searchOf(search: Search): Json {
  return {
    reward_attrs: search.rewards.map(({ name, mode, regex, rest }) => ({ ...rest, name, mode, regex })),
    search_params: search.parameters.map(searchedOf),
    algo_configs: search.strategies.map(({ name, settings }) => ({
      name,
      params: settings.filter((one) => one.value !== "").map((one) => sparse({ ...one })),
    })),
    skip_search_params: search.skip,
  };
}

function searchedOf(one: Searched): Json {
  const values =
    one.kind === "discrete"
      ? { discrete_values: [...one.values] }
      : sparse({ lower_bound: one.low, upper_bound: one.high, discrete_points_num: one.points });
  return { ...one.rest, name: one.name, param_type: one.kind, ...values };
}
