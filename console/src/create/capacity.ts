/** How many nodes of a flavor fit into what is free. Pure. */
export interface Amounts {
  cpus: number;
  /** MiB. */
  memory: number;
  cards: number;
}

const UNITS: Readonly<Record<string, number>> = {
  "": 1 / 1024 ** 2,
  Ki: 1 / 1024,
  Mi: 1,
  Gi: 1024,
  Ti: 1024 ** 2,
};

/** A Kubernetes quantity of processors: `4`, `2500m`. */
export function cpusOf(text: string | undefined): number {
  const found = /^([\d.]+)(m?)$/.exec(text ?? "");
  return found ? Number(found[1]) / (found[2] ? 1000 : 1) : 0;
}

/** A Kubernetes quantity of memory in MiB: `9Gi`, `7680Mi`. */
export function memoryOf(text: string | undefined): number {
  const found = /^([\d.]+)([KMGT]i|)$/.exec(text ?? "");
  return found ? Number(found[1]) * (UNITS[found[2] ?? ""] ?? 0) : 0;
}

/** Amounts by the names that nodes give them; whatever else they have in pieces are cards. */
export function amountsOf(resources: Readonly<Record<string, string>>): Amounts {
  const cards = Object.entries(resources).find(([name]) => name.includes("/"))?.[1] ?? "0";
  return { cpus: cpusOf(resources.cpu), memory: memoryOf(resources.memory), cards: Number(cards) || 0 };
}

/** How many of `each` fit: a node of a job never spans two machines. */
export function howMany(each: Amounts, machines: readonly Amounts[]): number {
  let count = 0;
  for (const machine of machines) {
    const fits = [];
    if (each.cpus > 0) fits.push(machine.cpus / each.cpus);
    if (each.memory > 0) fits.push(machine.memory / each.memory);
    if (each.cards > 0) fits.push(machine.cards / each.cards);
    if (fits.length > 0) count += Math.max(0, Math.floor(Math.min(...fits) + 1e-9));
  }
  return count;
}

export interface Demand {
  each: Amounts;
  count: number;
}

/** Whether all of `demands` find room together: the large ones first, each where it fits first. */
export function haveRoom(demands: readonly Demand[], machines: readonly Amounts[]): boolean {
  const left = machines.map((machine) => ({ ...machine }));
  const size = ({ each }: Demand) => each.cards * 1e6 + each.cpus * 1e3 + each.memory / 1024;
  return [...demands]
    .sort((a, b) => size(b) - size(a))
    .every(({ each, count }) => {
      let open = count;
      for (const machine of left) {
        const taken = Math.min(open, howMany(each, [machine]));
        machine.cpus -= taken * each.cpus;
        machine.memory -= taken * each.memory;
        machine.cards -= taken * each.cards;
        open -= taken;
      }
      return open === 0;
    });
}

export type Outlook = "free" | "behind" | "queue" | "never" | "unknown";

interface Machine {
  all: Amounts;
  free: Amounts;
}

/** Whether a job starts at once, behind those that wait, once there is room, or never. Undefined: not known. */
export function outlookOf(
  demands: readonly Demand[] | undefined,
  machines: readonly Machine[] | undefined,
  waiting: number,
): Outlook {
  if (demands === undefined || machines === undefined) return "unknown";
  if (
    !haveRoom(
      demands,
      machines.map((machine) => machine.all),
    )
  )
    return "never";
  if (
    !haveRoom(
      demands,
      machines.map((machine) => machine.free),
    )
  )
    return "queue";
  return waiting > 0 ? "behind" : "free";
}
