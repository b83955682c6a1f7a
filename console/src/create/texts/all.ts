/** All that is offered to copy, of bodies as the form would send them; for `tools/job-texts.mjs`. */
import { fromBody } from "../form/fromBody.ts";
import { toBody } from "../form/toBody.ts";
import { toCli } from "./cli.ts";
import type { Texts } from "./draft.ts";
import { toSdk } from "./sdk.ts";
import { toYaml } from "./yaml.ts";

export { LIMITS } from "../form/limits.ts";
export { SAMPLES } from "../form/samples.ts";

export function textsOf({ body, tags }: { body: object; tags: Texts }) {
  const sent = toBody(fromBody(body));
  return { body: sent, cli: toCli(sent, tags), sdk: toSdk(sent, tags), yaml: toYaml(sent) };
}
