/** The algorithm's form for every part of its page, and for the fields that it shares with a job's form. */
import { createContext, useContext } from "react";
import type { AlgorithmForm } from "./form/model.ts";

export type FormChange = Partial<AlgorithmForm> | ((form: AlgorithmForm) => Partial<AlgorithmForm>);

interface Editor {
  form: AlgorithmForm;
  set: (change: FormChange) => void;
  /** What is wrong at the first of `paths` that has a problem. */
  problemAt: (...paths: string[]) => string;
}

export const EditorContext = createContext<Editor | null>(null);

export function useEditor(): Editor {
  const context = useContext(EditorContext);
  if (context === null) throw new Error("used outside of the form");
  return context;
}
