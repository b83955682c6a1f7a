import { CheckCircleFilled, ClockCircleOutlined, CloseCircleFilled } from "@ant-design/icons";
import { useTranslation } from "react-i18next";
import { count } from "../shared/format.ts";
import type { DatasetVersion } from "./queries.ts";
import styles from "./VersionState.module.css";

/** How far a version is: ready, being made (how much of it), or failed and why. */
export function VersionState({ version }: { version: DatasetVersion }) {
  const { t } = useTranslation();
  const { state } = version;
  return (
    <span className={styles.state} data-state={state}>
      {state === "ready" ? (
        <CheckCircleFilled />
      ) : state === "failed" ? (
        <CloseCircleFilled />
      ) : (
        <ClockCircleOutlined />
      )}
      <span>
        {t(`datasets.state.${state}`)}
        {state === "creating" && version.total_sample_count > 0 ? (
          <span className="quiet tabular">
            {" "}
            {count(version.done_objects)} / {count(version.total_sample_count)}
          </span>
        ) : null}
        {state === "failed" && version.message ? <span className={styles.why}>{version.message}</span> : null}
      </span>
    </span>
  );
}
