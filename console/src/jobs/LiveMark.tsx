import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { StreamState } from "../api/stream.ts";
import styles from "./jobs.module.css";

/** Whether what is shown follows the server. Says so when it does not. */
export function LiveMark({ state }: { state: StreamState }) {
  const { t } = useTranslation();
  if (state === "ended") return null;
  return (
    <Tooltip title={t(`jobs.live.${state}Hint`)}>
      <span role="status" className={styles.live} data-state={state}>
        <i aria-hidden />
        {t(`jobs.live.${state}`)}
      </span>
    </Tooltip>
  );
}
