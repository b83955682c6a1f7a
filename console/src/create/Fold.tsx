import { RightOutlined } from "@ant-design/icons";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Create.module.css";

/** A section of the form: its name and what it says in short; opened, its fields. */
export function Fold({
  title,
  summary,
  wrong,
  missing,
  open,
  onToggle,
  children,
}: {
  title: string;
  summary: string;
  /** How much of it is wrong. */
  wrong: number;
  /** How much of it is still to be filled in. */
  missing: number;
  open: boolean;
  onToggle: () => void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const id = useId();
  return (
    <section className={styles.fold} data-wrong={(wrong > 0 && !open) || undefined}>
      <h2 className={styles.foldHeading}>
        <button
          type="button"
          className={styles.foldHead}
          aria-expanded={open}
          aria-controls={id}
          onClick={onToggle}
        >
          <RightOutlined className={styles.foldArrow} aria-hidden />
          <span className={styles.foldTitle}>{title}</span>
          <span className={styles.foldSummary}>{open ? null : summary}</span>
          {wrong > 0 ? (
            <span className={styles.foldWrong}>{t("create.problems", { count: wrong })}</span>
          ) : missing > 0 ? (
            <span className={styles.hint}>{t("create.toFill", { count: missing })}</span>
          ) : null}
        </button>
      </h2>
      <div id={id} hidden={!open}>
        {open ? <div className={styles.foldBody}>{children}</div> : null}
      </div>
    </section>
  );
}
