/** What is wrong with an algorithm's form, by the server's own rules. Pure.
 *
 * Fields are named as in a job's body (`algorithm.code_dir`), whose fields the form shares; the server's `job_config.…`
 * is the same place.
 */
import { check as checkJob } from "../../create/form/check.ts";
import { LIMITS } from "../../create/form/limits.ts";
import { valueProblem } from "../../create/form/terms.ts";
import { isAt } from "../../create/problems.ts";
import { asJob } from "./asJob.ts";
import { type AlgorithmForm, type Declared, filledDeclared, filledPorts, type Search } from "./model.ts";

export interface Wrong {
  path: string;
  /** Key of the sentence: `create.wrong.…` or `algorithms.wrong.…`. */
  key: string;
  values?: Record<string, string | number>;
  /** Not there yet; told only once somebody has tried to save. */
  missing?: boolean;
}

type Tell = (path: string, key: string, values?: Wrong["values"]) => void;

const DESCRIBED = /^[A-Za-z0-9\u4e00-\u9fff \-_,\uff0c.\u3002]*$/;
const REGEX_MAX = 512;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Where the form shows what the server says of `field`. */
export function placeOf(field: string): string {
  return field.replace(/^job_config(?=\.|$)/, "algorithm");
}

export function check(form: AlgorithmForm): Wrong[] {
  const found: Wrong[] = [];
  const tell: Tell = (path, key, values) => {
    found.push({
      path,
      key,
      ...(values ? { values } : {}),
      ...(key === "create.wrong.missing" ? { missing: true } : {}),
    });
  };
  for (const { path, code, values } of checkJob(asJob(form)))
    if (isAt(path, "algorithm") || isAt(path, "metadata")) tell(path, `create.wrong.${code}`, values);
  filledDeclared(form.parameters).forEach((one, index) => {
    checkDeclared(one, `algorithm.parameters[${index}]`, tell);
  });
  checkPorts(form, tell);
  if (form.search.on) checkSearch(form, form.search, tell);
  return found;
}

function checkDeclared(one: Declared, path: string, tell: Tell) {
  if (one.description.length > LIMITS.description)
    tell(`${path}.description`, "create.wrong.long", { limit: LIMITS.description });
  else if (!DESCRIBED.test(one.description)) tell(`${path}.description`, "algorithms.wrong.description");
  const bare = { ...one, hasValue: !one.unset, required: false, range: null, choice: null };
  const typed = (text: string) => valueProblem(bare, text) === null;
  const at = `${path}.constraint.valid_range`;
  const isNumber = one.type === "Integer" || one.type === "Float";
  if (one.limit === "range" && isNumber) {
    const areBoth = one.low !== "" && one.high !== "" && typed(one.low) && typed(one.high);
    if (!areBoth || Number(one.low) > Number(one.high)) return tell(at, "algorithms.wrong.range");
  }
  if (one.limit === "choice") {
    if (one.choices.length === 0) return tell(at, "algorithms.wrong.choices");
    const misfit = one.choices.find((text) => !typed(text));
    if (misfit !== undefined) return tell(at, "algorithms.wrong.misfit", { value: misfit, type: one.type });
  }
  const terms = {
    ...bare,
    range: one.limit === "range" ? ([one.low, one.high] as const) : null,
    choice: one.limit === "choice" ? one.choices : null,
  };
  const problem = one.flag ? null : valueProblem(terms, one.value);
  if (problem === "type") tell(`${path}.value`, "create.wrong.type", { type: one.type });
  else if (problem === "range") tell(`${path}.value`, "algorithms.wrong.default");
}

function checkPorts(form: AlgorithmForm, tell: Tell) {
  const seen = new Set<string>();
  for (const side of ["inputs", "outputs"] as const)
    filledPorts(form[side]).forEach((one, index) => {
      const path = `algorithm.${side}[${index}]`;
      if (one.name === "") tell(`${path}.name`, "create.wrong.missing");
      else if (!LIMITS.name.test(one.name)) tell(`${path}.name`, "create.wrong.name");
      else if (seen.has(one.name)) tell(`${path}.name`, "create.wrong.repeated", { name: one.name });
      else if (one.access === "env" && !LIMITS.variable.test(one.name))
        tell(`${path}.name`, "create.wrong.variable");
      if (one.description.length > LIMITS.description)
        tell(`${path}.description`, "create.wrong.long", { limit: LIMITS.description });
      seen.add(one.name);
    });
}

function checkSearch(form: AlgorithmForm, search: Search, tell: Tell) {
  const at = "advanced_config.auto_search";
  if (search.rewards.length === 0) tell(`${at}.reward_attrs`, "algorithms.wrong.oneReward");
  const rewards = new Set<string>();
  search.rewards.forEach(({ name, regex }, index) => {
    const path = `${at}.reward_attrs[${index}]`;
    if (name === "") tell(`${path}.name`, "create.wrong.missing");
    else if (rewards.has(name)) tell(`${path}.name`, "create.wrong.repeated", { name });
    if (regex === "") tell(`${path}.regex`, "create.wrong.missing");
    else if (regex.length > REGEX_MAX) tell(`${path}.regex`, "create.wrong.long", { limit: REGEX_MAX });
    rewards.add(name);
  });
  if (search.parameters.length === 0) tell(`${at}.search_params`, "algorithms.wrong.oneSearched");
  const known = new Set(form.parameters.map((one) => one.name));
  const seen = new Set<string>();
  search.parameters.forEach((one, index) => {
    const path = `${at}.search_params[${index}]`;
    if (one.name === "") tell(`${path}.name`, "create.wrong.missing");
    else if (seen.has(one.name)) tell(`${path}.name`, "create.wrong.repeated", { name: one.name });
    else if (!form.takesMore && !known.has(one.name))
      tell(`${path}.name`, "algorithms.wrong.unknown", { name: one.name });
    seen.add(one.name);
    if (one.kind === "discrete") {
      if (one.values.length === 0) tell(`${path}.discrete_values`, "algorithms.wrong.choices");
    } else if (!NUMBER.test(one.low) || !NUMBER.test(one.high) || Number(one.low) >= Number(one.high))
      tell(`${path}.upper_bound`, "algorithms.wrong.bounds");
    else if (one.points !== "" && !/^[1-9]\d{0,8}$/.test(one.points))
      tell(`${path}.discrete_points_num`, "algorithms.wrong.points");
  });
}
