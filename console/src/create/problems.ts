/** What is wrong, where: our own findings and the server's answer, by the paths of the request's body. Pure. */
export const SECTIONS = ["source", "data", "parameters", "resources", "options"] as const;
export type SectionName = (typeof SECTIONS)[number];

/** A path of the body and a sentence. */
export interface Said {
  path: string;
  text: string;
}

const PLACES: readonly (readonly [string, SectionName])[] = [
  ["algorithm.inputs", "data"],
  ["algorithm.outputs", "data"],
  ["spec.folders", "data"],
  ["algorithm.parameters", "parameters"],
  ["algorithm.environments", "parameters"],
  ["algorithm.metrics", "options"],
  ["algorithm", "source"],
  ["spec.resource", "resources"],
  ["tasks", "resources"],
  ["spec.schedule_policy", "resources"],
  ["spec.auto_stop", "resources"],
];

/** Whether `path` is `place` or lies below it. */
export function isAt(path: string, place: string): boolean {
  if (!path.startsWith(place)) return false;
  const next = path[place.length];
  return next === undefined || next === "." || next === "[";
}

/** The section that shows the field `path`; null for the name, which is above them. */
export function sectionOf(path: string): SectionName | null {
  if (isAt(path, "metadata.name")) return null;
  return PLACES.find(([place]) => isAt(path, place))?.[1] ?? "options";
}

/** What is said of the first of `paths` of which anything is; a field above one that is named answers for it. */
export function sentenceAt(said: readonly Said[], paths: readonly string[]): string {
  for (const path of paths) {
    const found = said.find((one) => isAt(one.path, path));
    if (found) return found.text;
  }
  return "";
}
