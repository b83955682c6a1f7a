import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, Input, Select } from "antd";
import { useTranslation } from "react-i18next";
import { Wrong } from "../../create/Field.tsx";
import { changed, without } from "../../create/rowEdit.ts";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import { filledPorts, type Place, type Port, placesOf, port, withPlaces } from "../form/model.ts";

const FIRST = { inputs: "data_url", outputs: "train_url" } as const;
const PLACES = ["obs", "dataset"] as const;
const ACCESSES = ["", "parameter", "env"] as const;

/** The inputs or the outputs; without any, jobs have their own. */
export function Ports({ side }: { side: "inputs" | "outputs" }) {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  const rows = form[side];
  const filled = filledPorts(rows);
  const names = new Set([...form.inputs, ...form.outputs].map((one) => one.name));
  const put = (next: readonly Port[]) => set({ [side]: next });
  return (
    <Section
      title={t(`algorithms.${side}`)}
      extra={
        <Button
          size="small"
          type="text"
          icon={<PlusOutlined />}
          onClick={() => put([...rows, port(names.has(FIRST[side]) ? "" : FIRST[side])])}
        >
          {t("algorithms.add")}
        </Button>
      }
    >
      {rows.length === 0 ? <p className={styles.hint}>{t(`algorithms.none_${side}`)}</p> : null}
      <ul className={styles.rows} hidden={rows.length === 0}>
        {rows.map((row) => (
          <PortRow
            key={row.key}
            row={row}
            isInput={side === "inputs"}
            path={`algorithm.${side}[${filled.indexOf(row)}]`}
            onChange={(change) => put(changed(rows, row.key, change))}
            onRemove={() => put(without(rows, row.key))}
          />
        ))}
      </ul>
    </Section>
  );
}

function PortRow({
  row,
  isInput,
  path,
  onChange,
  onRemove,
}: {
  row: Port;
  isInput: boolean;
  path: string;
  onChange: (change: Partial<Port>) => void;
  onRemove: () => void;
}) {
  const { t } = useTranslation();
  const { problemAt } = useEditor();
  const name = row.name || t("algorithms.unnamed");
  const status = (part: string) =>
    problemAt(`${path}.${part}`) ? { status: "error" as const, "aria-invalid": true as const } : {};
  return (
    <li className={styles.port} data-path={path} data-input={isInput || undefined}>
      <Input
        className="mono"
        aria-label={t("common.name")}
        placeholder={t("common.name")}
        value={row.name}
        {...status("name")}
        onChange={(event) => onChange({ name: event.target.value.trim() })}
      />
      <Input
        aria-label={t("algorithms.descriptionOf", { name })}
        placeholder={t("common.description")}
        value={row.description}
        {...status("description")}
        onChange={(event) => onChange({ description: event.target.value })}
      />
      <Select<Port["access"]>
        aria-label={t("algorithms.accessOf", { name })}
        value={row.access}
        options={ACCESSES.map((value) => ({ value, label: t(`algorithms.access.${value || "default"}`) }))}
        onChange={(access) => onChange({ access })}
      />
      {isInput ? (
        <Select<Place[]>
          mode="multiple"
          aria-label={t("algorithms.placesOf", { name })}
          placeholder={t("algorithms.anyPlace")}
          value={placesOf(row)}
          options={PLACES.map((value) => ({ value, label: t(`algorithms.places.${value}`) }))}
          onChange={(places) => onChange({ constraints: withPlaces(row, places).constraints })}
        />
      ) : null}
      <Button
        type="text"
        icon={<DeleteOutlined />}
        aria-label={t("algorithms.remove", { name })}
        onClick={onRemove}
      />
      <Wrong paths={[path]} />
    </li>
  );
}
