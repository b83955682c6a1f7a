/** Everything that is wrong with the form, in the reader's language: by our rules, by the names, by the server. */
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { isApiError } from "../api/errors.ts";
import { useSession } from "../api/session.tsx";
import { nameQuery } from "./asking.ts";
import { check, type Finding } from "./form/check.ts";
import { LIMITS } from "./form/limits.ts";
import type { JobForm } from "./form/model.ts";
import type { Terms } from "./form/terms.ts";
import type { Said } from "./problems.ts";
import { HURRY } from "./resources/Schedule.tsx";
import { useDebounced } from "./useDebounced.ts";

/** `said`: what to show; `isReady`: whether the form says enough to ask the server what it would run. */
export function useSaid(form: JobForm, terms: Terms | null, tried: boolean, errors: readonly unknown[]) {
  const { t } = useTranslation();
  const { may } = useSession();
  const mayHurry = may(HURRY);
  const name = useDebounced(form.name, 400);
  const taken = useQuery({
    ...nameQuery(name, form.workspace),
    enabled: may("modelarts:trainJob:create") && LIMITS.name.test(name),
  });
  const isTaken = taken.data === true && name === form.name;
  const findings = useMemo(() => check(form, terms, mayHurry), [form, terms, mayHurry]);
  const own = findings.filter((one) => tried || !one.missing);
  const sentence = (one: Finding) => ({
    path: one.path,
    text: t(`create.wrong.${one.code}`, one.values ?? {}),
  });
  const said: Said[] = [
    ...own.map(sentence),
    ...(isTaken ? [{ path: "metadata.name", text: t("create.wrong.taken") }] : []),
    ...errors.flatMap((error) =>
      isApiError(error) && error.field
        ? [{ path: error.field, text: [error.message, error.remedy].filter(Boolean).join(" ") }]
        : [],
    ),
  ];
  return { said, findings, isReady: findings.length === 0 };
}
