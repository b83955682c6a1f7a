import { PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Sub, Wrong } from "../Field.tsx";
import { filledPairs, type Pair, pair } from "../form/model.ts";
import { isSecret } from "../form/paste.ts";
import { RemoveRow, RowName } from "../RowParts.tsx";
import { changed, without } from "../rowEdit.ts";

/** Names and values, a row each: variables, tags, metrics. */
export function Pairs({
  title,
  add,
  none,
  path,
  rows,
  masks = false,
  tools,
  onChange,
}: {
  title: string;
  add: string;
  none: string;
  path: string;
  rows: readonly Pair[];
  /** Hides the values of names that sound secret. */
  masks?: boolean;
  tools?: ReactNode;
  onChange: (rows: Pair[]) => void;
}) {
  const { t } = useTranslation();
  const { problemAt } = useForm();
  const filled = filledPairs(rows);
  return (
    <Sub
      title={title}
      tools={
        <>
          {tools}
          <Button
            size="small"
            type="text"
            icon={<PlusOutlined />}
            onClick={() => onChange([...rows, pair()])}
          >
            {add}
          </Button>
        </>
      }
    >
      {rows.length === 0 ? <p className={styles.hint}>{none}</p> : null}
      <ul className={styles.rows}>
        {rows.map((row) => {
          const paths = [`${path}[${filled.indexOf(row)}]`, ...(row.name ? [`${path}.${row.name}`] : [])];
          const value = {
            className: "mono",
            "aria-label": t("create.valueOf", { name: row.name }),
            value: row.value,
            onChange: (event: { target: { value: string } }) =>
              onChange(changed(rows, row.key, { value: event.target.value })),
          };
          return (
            <li key={row.key} className={styles.row} data-path={paths[0]}>
              <RowName
                name={row.name}
                label={t("create.name")}
                isWrong={problemAt(...paths) !== ""}
                onChange={(name) => onChange(changed(rows, row.key, { name }))}
              />
              {masks && isSecret(row.name) ? (
                <Input.Password {...value} autoComplete="off" />
              ) : (
                <Input {...value} placeholder={t("create.value")} />
              )}
              <div className={styles.rowEnd}>
                <RemoveRow name={row.name} onRemove={() => onChange(without(rows, row.key))} />
              </div>
              <Wrong paths={paths} />
            </li>
          );
        })}
      </ul>
    </Sub>
  );
}
