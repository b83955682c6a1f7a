import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Busy } from "./Busy.tsx";
import { Page } from "./Page.tsx";
import { Problem } from "./Problem.tsx";

interface WaitingPageProps {
  title: string;
  above: ReactNode;
  query: Pick<UseQueryResult, "error" | "refetch">;
}

/** The page of one thing that is not there yet: on its way, or why it does not come. */
export function WaitingPage({ title, above, query }: WaitingPageProps) {
  return (
    <Page title={title} above={above}>
      {query.error ? <Problem error={query.error} onRetry={() => void query.refetch()} /> : <Busy />}
    </Page>
  );
}
