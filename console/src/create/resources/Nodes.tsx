import { useTranslation } from "react-i18next";
import { useForm } from "../context.ts";
import { WholeNumber } from "../WholeNumber.tsx";

const MOST = 2 ** 31 - 1;

/** How many nodes; one, where the algorithm runs on no more. */
export function Nodes() {
  const { t } = useTranslation();
  const { form, set, terms } = useForm();
  const isOneNode = terms !== null && !terms.severalNodes && form.nodes === 1;
  return (
    <WholeNumber
      path="spec.resource.node_count"
      label={t("create.resources.nodes")}
      locked={isOneNode ? t("create.source.oneNode") : undefined}
      max={isOneNode ? 1 : MOST}
      value={form.nodes}
      onChange={(nodes) => set({ nodes })}
    />
  );
}
