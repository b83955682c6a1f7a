import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useCallback, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api, data, inProject } from "../api/client.ts";
import { isApiError } from "../api/errors.ts";
import { FormContext } from "../create/context.ts";
import { type Said, sentenceAt } from "../create/problems.ts";
import { useNotice } from "../shared/notice.tsx";
import { Problem } from "../shared/Problem.tsx";
import { useLeaving } from "../storage/useLeaving.ts";
import styles from "./algorithms.module.css";
import { EditorContext, type FormChange } from "./editor.ts";
import { asJob, fromJob } from "./form/asJob.ts";
import { check, placeOf } from "./form/check.ts";
import type { AlgorithmForm } from "./form/model.ts";
import { toBody } from "./form/toBody.ts";
import { Basics } from "./parts/Basics.tsx";
import { Constraints } from "./parts/Constraints.tsx";
import { Metrics } from "./parts/Metrics.tsx";
import { Parameters } from "./parts/Parameters.tsx";
import { Ports } from "./parts/Ports.tsx";
import { SearchPart } from "./parts/SearchPart.tsx";
import { Source } from "./parts/Source.tsx";
import { algorithmsKey } from "./queries.ts";

/** A spinner that only flashes says nothing, and antd may leave its label behind. */
const SPIN_AFTER_MS = 250;

interface EditorProps {
  beginning: AlgorithmForm;
  /** Of the algorithm that is changed; empty for a new one. */
  id: string;
}

/** The form of an algorithm: what jobs made of it run, and what they may choose. */
export function AlgorithmEditor({ beginning, id }: EditorProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [form, setForm] = useState(beginning);
  const [tried, setTried] = useState(false);
  const place = useRef<HTMLFormElement>(null);
  const save = useSave(id);
  useLeaving(form !== beginning && !save.isSuccess, "algorithms.leaveHint");
  const set = useCallback((change: FormChange) => {
    setForm((before) => ({ ...before, ...(typeof change === "function" ? change(before) : change) }));
  }, []);
  const wrong = useMemo(() => check(form), [form]);
  // What the server said of another form than this one is no longer true.
  const failure = save.variables === form ? save.error : null;
  const said: Said[] = [
    ...wrong
      .filter((one) => tried || !one.missing)
      .map((one) => ({ path: one.path, text: t(one.key, one.values ?? {}) })),
    ...(isApiError(failure) && failure.field
      ? [
          {
            path: placeOf(failure.field),
            text: [failure.message, failure.remedy].filter(Boolean).join(" "),
          },
        ]
      : []),
  ];
  const problemAt = (...paths: string[]) => sentenceAt(said, paths);

  function submit() {
    setTried(true);
    if (wrong.length === 0) save.mutate(form, { onError: showFirst });
    else showFirst();
  }
  function showFirst() {
    window.setTimeout(() => toFirstWrong(place.current), 50);
  }

  return (
    <EditorContext.Provider value={{ form, set, problemAt }}>
      <FormContext.Provider
        value={{
          form: asJob(form),
          set: (change) =>
            set((before) => fromJob(typeof change === "function" ? change(asJob(before)) : change)),
          terms: null,
          problemAt,
        }}
      >
        <form
          ref={place}
          className={styles.form}
          aria-label={t("algorithms.one")}
          onSubmit={(event) => event.preventDefault()}
        >
          <Basics isNew={id === ""} />
          <Source />
          <Parameters />
          <Ports side="inputs" />
          <Ports side="outputs" />
          <Constraints />
          <SearchPart />
          <Metrics />
          {failure ? <Problem error={failure} /> : null}
          <div className={styles.foot}>
            {said.length > 0 ? (
              <span className="wrong" role="status">
                {t("algorithms.problems", { count: said.length })}
              </span>
            ) : null}
            <Button onClick={() => void navigate(id ? `/algorithms/${id}` : "/algorithms")}>
              {t("common.cancel")}
            </Button>
            <Button
              type="primary"
              loading={save.isPending ? { delay: SPIN_AFTER_MS } : false}
              onClick={submit}
            >
              {t(id ? "common.save" : "algorithms.create")}
            </Button>
          </div>
        </form>
      </FormContext.Provider>
    </EditorContext.Provider>
  );
}

/** Makes or changes the algorithm, then shows it. */
function useSave(id: string) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { done } = useNotice();
  return useMutation({
    mutationFn: (form: AlgorithmForm) => {
      const body = toBody(form);
      return data(
        id
          ? api.PUT("/v2/{project_id}/algorithms/{algorithm_id}", {
              params: { path: inProject({ algorithm_id: id }) },
              body,
            })
          : api.POST("/v2/{project_id}/algorithms", { params: { path: inProject() }, body }),
      );
    },
    onSuccess: async (saved) => {
      done(t(id ? "algorithms.saved" : "algorithms.created", { name: saved.metadata.name }));
      await queries.invalidateQueries({ queryKey: algorithmsKey() });
      await navigate(`/algorithms/${saved.metadata.id}`);
    },
  });
}

function toFirstWrong(form: HTMLFormElement | null): void {
  const alert = form?.querySelector<HTMLElement>("[role=alert]");
  const first =
    form?.querySelector<HTMLElement>("[aria-invalid=true]") ??
    alert?.closest("[data-path]")?.querySelector<HTMLElement>("input, textarea") ??
    alert;
  first?.focus();
  first?.scrollIntoView({ block: "center" });
}
