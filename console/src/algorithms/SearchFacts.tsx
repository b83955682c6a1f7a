import { useTranslation } from "react-i18next";
import { Facts } from "../shared/Facts.tsx";
import { Section } from "../shared/Page.tsx";
import type { Search, Searched, Strategy } from "./form/model.ts";

/** The hyperparameter search that an algorithm is made for. */
export function SearchFacts({ search }: { search: Search }) {
  const { t } = useTranslation();
  return (
    <Section title={t("algorithms.search")}>
      <Facts
        items={[
          ...search.rewards.map(
            (one) =>
              [
                `${t(`algorithms.goals.${one.mode}`)} ${one.name}`,
                <span key={one.key} className="mono">
                  {one.regex}
                </span>,
              ] as const,
          ),
          ...search.parameters.map(
            (one) =>
              [
                one.name,
                <span key={one.key} className="mono">
                  {withinText(one, (n) => t("algorithms.pointsOf", { n }))}
                </span>,
              ] as const,
          ),
          ...search.strategies.map(
            (one) => [t("algorithms.strategies"), <Chosen key={one.name} strategy={one} />] as const,
          ),
          search.skip ? ([t("algorithms.skip"), search.skip] as const) : null,
        ]}
      />
    </Section>
  );
}

function Chosen({ strategy }: { strategy: Strategy }) {
  return (
    <span className="mono">
      {[strategy.name, ...strategy.settings.map((one) => `${one.key}=${one.value}`)].join(" ")}
    </span>
  );
}

function withinText(one: Searched, points: (n: string) => string): string {
  if (one.kind === "discrete") return one.values.join(", ");
  return `${one.low} – ${one.high}${one.points ? ` · ${points(one.points)}` : ""}`;
}
