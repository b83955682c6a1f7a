import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { Busy } from "../shared/Busy.tsx";
import { Page } from "../shared/Page.tsx";
import { Problem } from "../shared/Problem.tsx";
import { CreateForm } from "./CreateForm.tsx";
import { draftName, dropDraft, readDraft } from "./draft.ts";
import { useBeginning } from "./useBeginning.ts";

/** A new job: from nothing, or as the address says. */
export function CreatePage() {
  const { t } = useTranslation();
  const [search] = useSearchParams();
  const beginning = useBeginning();
  const [round, setRound] = useState(0);
  const name = draftName(search);
  return (
    <Page title={t("create.title")} above={<Link to="/jobs">{t("create.jobs")}</Link>}>
      {beginning.error ? (
        <Problem error={beginning.error} onRetry={() => void beginning.refetch()} />
      ) : beginning.data === undefined ? (
        <Busy />
      ) : (
        <CreateForm
          key={`${name} ${round}`}
          beginning={beginning.data}
          draft={readDraft(name)}
          draftName={name}
          onStartOver={() => {
            dropDraft(name);
            setRound(round + 1);
          }}
        />
      )}
    </Page>
  );
}
