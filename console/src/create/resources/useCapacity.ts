import { useQuery } from "@tanstack/react-query";
import { howMany, type Outlook, outlookOf } from "../capacity.ts";
import { useForm } from "../context.ts";
import { type Flavor, flavorsQuery, machinesQuery, poolsQuery, type Queue, queueQuery } from "../queries.ts";

interface Room {
  flavor: Flavor;
  free: number | null;
  total: number | null;
}

export interface Capacity {
  /** Flavors that the pool has room for at all; with them, how many more of them fit now, and into the whole pool. */
  flavors: Room[];
  queue: Queue | undefined;
  isPending: boolean;
  error: unknown;
  /** How the form's job would fare. */
  outlook: Outlook;
  wanted: number;
  /** The flavor of all its nodes, when they have one only. */
  only: Room | undefined;
}

/** What of the form's pool is free now. */
export function useCapacity(): Capacity {
  const { form } = useForm();
  const flavors = useQuery(flavorsQuery());
  const pools = useQuery(poolsQuery());
  const pool = pools.data?.find((one) => (form.pool ? one.id === form.pool : one.isPublic));
  const machines = useQuery(machinesQuery(pool?.id ?? ""));
  const queue = useQuery(queueQuery(pool?.id ?? ""));
  const room = (flavor: Flavor, which: "all" | "free") =>
    machines.data
      ? howMany(
          flavor,
          machines.data.map((machine) => machine[which]),
        )
      : null;
  const rows = (flavors.data ?? [])
    .filter((flavor) => !pool || pool.flavors.length === 0 || pool.flavors.includes(flavor.id))
    .map((flavor) => ({ flavor, free: room(flavor, "free"), total: room(flavor, "all") }));
  const asked = form.hasRoles
    ? form.roles.map((role) => ({ name: role.flavor || form.flavor, count: role.nodes ?? 0 }))
    : [{ name: form.flavor, count: form.nodes ?? 1 }];
  const found = asked.map(({ name, count }) => ({ row: rowOf(rows, name), count }));
  const demands = found.flatMap(({ row, count }) => (row ? [{ each: row.flavor, count }] : []));
  const isKnown = demands.length === found.length && found.length > 0;
  const kinds = new Set(found.map(({ row }) => row?.flavor.id));
  const only = isKnown && kinds.size === 1 ? found[0]?.row : undefined;
  return {
    flavors: rows,
    queue: queue.data,
    isPending: flavors.isPending || pools.isPending,
    error: flavors.error ?? pools.error ?? machines.error,
    outlook: outlookOf(isKnown ? demands : undefined, machines.data, queue.data?.waiting ?? 0),
    wanted: found.reduce((sum, { count }) => sum + count, 0),
    only,
  };
}

function rowOf(rows: Capacity["flavors"], name: string) {
  return rows.find(({ flavor }) => flavor.id === name || flavor.aliases.includes(name));
}
