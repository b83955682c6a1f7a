import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { JobForm } from "./form/model.ts";
import type { Terms } from "./form/terms.ts";
import { algorithmQuery, subscriptionQuery, termsOfAlgorithm, termsOfVersion } from "./queries.ts";

/** What the algorithm that the form runs fixes; null for code of one's own, and until it is known. */
export function useTerms(form: JobForm): Terms | null {
  const algorithm = useQuery(algorithmQuery(form.source === "algorithm" ? form.algorithm : ""));
  const subscribed = useQuery(subscriptionQuery(form.source === "subscription" ? form.subscription : ""));
  return useMemo(() => {
    if (form.source === "algorithm" && algorithm.data) return termsOfAlgorithm(algorithm.data);
    if (form.source === "subscription" && subscribed.data)
      return termsOfVersion(subscribed.data.item, form.itemVersion);
    return null;
  }, [form.source, form.itemVersion, algorithm.data, subscribed.data]);
}
