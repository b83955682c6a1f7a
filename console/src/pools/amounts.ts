/** Kubernetes quantities as numbers, and what of a node is in use. Pure. */
import type { PoolNode, Workload } from "./types.ts";

export interface Amounts {
  cpus: number;
  memory_mib: number;
  cards: number;
}

const NONE: Amounts = { cpus: 0, memory_mib: 0, cards: 0 };

/** CPUs of `4` or `2500m`. */
export function cpusOf(quantity: string | undefined): number {
  if (!quantity) return 0;
  return quantity.endsWith("m") ? Number(quantity.slice(0, -1)) / 1000 : Number(quantity);
}

/** MiB of `8Gi` or `1500Mi`. */
export function mibOf(quantity: string | undefined): number {
  if (!quantity) return 0;
  const size = Number.parseFloat(quantity);
  return quantity.endsWith("Gi") ? size * 1024 : size;
}

/** What `quantities` say; every key but those of CPU and memory counts cards. */
export function amountsOf(quantities: Readonly<Record<string, string>>): Amounts {
  const cards = Object.entries(quantities).filter(([key]) => key !== "cpu" && key !== "memory");
  return {
    cpus: cpusOf(quantities.cpu),
    memory_mib: mibOf(quantities.memory),
    cards: cards.reduce((sum, [, value]) => sum + Number(value), 0),
  };
}

/** What the jobs that are known have on the host of this address. */
function heldOn(address: string, workloads: readonly Workload[]): Amounts {
  return workloads
    .flatMap((job) => job.nodes)
    .filter((node) => node.hostIp === address)
    .map((node) => amountsOf(node.resourceRequirement as Record<string, string>))
    .reduce(
      (sum, one) => ({
        cpus: sum.cpus + one.cpus,
        memory_mib: sum.memory_mib + one.memory_mib,
        cards: sum.cards + one.cards,
      }),
      NONE,
    );
}

/** What a node has and what of it is in use. Of one out of use nothing is free: what the jobs have there is counted. */
export function usedOf(node: PoolNode, workloads: readonly Workload[]): { size: Amounts; used: Amounts } {
  const size = amountsOf(node.status.resources as Record<string, string>);
  if (stateOf(node).isOut) return { size, used: heldOn(node.status.privateIp, workloads) };
  const free = amountsOf(node.status.availableResources as Record<string, string>);
  return {
    size,
    used: {
      cpus: size.cpus - free.cpus,
      memory_mib: size.memory_mib - free.memory_mib,
      cards: size.cards - free.cards,
    },
  };
}

/** The jobs that run on a node. */
export function jobsOn(node: PoolNode, workloads: readonly Workload[]): Workload[] {
  return workloads.filter((job) => job.nodes.some((one) => one.hostIp === node.status.privateIp));
}

export type NodeState = "available" | "locked" | "isolated" | "abnormal";

export interface StateOfNode {
  state: NodeState;
  /** Nothing is started on it, by decision of an administrator or of a check. */
  isOut: boolean;
  /** A reason's name such as `precheck_failed`; empty for one that is available or locked. */
  reason: string;
  /** In the words of the one who locked it, or of the backend. */
  detail: string;
  by: string;
  /** In ms; 0 where it is not known. */
  since: number;
  job: string;
}

const ISOLATED = "trainwright.isolated/";

/** How a node is, why, since when and through whom. */
export function stateOf(node: PoolNode): StateOfNode {
  const said = (key: string) => (node.metadata.annotations as Record<string, string>)[ISOLATED + key] ?? "";
  const reason = said("reason");
  if (reason)
    return {
      state: reason === "admin" ? "locked" : "isolated",
      isOut: true,
      reason: reason === "admin" ? "" : reason,
      detail: said("detail"),
      by: said("by"),
      since: Date.parse(said("since")) || 0,
      job: said("job"),
    };
  const ready = node.status.conditions.find((condition) => condition.type === "Ready");
  const isWell = node.status.phase === "Available";
  return {
    state: isWell ? "available" : "abnormal",
    isOut: false,
    reason: "",
    detail: isWell ? "" : (ready?.message ?? ""),
    by: "",
    since: 0,
    job: "",
  };
}
