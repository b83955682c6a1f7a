import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../../api/client.ts";
import { Problem } from "../../shared/Problem.tsx";
import styles from "../Create.module.css";
import { Capacity } from "./Capacity.tsx";
import { Preview } from "./Preview.tsx";
import { Scrolls } from "./Scrolls.tsx";
import { Texts } from "./Texts.tsx";

interface SidePanelProps {
  preview: Schemas["JobPreview"] | undefined;
  previewError: unknown;
  isStale: boolean;
  isReady: boolean;
  wrong: number;
  isSending: boolean;
  sendError: unknown;
  mayCreate: boolean;
  onCreate: () => void;
}

/** Beside the form: room, command, directories, the same job elsewhere, and the button. */
export function SidePanel(props: SidePanelProps) {
  const { t } = useTranslation();
  return (
    <aside className={styles.side} aria-label={t("create.side.title")}>
      <Scrolls className={styles.sideBody as string} label={t("create.side.title")}>
        <section className={styles.sidePart}>
          <h2>{t("create.side.capacity")}</h2>
          <Capacity />
        </section>
        <section className={styles.sidePart}>
          <h2>{t("create.side.preview")}</h2>
          <Preview
            preview={props.preview}
            error={props.previewError}
            isStale={props.isStale}
            isReady={props.isReady}
          />
        </section>
        <section className={styles.sidePart}>
          <h2>{t("create.side.texts")}</h2>
          <Texts />
        </section>
      </Scrolls>
      <div className={styles.foot}>
        {props.sendError ? <Problem error={props.sendError} /> : null}
        {props.wrong > 0 ? (
          <div className={styles.wrong} role="status">
            {t("create.problems", { count: props.wrong })}
          </div>
        ) : null}
        <Button
          type="primary"
          size="large"
          block
          loading={props.isSending}
          disabled={!props.mayCreate}
          onClick={props.onCreate}
        >
          {t("create.create")}
        </Button>
        {props.mayCreate ? null : <div className={styles.hint}>{t("create.mayNot")}</div>}
      </div>
    </aside>
  );
}
