/** The form and what is wrong with it, for every part of the page. */
import { createContext, useContext } from "react";
import type { JobForm } from "./form/model.ts";
import type { Terms } from "./form/terms.ts";

export type Change = Partial<JobForm> | ((form: JobForm) => Partial<JobForm>);

interface FormContext {
  form: JobForm;
  set: (change: Change) => void;
  /** Of the algorithm that the job runs, if it is a saved or subscribed one. */
  terms: Terms | null;
  /** What is wrong at the first of `paths` that has a problem; a problem below a path is one of the path. */
  problemAt: (...paths: string[]) => string;
}

export const FormContext = createContext<FormContext | null>(null);

export function useForm(): FormContext {
  const context = useContext(FormContext);
  if (context === null) throw new Error("used outside of the form");
  return context;
}
