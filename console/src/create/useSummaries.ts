import { useTranslation } from "react-i18next";
import { filledChannels, filledPairs, type JobForm } from "./form/model.ts";
import type { Terms } from "./form/terms.ts";
import type { SectionName } from "./problems.ts";

/** What each section says, in a line, while it is closed. */
export function useSummaries(form: JobForm, terms: Terms | null): Record<SectionName, string> {
  const { t } = useTranslation();
  const some = (key: string, count: number) => (count > 0 ? t(key, { count }) : "");
  const joined = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(" · ");
  const source = {
    preset: () => joined(form.bootFile, form.engine.id || form.engine.name),
    command: () => joined(form.command, form.engine.image || form.engine.id),
    algorithm: () => terms?.name ?? "",
    subscription: () => terms?.name ?? "",
  }[form.source]();
  const unit = { HOURS: "h", MINUTES: "min", SECONDS: "s" }[form.stopUnit];
  const nodes = form.hasRoles
    ? form.roles.map((role) => `${role.name} × ${role.nodes ?? 0}`).join(", ")
    : `${form.flavor} × ${form.nodes ?? 0}`;
  return {
    source: joined(t(`create.source.${form.source}`), source),
    data:
      joined(
        some("create.summary.inputs", filledChannels(form.inputs).length),
        some("create.summary.outputs", filledChannels(form.outputs).length),
        form.folders.on ? t("create.summary.folders") : "",
      ) || t("create.summary.noData"),
    parameters:
      joined(
        some("create.summary.parameters", filledPairs(form.parameters).length),
        some("create.summary.environments", filledPairs(form.environments).length),
      ) || t("create.summary.none"),
    resources: joined(
      nodes,
      form.stopAfter ? t("create.summary.stop", { time: `${form.stopAfter} ${unit}` }) : "",
      (form.priority ?? 1) > 1 ? t("create.summary.priority", { priority: form.priority }) : "",
    ),
    options:
      joined(
        some("create.summary.tags", filledPairs(form.tags).length),
        form.experiment.id || form.experiment.name ? t("create.options.experiment") : "",
        some("create.summary.retries", form.retries ?? 0),
        form.logPath ? t("create.options.logPath") : "",
        some("create.summary.metrics", filledPairs(form.metrics).length),
      ) || t("create.summary.defaults"),
  };
}
