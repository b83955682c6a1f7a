import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Busy } from "../../shared/Busy.tsx";
import { Nothing } from "../../shared/Nothing.tsx";
import styles from "./logs.module.css";
import type { LogModel } from "./model.ts";
import { useModel } from "./useLog.ts";

/** In place of lines where there are none: why. */
export function Ends({ model, onSystem }: { model: LogModel; onSystem: () => void }) {
  const { t } = useTranslation();
  const isNeeded = useModel(model, ({ state, shown, rows }) =>
    state === "loading" ? 1 : shown.length === 0 && rows.atEnd && rows.atStart ? 2 : 0,
  );
  if (isNeeded === 0) return null;
  if (isNeeded === 1)
    return (
      <div className={styles.instead}>
        <Busy />
      </div>
    );
  const isHidden = model.rows.all.length > 0;
  const isOver = model.source.facts.ended;
  return (
    <div className={styles.instead}>
      {isHidden ? (
        <Nothing
          title={t("logs.onlySystem")}
          action={
            <Button size="small" onClick={onSystem}>
              {t("logs.showSystem")}
            </Button>
          }
        />
      ) : isOver ? (
        <Nothing title={t("logs.empty")} hint={t("logs.emptyHint")} />
      ) : (
        <Nothing title={t("logs.nothingYet")} hint={t("logs.nothingYetHint")} />
      )}
    </div>
  );
}
