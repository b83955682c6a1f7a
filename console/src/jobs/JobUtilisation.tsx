import { WarningFilled } from "@ant-design/icons";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import { Dash } from "../shared/Dash.tsx";
import { percent } from "../shared/format.ts";
import { utilisationOf } from "./glance.ts";
import styles from "./jobs.module.css";
import type { Job } from "./types.ts";

const NAMES = { gpu: "GPU", npu: "NPU", cpu: "CPU" } as const;

/** How busy a running job's accelerators are, with the manual's warning when that is less than half of the time. */
export function JobUtilisation({ job }: { job: Job }) {
  const { t } = useTranslation();
  const found = utilisationOf(job.summary);
  if (!found) return <Dash />;
  const usage = job.summary?.usage;
  const all = [
    ...(["gpu", "npu", "cpu"] as const).flatMap((of) =>
      typeof usage?.[of] === "number" ? [`${NAMES[of]} ${percent(usage[of])}`] : [],
    ),
    ...(typeof usage?.memory === "number" ? [t("jobs.usage.memory", { share: percent(usage.memory) })] : []),
  ];
  const told = t("jobs.usage.means", { all: all.join(t("jobs.usage.and")) });
  return (
    <Tooltip title={found.isLow ? `${t("jobs.usage.low")} ${told}` : told}>
      <span className={styles.usage} data-low={found.isLow || undefined}>
        {found.isLow ? (
          <WarningFilled className="warn" role="img" aria-label={t("jobs.usage.lowMark")} />
        ) : null}
        <span className={styles.of}>{NAMES[found.of]}</span>
        <b>{percent(found.percent)}</b>
      </span>
    </Tooltip>
  );
}
