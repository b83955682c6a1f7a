import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Sub, Wrong } from "../Field.tsx";
import { filledPairs, parameter } from "../form/model.ts";
import { parseFlags } from "../form/paste.ts";
import { changed, without } from "../rowEdit.ts";
import { mergedParameters } from "./merge.ts";
import { ParameterRow } from "./ParameterRow.tsx";
import { PasteButton } from "./PasteButton.tsx";

/** The hyperparameters: those of the algorithm by its rules, and those of the job. */
export function ParameterTable() {
  const { t } = useTranslation();
  const { form, set, terms } = useForm();
  const rows = form.parameters;
  const filled = filledPairs(rows);
  const own = new Map((terms?.parameters ?? []).map((one) => [one.name, one]));
  const canAdd = terms?.takesMore ?? true;
  return (
    <Sub
      title={t("create.parameters.title")}
      tools={
        <>
          <PasteButton
            label={t("create.parameters.paste")}
            hint={t("create.parameters.pasteHint")}
            placeholder="--lr 0.1 --epochs 3"
            read={parseFlags}
            onRead={(flags) => set({ parameters: mergedParameters(rows, flags, terms) })}
          />
          {canAdd ? (
            <Button
              size="small"
              type="text"
              icon={<PlusOutlined />}
              onClick={() => set({ parameters: [...rows, parameter()] })}
            >
              {t("create.parameters.add")}
            </Button>
          ) : null}
        </>
      }
    >
      {rows.length === 0 ? <p className={styles.hint}>{t("create.parameters.none")}</p> : null}
      {canAdd ? null : <p className={styles.hint}>{t("create.parameters.noMore")}</p>}
      <ul className={styles.rows}>
        {rows.map((row) => (
          <ParameterRow
            key={row.key}
            row={row}
            path={`algorithm.parameters[${filled.indexOf(row)}]`}
            terms={own.get(row.name)}
            onChange={(change) => set({ parameters: changed(rows, row.key, change) })}
            onRemove={() => set({ parameters: without(rows, row.key) })}
          />
        ))}
      </ul>
      {filled.length === 0 ? <Wrong paths={["algorithm.parameters"]} /> : null}
    </Sub>
  );
}
