import { SettingOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { PathInput } from "../../shared/ObjectPicker.tsx";
import styles from "../Create.module.css";
import { useForm } from "../context.ts";
import { Wrong } from "../Field.tsx";
import type { Channel } from "../form/model.ts";
import type { ChannelTerms } from "../form/terms.ts";
import { RemoveRow, RowName } from "../RowParts.tsx";
import { ChannelMore } from "./ChannelMore.tsx";
import { DatasetPick } from "./DatasetPick.tsx";
import { JobOutput } from "./JobOutput.tsx";
import { PathSize } from "./PathSize.tsx";

interface ChannelRowProps {
  side: "inputs" | "outputs";
  row: Channel;
  path: string;
  terms: ChannelTerms | undefined;
  onChange: (change: Partial<Channel>) => void;
  onRemove: () => void;
}

/** One channel: what it is called, what lies there. */
export function ChannelRow({ side, row, path, terms, onChange, onRemove }: ChannelRowProps) {
  const { t } = useTranslation();
  const { problemAt } = useForm();
  const hasMore = Boolean(row.localDir || row.access || row.prefetch);
  const [isOpen, setOpen] = useState(false);
  const places = terms && terms.places.length > 0 ? terms.places : (["path", "dataset", "job"] as const);
  const isInput = side === "inputs";
  const placeWrong = problemAt(`${path}.remote`) !== "";
  const label = t(isInput ? "create.data.source" : "create.data.target", { name: row.name });
  const status = placeWrong ? { status: "error" as const } : {};
  return (
    <li className={styles.channel} data-path={path}>
      <RowName
        name={row.name}
        label={t("create.data.name")}
        isFixed={terms !== undefined}
        isWrong={problemAt(`${path}.name`) !== ""}
        onChange={(name) => onChange({ name })}
      />
      <div className={styles.rowEnd}>
        {isInput ? (
          <Select<Channel["place"]>
            aria-label={t("create.data.place")}
            value={row.place}
            disabled={places.length < 2}
            popupMatchSelectWidth={false}
            options={places.map((place) => ({ value: place, label: t(`create.data.place_${place}`) }))}
            onChange={(place) => onChange({ place })}
          />
        ) : null}
      </div>
      {isInput && row.place === "dataset" ? (
        <DatasetPick
          dataset={row.dataset}
          version={row.version}
          label={label}
          isWrong={placeWrong}
          onChange={(dataset, version) => onChange({ dataset, version, rest: {} })}
        />
      ) : isInput && row.place === "job" ? (
        <JobOutput
          job={row.job}
          output={row.jobOutput}
          label={label}
          isWrong={placeWrong}
          onChange={(job, jobOutput) => onChange({ job, jobOutput })}
        />
      ) : (
        <PathInput
          mode="folder"
          aria-label={label}
          value={row.path}
          {...status}
          onChange={(value) => onChange({ path: value.trim() })}
        />
      )}
      <div className={styles.rowEnd}>
        <Button
          type={hasMore ? "default" : "text"}
          icon={<SettingOutlined />}
          aria-label={t("create.data.more")}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
        {terms ? null : <RemoveRow name={row.name} onRemove={onRemove} />}
      </div>
      {terms?.description ? <div className={styles.hint}>{terms.description}</div> : null}
      {isInput && row.place === "path" ? <PathSize path={row.path} /> : null}
      <Wrong paths={[path]} />
      {isOpen || problemAt(`${path}.local_dir`) ? (
        <ChannelMore side={side} row={row} path={path} onChange={onChange} />
      ) : null}
    </li>
  );
}
