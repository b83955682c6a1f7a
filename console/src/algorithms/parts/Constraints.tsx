import { Checkbox, Switch } from "antd";
import { useTranslation } from "react-i18next";
import { Wrong } from "../../create/Field.tsx";
import { Section } from "../../shared/Page.tsx";
import styles from "../algorithms.module.css";
import { useEditor } from "../editor.ts";
import { FLAVOR_TYPES, type Mode } from "../form/model.ts";

/** On what its jobs can run. */
export function Constraints() {
  const { t } = useTranslation();
  const { form, set } = useEditor();
  return (
    <Section title={t("algorithms.constraints")}>
      <div className={styles.toggles}>
        <fieldset className={styles.toggle}>
          <legend>{t("algorithms.flavorTypes")}</legend>
          <Checkbox.Group
            value={[...form.flavorTypes]}
            options={FLAVOR_TYPES.map((type) => ({ value: type, label: type }))}
            onChange={(chosen) => set({ flavorTypes: FLAVOR_TYPES.filter((type) => chosen.includes(type)) })}
          />
          <span className={styles.hint}>{t("algorithms.flavorTypesHint")}</span>
        </fieldset>
        <Several
          id="cards"
          label={t("algorithms.cards")}
          hint={t("algorithms.cardsHint")}
          mode={form.cards}
          onChange={(cards) => set({ cards })}
        />
        <Several
          id="hosts"
          label={t("algorithms.hosts")}
          hint={t("algorithms.hostsHint")}
          mode={form.hosts}
          onChange={(hosts) => set({ hosts })}
        />
      </div>
      <Wrong paths={["resource_requirements"]} />
    </Section>
  );
}

function Several({
  id,
  label,
  hint,
  mode,
  onChange,
}: {
  id: string;
  label: string;
  hint: string;
  mode: Mode;
  onChange: (mode: Mode) => void;
}) {
  return (
    <div className={styles.toggle}>
      <label htmlFor={id}>{label}</label>
      <span>
        <Switch
          id={id}
          checked={mode !== "singular"}
          onChange={(isOn) => onChange(isOn ? "multiple" : "singular")}
        />
      </span>
      <span className={styles.hint}>{hint}</span>
    </div>
  );
}
