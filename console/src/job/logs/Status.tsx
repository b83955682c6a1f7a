import { memo } from "react";
import { useTranslation } from "react-i18next";
import { LiveMark } from "../../jobs/LiveMark.tsx";
import { bytes, count } from "../../shared/format.ts";
import { useProblemText } from "../../shared/Problem.tsx";
import styles from "./logs.module.css";
import type { LogModel } from "./model.ts";
import { useModel } from "./useLog.ts";

const Live = memo(LiveMark); // what it is made of is slow to render with each line that comes

/** Below the lines: how many there are, and whether more come. */
export function Status({ model }: { model: LogModel }) {
  const { t } = useTranslation();
  useModel(model, ({ version }) => version);
  const said = useProblemText(model.error);
  const { size, lineCount } = model.source.facts;
  const lines = (model.rows.atEnd && model.rows.last?.number) || lineCount;
  const parts = [
    lines === null
      ? size === null
        ? ""
        : t("logs.counting")
      : t("logs.lines", { count: lines, shown: count(lines) }),
    size === null ? "" : bytes(size),
  ];
  return (
    <footer className={styles.status}>
      <span>{parts.filter(Boolean).join(" · ")}</span>
      {model.error && model.state === "ready" ? (
        <span className="wrong" role="alert">
          {said.message} {said.remedy}
        </span>
      ) : null}
      <span className={styles.live}>
        {model.state !== "ready" ? null : model.live === "ended" ? (
          t("logs.ended")
        ) : (
          <Live state={model.live} />
        )}
      </span>
    </footer>
  );
}
