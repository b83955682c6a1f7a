import { LockOutlined } from "@ant-design/icons";
import { type ReactNode, useId } from "react";
import { useTranslation } from "react-i18next";
import styles from "./Create.module.css";
import { useForm } from "./context.ts";

/** What a control is given, so that its label and its problem belong to it. */
export interface Control {
  id: string;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
  status?: "error";
}

/** A labelled control with what is wrong with it, by the path of its field in the request's body. */
export function Field({
  path,
  label,
  hint,
  optional = false,
  locked,
  children,
}: {
  path: string | readonly string[];
  label: string;
  hint?: ReactNode;
  optional?: boolean;
  /** Why it cannot be changed. */
  locked?: string | undefined;
  children: (control: Control) => ReactNode;
}) {
  const { t } = useTranslation();
  const { problemAt } = useForm();
  const id = useId();
  const paths = typeof path === "string" ? [path] : path;
  const problem = problemAt(...paths);
  const control: Control = {
    id,
    ...(problem || hint || locked ? { "aria-describedby": `${id}-note` } : {}),
    ...(problem ? { "aria-invalid": true, status: "error" } : {}),
  };
  return (
    <div className={styles.field} data-path={paths[0]}>
      <label className={styles.label} htmlFor={id}>
        {label}
        {optional ? <span className={styles.optional}>{t("create.optional")}</span> : null}
      </label>
      {children(control)}
      <div id={`${id}-note`}>
        {problem ? (
          <div className={styles.wrong} role="alert">
            {problem}
          </div>
        ) : null}
        {locked ? (
          <div className={styles.hint}>
            <LockOutlined aria-hidden /> {locked}
          </div>
        ) : hint && !problem ? (
          <div className={styles.hint}>{hint}</div>
        ) : null}
      </div>
    </div>
  );
}

/** What is wrong at `paths`, below controls that stand in a row. */
export function Wrong({ paths, id }: { paths: readonly string[]; id?: string }) {
  const problem = useForm().problemAt(...paths);
  return problem ? (
    <div className={styles.wrong} role="alert" {...(id ? { id } : {})}>
      {problem}
    </div>
  ) : null;
}

/** A part of a section with a heading of its own and its tools at the right. */
export function Sub({ title, tools, children }: { title: string; tools?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.sub}>
      <div className={styles.subHead}>
        <h3>{title}</h3>
        <div className={styles.subTools}>{tools}</div>
      </div>
      {children}
    </div>
  );
}
