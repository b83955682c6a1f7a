import { type QueryClient, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { project } from "../api/client.ts";
import { usePreference } from "../shared/preferences.ts";
import { useWorkspace } from "../shared/workspace.ts";
import { requestQuery } from "./asking.ts";
import { fromBody } from "./form/fromBody.ts";
import { channel, EMPTY, type JobForm } from "./form/model.ts";
import { withTerms } from "./form/terms.ts";
import {
  algorithmQuery,
  enginesQuery,
  flavorsQuery,
  subscriptionQuery,
  termsOfAlgorithm,
  termsOfVersion,
} from "./queries.ts";

const TEXT = (value: unknown) => typeof value === "string";

/** What was chosen last, to be preselected. */
export function useLastChoice() {
  return {
    engine: usePreference("create.engine", "", TEXT),
    flavor: usePreference("create.flavor", "", TEXT),
  };
}

/** The form to begin with, as the address asks: a past job, an algorithm, a dataset… */
export function useBeginning() {
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const [workspace] = useWorkspace();
  const { engine, flavor } = useLastChoice();
  const asked = Object.fromEntries(search);
  return useQuery({
    queryKey: [project(), "create", "beginning", workspace, ...keysOf(asked)],
    queryFn: async () => {
      const [engines, flavors] = await Promise.all([
        queries.ensureQueryData(enginesQuery()),
        queries.ensureQueryData(flavorsQuery()),
      ]);
      const begun = await formOf(queries, asked);
      if (asked.from) return begun;
      const known = engines.find((one) => one.engine_id === engine[0]) ?? engines[0];
      const sized = flavors.find((one) => one.id === flavor[0]) ?? flavors[0];
      return {
        ...begun,
        workspace: workspace === "0" ? "" : workspace,
        engine: { ...EMPTY.engine, id: known?.engine_id ?? "" },
        flavor: sized?.id ?? "",
      };
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    refetchOnWindowFocus: false,
  });
}

type Asked = Partial<Record<string, string>>;

function keysOf(asked: Asked): string[] {
  const { from, algorithm, subscription, dataset, version, experiment } = asked;
  return [from, algorithm, subscription, dataset, version, experiment].map((one) => one ?? "");
}

async function formOf(queries: QueryClient, asked: Asked): Promise<JobForm> {
  if (asked.from) return fromBody(await queries.fetchQuery(requestQuery(asked.from)));
  let form = EMPTY;
  if (asked.experiment) form = { ...form, experiment: { id: asked.experiment, name: "" } };
  if (asked.dataset)
    form = {
      ...form,
      inputs: [
        { ...channel("data_url"), place: "dataset", dataset: asked.dataset, version: asked.version ?? "" },
      ],
    };
  if (asked.algorithm) {
    const answer = await queries.fetchQuery(algorithmQuery(asked.algorithm));
    form = withTerms({ ...form, source: "algorithm", algorithm: asked.algorithm }, termsOfAlgorithm(answer));
  } else if (asked.subscription) {
    const { subscription, item } = await queries.fetchQuery(subscriptionQuery(asked.subscription));
    const itemVersion = asked.version && !asked.dataset ? asked.version : subscription.item_version_id;
    const terms = termsOfVersion(item, itemVersion);
    const begun: JobForm = { ...form, source: "subscription", subscription: asked.subscription, itemVersion };
    form = terms ? withTerms(begun, terms) : begun;
  }
  return form;
}
