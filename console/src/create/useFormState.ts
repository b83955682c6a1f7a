import { useCallback, useEffect, useRef, useState } from "react";
import type { Change } from "./context.ts";
import { keepDraft } from "./draft.ts";
import { type JobForm, subjectOf, suggestedName } from "./form/model.ts";
import { chance } from "./useCreate.ts";

const KEEP_AFTER_MS = 300;

function named(form: JobForm, mark: string): JobForm {
  return form.named ? form : { ...form, name: suggestedName(subjectOf(form), new Date(), mark) };
}

/** The form's one state: how it changes, that a draft of it is kept, and that the tab asks before it is closed. */
export function useFormState(beginning: JobForm, draft: JobForm | null, draftName: string) {
  const [mark] = useState(() => chance(3));
  const [form, setForm] = useState(() => draft ?? named(beginning, mark));
  const [isTouched, setTouched] = useState(draft !== null);
  const isDone = useRef(false);
  const set = useCallback(
    (change: Change) => {
      setTouched(true);
      setForm((before) => {
        const made = typeof change === "function" ? change(before) : change;
        const after = { ...before, ...made };
        return subjectOf(after) === subjectOf(before) ? after : named(after, mark);
      });
    },
    [mark],
  );
  useEffect(() => {
    if (!isTouched) return;
    const timer = window.setTimeout(() => {
      if (!isDone.current) keepDraft(draftName, form);
    }, KEEP_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, [form, isTouched, draftName]);
  useEffect(() => {
    if (!isTouched) return;
    const ask = (event: BeforeUnloadEvent) => {
      if (!isDone.current) event.preventDefault();
    };
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [isTouched]);
  /** The job is made: nothing is kept any more, and nobody asked. */
  const done = useCallback(() => {
    isDone.current = true;
  }, []);
  return { form, set, done };
}
