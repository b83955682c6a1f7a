import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Sub } from "../Field.tsx";
import { channel, filledChannels } from "../form/model.ts";
import { changed, without } from "../rowEdit.ts";
import { ChannelRow } from "./ChannelRow.tsx";

const FIRST = { inputs: "data_url", outputs: "train_url" } as const;

/** The inputs or the outputs; those that an algorithm declares are there and stay. */
export function Channels({ side }: { side: "inputs" | "outputs" }) {
  const { t } = useTranslation();
  const { form, set, terms, problemAt } = useForm();
  const rows = form[side];
  const declared = terms?.[side] ?? [];
  const own = new Map(declared.map((one) => [one.name, one]));
  const filled = filledChannels(rows);
  const names = new Set([...form.inputs, ...form.outputs].map((one) => one.name));
  const put = (next: typeof rows) => set({ [side]: next });
  const general = problemAt(`algorithm.${side}`);
  return (
    <Sub
      title={t(`create.data.${side}`)}
      tools={
        declared.length > 0 ? (
          <span className="quiet">{t("create.data.declared")}</span>
        ) : (
          <Button
            size="small"
            type="text"
            icon={<PlusOutlined />}
            onClick={() => put([...rows, channel(names.has(FIRST[side]) ? "" : FIRST[side])])}
          >
            {t(`create.data.add_${side}`)}
          </Button>
        )
      }
    >
      {rows.length === 0 ? <p className={styles.hint}>{t(`create.data.none_${side}`)}</p> : null}
      <ul className={styles.rows}>
        {rows.map((row) => (
          <ChannelRow
            key={row.key}
            side={side}
            row={row}
            path={`algorithm.${side}[${filled.indexOf(row)}]`}
            terms={own.get(row.name)}
            onChange={(change) => put(changed(rows, row.key, change))}
            onRemove={() => put(without(rows, row.key))}
          />
        ))}
      </ul>
      {general && filled.length === 0 ? <div className={styles.wrong}>{general}</div> : null}
    </Sub>
  );
}
