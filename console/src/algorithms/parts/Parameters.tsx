import { PlusOutlined } from "@ant-design/icons";
import { Button, Checkbox } from "antd";
import { useTranslation } from "react-i18next";
import { Wrong } from "../../create/Field.tsx";
import { type Flag, parseFlags } from "../../create/form/paste.ts";
import { PasteButton } from "../../create/parameters/PasteButton.tsx";
import { changed, without } from "../../create/rowEdit.ts";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import { type Declared, declared, filledDeclared } from "../form/model.ts";
import { DeclaredRow } from "./DeclaredRow.tsx";

/** The hyperparameters with their defaults, and what jobs may make of them. */
export function Parameters() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  const rows = form.parameters;
  const filled = filledDeclared(rows);
  return (
    <Section
      title={t("algorithms.parameters")}
      extra={
        <span>
          <PasteButton
            label={t("algorithms.paste")}
            hint={t("algorithms.pasteHint")}
            placeholder="--lr 0.1 --epochs 3"
            read={parseFlags}
            onRead={(flags) => set({ parameters: withFlags(rows, flags) })}
          />
          <Button
            size="small"
            type="text"
            icon={<PlusOutlined />}
            onClick={() => set({ parameters: [...rows, declared()] })}
          >
            {t("algorithms.add")}
          </Button>
        </span>
      }
    >
      {rows.length === 0 ? (
        <p className={styles.hint}>{t("algorithms.noParameters")}</p>
      ) : (
        <>
          <div className={styles.heads} aria-hidden>
            <span>{t("common.name")}</span>
            <span>{t("algorithms.type")}</span>
            <span>{t("algorithms.default")}</span>
          </div>
          <ul className={styles.rows}>
            {rows.map((row) => (
              <DeclaredRow
                key={row.key}
                row={row}
                path={`algorithm.parameters[${filled.indexOf(row)}]`}
                onChange={(change) => set({ parameters: changed(rows, row.key, change) })}
                onRemove={() => set({ parameters: without(rows, row.key) })}
              />
            ))}
          </ul>
        </>
      )}
      {filled.length === 0 ? <Wrong paths={["algorithm.parameters"]} /> : null}
      <Checkbox checked={form.takesMore} onChange={(event) => set({ takesMore: event.target.checked })}>
        {t("algorithms.takesMore")}
      </Checkbox>
    </Section>
  );
}

/** Pasted values laid over the rows: the same name has another default, a new one comes behind. */
function withFlags(rows: readonly Declared[], flags: readonly Flag[]): Declared[] {
  const given = new Map(flags.map((flag) => [flag.name, flag]));
  const kept = filledDeclared(rows);
  const names = new Set(kept.map((row) => row.name));
  return [
    ...kept.map((row) => {
      const flag = given.get(row.name);
      return flag ? { ...row, value: flag.value, flag: flag.flag, unset: false } : row;
    }),
    ...[...given.values()]
      .filter((flag) => !names.has(flag.name))
      .map((flag) => ({ ...declared(flag.name, flag.value, flag.flag), type: guessedType(flag) })),
  ];
}

function guessedType({ value, flag }: Flag): Declared["type"] {
  if (flag) return "String";
  if (/^[+-]?\d+$/.test(value)) return "Integer";
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return "Float";
  return /^(true|false)$/i.test(value) ? "Boolean" : "String";
}
