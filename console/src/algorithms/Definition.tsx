import { Tag } from "antd";
import { useTranslation } from "react-i18next";
import { Dash } from "../shared/Dash.tsx";
import { type Column, DataList } from "../shared/DataList.tsx";
import { Facts } from "../shared/Facts.tsx";
import { Section } from "../shared/Page.tsx";
import styles from "./algorithms.module.css";
import type { AlgorithmForm, Declared, Mode, Port } from "./form/model.ts";
import { placesOf } from "./form/model.ts";
import { allowedText } from "./names.ts";
import { SearchFacts } from "./SearchFacts.tsx";

/** What an algorithm takes and needs: hyperparameters, channels, constraints, search, metrics. */
export function Definition({ form }: { form: AlgorithmForm }) {
  const { t } = useTranslation();
  const several = (mode: Mode) => t(mode === "singular" ? "algorithms.notSupported" : "algorithms.supported");
  return (
    <>
      <Part title={t("algorithms.parameters")}>
        <DataList
          columns={useParameterColumns()}
          rowKey={(one) => one.key}
          query={{ data: { items: form.parameters, total: form.parameters.length }, error: null }}
          empty={<p className={styles.hint}>{t("algorithms.hasNoParameters")}</p>}
        />
        <p className={styles.hint}>{t(form.takesMore ? "algorithms.mayAdd" : "algorithms.mayNotAdd")}</p>
      </Part>
      <Ports form={form} />
      <Section title={t("algorithms.constraints")}>
        <Facts
          items={[
            [t("algorithms.flavorTypes"), form.flavorTypes.join(", ") || t("algorithms.anyFlavor")],
            [t("algorithms.cards"), several(form.cards)],
            [t("algorithms.hosts"), several(form.hosts)],
          ]}
        />
      </Section>
      {form.search.on ? <SearchFacts search={form.search} /> : null}
      {form.metrics.length > 0 ? (
        <Section title={t("algorithms.metrics")}>
          <Facts
            items={form.metrics.map((one) => [
              one.name,
              <span key={one.key} className="mono">
                {one.value}
              </span>,
            ])}
          />
        </Section>
      ) : null}
    </>
  );
}

function Part({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <section className={styles.part}>
      <h2 className={styles.title}>{title}</h2>
      {children}
    </section>
  );
}

function useParameterColumns(): Column<Declared>[] {
  const { t } = useTranslation();
  const dash = <Dash />;
  return [
    {
      key: "name",
      title: t("common.name"),
      fixed: true,
      render: (one) => <span className="mono">{one.name}</span>,
    },
    { key: "type", title: t("algorithms.type"), render: (one) => t(`algorithms.types.${one.type}`) },
    {
      key: "default",
      title: t("algorithms.default"),
      render: (one) =>
        one.flag ? (
          <span className="mono">--{one.name}</span>
        ) : one.unset ? (
          <span className="quiet">{t("algorithms.notPassed")}</span>
        ) : (
          <span className={styles.wide}>
            <span className="mono">{one.value === "" ? '""' : one.value}</span>
          </span>
        ),
    },
    {
      key: "allowed",
      title: t("algorithms.limit"),
      render: (one) => <span className={styles.wide}>{allowedText(one) || dash}</span>,
    },
    {
      key: "rules",
      title: t("algorithms.rules"),
      render: (one) => (
        <>
          {one.required ? <Tag>{t("algorithms.required")}</Tag> : null}
          {one.editable ? null : <Tag>{t("algorithms.fixed")}</Tag>}
          {one.required || !one.editable ? null : dash}
        </>
      ),
    },
    {
      key: "description",
      title: t("common.description"),
      render: (one) => <span className={styles.wide}>{one.description || dash}</span>,
    },
  ];
}

type SidedPort = Port & { side: "inputs" | "outputs" };

function Ports({ form }: { form: AlgorithmForm }) {
  const { t } = useTranslation();
  const rows: SidedPort[] = (["inputs", "outputs"] as const).flatMap((side) =>
    form[side].map((one) => ({ ...one, side })),
  );
  const columns: Column<SidedPort>[] = [
    {
      key: "name",
      title: t("common.name"),
      fixed: true,
      render: (one) => <span className="mono">{one.name}</span>,
    },
    { key: "side", title: t("algorithms.side"), render: (one) => t(`algorithms.sides.${one.side}`) },
    {
      key: "access",
      title: t("algorithms.accessTitle"),
      render: (one) => t(`algorithms.access.${one.access || "default"}`),
    },
    {
      key: "places",
      title: t("algorithms.placesTitle"),
      render: (one) =>
        one.side === "outputs" ? (
          <Dash />
        ) : (
          placesOf(one)
            .map((place) => t(`algorithms.places.${place}`))
            .join(", ") || t("algorithms.anyPlace")
        ),
    },
    {
      key: "description",
      title: t("common.description"),
      render: (one) => <span className={styles.wide}>{one.description || <Dash />}</span>,
    },
  ];
  return (
    <Part title={t("algorithms.ports")}>
      <DataList
        columns={columns}
        rowKey={(one) => one.key}
        query={{ data: { items: rows, total: rows.length }, error: null }}
        empty={<p className={styles.hint}>{t("algorithms.hasNoPorts")}</p>}
      />
    </Part>
  );
}
