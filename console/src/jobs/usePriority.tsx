import { type ReactNode, useState } from "react";
import { PriorityDialog } from "./PriorityDialog.tsx";
import type { Job } from "./types.ts";

/** The dialogue for a job's priority: there only while it is asked for, as most rows never need theirs. */
export function usePriority(job: Job): { askPriority: () => void; dialog: ReactNode } {
  const [isAsked, setAsked] = useState(false);
  return {
    askPriority: () => setAsked(true),
    dialog: isAsked ? <PriorityDialog job={job} open onClose={() => setAsked(false)} /> : null,
  };
}
