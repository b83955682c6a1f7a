/** Parts of algorithms in words. Pure. */
import { Taker } from "../create/form/json.ts";
import type { Engine } from "../create/form/model.ts";
import type { Declared } from "./form/model.ts";

/** What values a hyperparameter may have: `0 – 10`, `a, b`; empty: any. */
export function allowedText(one: Pick<Declared, "limit" | "low" | "high" | "choices">): string {
  if (one.limit === "range") return `${one.low} – ${one.high}`;
  return one.limit === "choice" ? one.choices.join(", ") : "";
}

/** `PyTorch 2.13`, an image, or both; empty for the platform's own Python. */
export function engineName({ id, name, version, image }: Engine): string {
  const named = [name, version].filter(Boolean).join(" ") || id;
  return [named, image].filter(Boolean).join(" · ");
}

/** The engine of an answer's `job_config`. */
export function engineText(config: unknown): string {
  const take = new Taker(config);
  const part = (name: string) => take.text("engine", name);
  return engineName({
    id: part("engine_id"),
    name: part("engine_name"),
    version: part("engine_version"),
    image: part("image_url"),
  });
}
