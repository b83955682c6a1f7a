import { useTranslation } from "react-i18next";
import { bytes, duration } from "../shared/format.ts";
import { useLanguage } from "../shared/language.ts";
import { Meter } from "../shared/Meter.tsx";
import styles from "./pools.module.css";
import type { Room } from "./types.ts";

const MIB = 1024 * 1024;

interface Part {
  key: "cards" | "cpus" | "memory";
  label: string;
  used: number;
  of: number;
  text: string;
}

/** Cards, CPUs and memory of a room, as meters say them. Cards only where there are any. */
export function useParts(): (room: Room) => Part[] {
  const { t } = useTranslation();
  return ({ used, capacity, accelerator_kind: kind }) => [
    ...(capacity.accelerators > 0
      ? [
          {
            key: "cards" as const,
            label: t(`pools.cards.${kind || "any"}`, kind),
            used: used.accelerators,
            of: capacity.accelerators,
            text: `${used.accelerators} / ${capacity.accelerators}`,
          },
        ]
      : []),
    {
      key: "cpus" as const,
      label: "CPU",
      used: used.cpus,
      of: capacity.cpus,
      text: `${used.cpus} / ${capacity.cpus}`,
    },
    {
      key: "memory" as const,
      label: t("pools.memory"),
      used: used.memory_mib,
      of: capacity.memory_mib,
      text: `${bytes(used.memory_mib * MIB)} / ${bytes(capacity.memory_mib * MIB)}`,
    },
  ];
}

/** How full a pool is: meters, each with what is used of what there is. */
export function Meters({ room }: { room: Room }) {
  const parts = useParts()(room);
  return (
    <div className={styles.meters}>
      {parts.map(({ key, ...part }) => (
        <Meter key={key} {...part} />
      ))}
    </div>
  );
}

/** How many nodes of each flavor could start now, and how long one more would wait. */
export function FlavorRooms({ room }: { room: Room }) {
  const { t } = useTranslation();
  const language = useLanguage();
  const wait = (seconds: number | null | undefined) => {
    if (seconds === null || seconds === undefined) return t("pools.waitUnknown");
    return seconds === 0 ? t("pools.atOnce") : `≈ ${duration(seconds, language)}`;
  };
  if (room.flavors.length === 0) return <p className="quiet">{t("pools.noFlavorFits")}</p>;
  return (
    <table className={styles.flavors}>
      <thead>
        <tr>
          <th scope="col">{t("pools.flavor")}</th>
          <th scope="col">{t("pools.freeNodes")}</th>
          <th scope="col">{t("pools.oneMoreWaits")}</th>
        </tr>
      </thead>
      <tbody>
        {room.flavors.map((flavor) => (
          <tr key={flavor.flavor_id}>
            <th scope="row">{flavor.flavor_id}</th>
            <td>
              {flavor.free_nodes} / {flavor.nodes}
            </td>
            <td>{wait(flavor.expected_wait_s)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
