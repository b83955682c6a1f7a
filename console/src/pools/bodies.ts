/** From the form of a pool to what the server takes. Pure. */
import type { Schemas } from "../api/client.ts";
import {
  DESCRIPTION,
  descriptionOf,
  EVERY_WORKSPACE,
  labelOf,
  NAME_LABEL,
  type Pool,
  WORKSPACE_LABEL,
} from "./types.ts";

export interface PoolValues {
  name: string;
  description: string;
  /** Null: none is chosen yet. */
  resources: { flavor: string | null; count: number }[];
  /** Empty: all that fit. */
  jobFlavors: string[];
  preemption: boolean;
  workspace: string;
}

export const NEW_POOL: PoolValues = {
  name: "",
  description: "",
  resources: [{ flavor: null, count: 1 }],
  jobFlavors: [],
  preemption: false,
  workspace: EVERY_WORKSPACE,
};

/** What the fields hold for a pool that is to be changed. */
export function valuesOf(pool: Pool): PoolValues {
  return {
    name: labelOf(pool, NAME_LABEL),
    description: descriptionOf(pool),
    resources: pool.spec.resources.map(({ flavor, count }) => ({ flavor, count })),
    jobFlavors: [...pool.spec.jobFlavors],
    preemption: pool.spec.preemption?.enabled ?? false,
    workspace: labelOf(pool, WORKSPACE_LABEL) || EVERY_WORKSPACE,
  };
}

/** A flavor is chosen in every row before the form can be sent. */
function resourcesOf(values: PoolValues) {
  return values.resources.map(({ flavor, count }) => ({ flavor: flavor ?? "", count }));
}

/** The body that makes a pool. */
export function newBody(values: PoolValues): Schemas["PoolRequest"] {
  return {
    metadata: {
      labels: {
        [NAME_LABEL]: values.name.trim(),
        ...(values.workspace === EVERY_WORKSPACE ? {} : { [WORKSPACE_LABEL]: values.workspace }),
      },
      annotations: { [DESCRIPTION]: values.description },
    },
    spec: {
      type: "Dedicate",
      scope: ["Train"],
      resources: resourcesOf(values),
      jobFlavors: values.jobFlavors,
      preemption: { enabled: values.preemption },
    },
  };
}

const differs = (a: unknown, b: unknown) => JSON.stringify(a) !== JSON.stringify(b);

/**
 * The body that makes `values` of what the fields held before; what is the same is left out. Flavors above all: a pool
 * that admits all that fit is answered with their names, and to send these back would fix them. The workspace stays.
 */
export function changeBody(before: PoolValues, values: PoolValues): Schemas["PoolChange"] {
  const name = values.name.trim();
  return {
    metadata: {
      ...(name === before.name ? {} : { labels: { [NAME_LABEL]: name } }),
      ...(values.description === before.description
        ? {}
        : { annotations: { [DESCRIPTION]: values.description } }),
    },
    spec: {
      ...(differs(resourcesOf(values), before.resources) ? { resources: resourcesOf(values) } : {}),
      ...(differs(values.jobFlavors, before.jobFlavors) ? { jobFlavors: values.jobFlavors } : {}),
      ...(values.preemption === before.preemption ? {} : { preemption: { enabled: values.preemption } }),
    },
  };
}
