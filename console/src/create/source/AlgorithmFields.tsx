import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useNotice } from "../../shared/notice.tsx";
import { useForm } from "../context.ts";
import { Field } from "../Field.tsx";
import { FoundSelect } from "../FoundSelect.tsx";
import { withTerms } from "../form/terms.ts";
import { algorithmQuery, algorithmsQuery, termsOfAlgorithm } from "../queries.ts";
import { useDebounced } from "../useDebounced.ts";
import { TermsFacts } from "./TermsFacts.tsx";

/** A saved algorithm: found by name, shown with what it fixes. */
export function AlgorithmFields() {
  const { t } = useTranslation();
  const { form, set, terms } = useForm();
  const queries = useQueryClient();
  const { failed } = useNotice();
  const [typed, setTyped] = useState("");
  const found = useQuery(algorithmsQuery(useDebounced(typed, 300), form.workspace));
  const chosen = useQuery(algorithmQuery(form.algorithm));
  async function choose(id: string) {
    set({ algorithm: id });
    try {
      const answer = await queries.fetchQuery(algorithmQuery(id));
      set((form) => withTerms({ ...form, algorithm: id }, termsOfAlgorithm(answer)));
    } catch (error) {
      failed(error);
    }
  }
  const asFound = ({
    metadata,
  }: {
    metadata: { id: string; name: string; description?: string | undefined };
  }) => ({
    value: metadata.id,
    label: metadata.name,
    note: metadata.description,
  });
  return (
    <>
      <Field
        path="algorithm.id"
        label={t("create.source.saved")}
        hint={<Link to="/algorithms">{t("create.source.allAlgorithms")}</Link>}
      >
        {(control) => (
          <FoundSelect
            {...control}
            value={form.algorithm}
            found={(found.data ?? []).map(asFound)}
            chosen={chosen.data && asFound(chosen.data)}
            placeholder={t("create.source.chooseAlgorithm")}
            loading={found.isFetching}
            notFoundContent={found.isPending ? t("common.loading") : t("create.source.noAlgorithms")}
            onSearch={setTyped}
            onChange={(id) => void choose(id)}
          />
        )}
      </Field>
      {terms ? <TermsFacts terms={terms} /> : null}
    </>
  );
}
