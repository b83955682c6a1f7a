import { Alert, Button, Input } from "antd";
import { type ComponentType, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useSession } from "../api/session.tsx";
import styles from "./Create.module.css";
import { FormContext } from "./context.ts";
import { DataSection } from "./data/DataSection.tsx";
import { dropDraft } from "./draft.ts";
import { Field } from "./Field.tsx";
import { Fold } from "./Fold.tsx";
import type { JobForm } from "./form/model.ts";
import { toBody } from "./form/toBody.ts";
import { OptionsSection } from "./options/OptionsSection.tsx";
import { ParametersSection } from "./parameters/ParametersSection.tsx";
import { SECTIONS, type SectionName, sectionOf, sentenceAt } from "./problems.ts";
import { ResourcesSection } from "./resources/ResourcesSection.tsx";
import { SidePanel } from "./side/SidePanel.tsx";
import { SourceSection } from "./source/SourceSection.tsx";
import { useLastChoice } from "./useBeginning.ts";
import { useCreate } from "./useCreate.ts";
import { useFormState } from "./useFormState.ts";
import { usePreview } from "./usePreview.ts";
import { useSaid } from "./useSaid.ts";
import { useSummaries } from "./useSummaries.ts";
import { useTerms } from "./useTerms.ts";

const PARTS: Readonly<Record<SectionName, ComponentType>> = {
  source: SourceSection,
  data: DataSection,
  parameters: ParametersSection,
  resources: ResourcesSection,
  options: OptionsSection,
};

interface CreateFormProps {
  beginning: JobForm;
  draft: JobForm | null;
  draftName: string;
  onStartOver: () => void;
}

/** The form at the left, what becomes of it at the right. */
export function CreateForm({ beginning, draft, draftName, onStartOver }: CreateFormProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const { may } = useSession();
  const { form, set, done } = useFormState(beginning, draft, draftName);
  const [openSections, setOpen] = useState<ReadonlySet<SectionName>>(new Set(["source"]));
  const [tried, setTried] = useState(false);
  const left = useRef<HTMLFormElement>(null);
  const last = useLastChoice();
  const terms = useTerms(form);
  const create = useCreate((job) => {
    done();
    dropDraft(draftName);
    if (form.engine.id) last.engine[1](form.engine.id);
    if (form.flavor) last.flavor[1](form.flavor);
    void navigate(`/jobs/${job}`);
  });
  const body = useMemo(() => JSON.stringify(toBody(form)), [form]);
  const preview = usePreview(body);
  // What the server said of another body than this one is no longer true.
  const sendError = create.error && JSON.stringify(toBody(create.variables)) === body ? create.error : null;
  const { said, findings, isReady } = useSaid(form, terms, tried, [preview.error, sendError]);
  const { ask } = preview;
  const mayCreate = may("modelarts:trainJob:create");
  useEffect(() => ask(isReady && mayCreate), [ask, isReady, mayCreate]);
  const summaries = useSummaries(form, terms);
  const context = useMemo(
    () => ({ form, set, terms, problemAt: (...paths: string[]) => sentenceAt(said, paths) }),
    [form, set, terms, said],
  );
  function submit() {
    setTried(true);
    if (create.isPending) return;
    if (findings.length === 0) {
      create.mutate(form);
      return;
    }
    const wrong = new Set(findings.flatMap((one) => sectionOf(one.path) ?? []));
    setOpen((before) => new Set([...before, ...wrong]));
    window.setTimeout(() => focusFirstWrong(left.current), 50);
  }
  return (
    <FormContext.Provider value={context}>
      {draft ? (
        <Alert
          type="info"
          showIcon
          title={t("create.restored")}
          action={
            <Button size="small" onClick={onStartOver}>
              {t("create.startOver")}
            </Button>
          }
        />
      ) : null}
      <div className={styles.columns}>
        <form
          ref={left}
          className={styles.left}
          aria-label={t("create.title")}
          onSubmit={(event) => event.preventDefault()}
        >
          <div className={styles.nameLine}>
            <Field path="metadata.name" label={t("create.jobName")}>
              {(control) => (
                <Input
                  {...control}
                  value={form.name}
                  maxLength={80}
                  onChange={(event) => set({ name: event.target.value.trim(), named: true })}
                />
              )}
            </Field>
          </div>
          {SECTIONS.map((name) => {
            const Part = PARTS[name];
            return (
              <Fold
                key={name}
                title={t(`create.section.${name}`)}
                summary={summaries[name]}
                wrong={said.filter((one) => sectionOf(one.path) === name).length}
                missing={findings.filter((one) => one.missing && sectionOf(one.path) === name).length}
                open={openSections.has(name)}
                onToggle={() => setOpen((before) => toggled(before, name))}
              >
                <Part />
              </Fold>
            );
          })}
        </form>
        <SidePanel
          preview={preview.data}
          previewError={preview.error}
          isStale={preview.isStale}
          isReady={isReady && mayCreate}
          wrong={said.length}
          isSending={create.isPending}
          sendError={sendError}
          mayCreate={mayCreate}
          onCreate={submit}
        />
      </div>
    </FormContext.Provider>
  );
}

function toggled(open: ReadonlySet<SectionName>, name: SectionName): ReadonlySet<SectionName> {
  const next = new Set(open);
  if (!next.delete(name)) next.add(name);
  return next;
}

function focusFirstWrong(form: HTMLFormElement | null): void {
  const first =
    form?.querySelector<HTMLElement>("[aria-invalid=true]") ??
    form
      ?.querySelector<HTMLElement>("[role=alert]")
      ?.closest("[data-path]")
      ?.querySelector<HTMLElement>("input, textarea");
  first?.focus();
  first?.scrollIntoView({ block: "center" });
}
