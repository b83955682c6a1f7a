/** Who is signed in, and what they may do. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo } from "react";
import { api, data, type Schemas, speakFor } from "./client.ts";

export type Session = Schemas["SessionItem"];

export const sessionKey = ["session"] as const;

interface SessionContext {
  session: Session;
  /** Whether the user may do `action`, by its name (`modelarts:trainJob:create`). */
  may: (action: string) => boolean;
  signOut: () => Promise<void>;
  changeProject: (project: string) => Promise<void>;
}

const Context = createContext<SessionContext | null>(null);

/** The session; only below `SignedIn`. */
export function useSession(): SessionContext {
  const context = useContext(Context);
  if (context === null) throw new Error("used outside of a session");
  return context;
}

function adopt(session: Session): Session {
  speakFor({ project: session.project?.id ?? "", csrf: session.csrf_token ?? "" });
  return session;
}

/** The session's description; signed out is an answer, not an error. */
export function useSessionQuery() {
  return useQuery({
    queryKey: sessionKey,
    queryFn: async () => adopt(await data(api.GET("/v1/session"))),
    staleTime: Number.POSITIVE_INFINITY,
    retry: 3,
  });
}

/** Sign in; the answer is the session. */
export async function signIn(body: { name: string; password: string } | { token: string }): Promise<Session> {
  return adopt(await data(api.POST("/v1/session", { body })));
}

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
  const queries = useQueryClient();
  useEffect(() => {
    speakFor({ onSignedOut: () => void queries.invalidateQueries({ queryKey: sessionKey }) });
  }, [queries]);
  const signOut = useCallback(async () => {
    await api.DELETE("/v1/session");
    queries.clear();
    await queries.invalidateQueries({ queryKey: sessionKey });
    window.location.assign("/console/");
  }, [queries]);
  const changeProject = useCallback(async (project: string) => {
    await api.PUT("/v1/session", { body: { project_id: project } });
    window.location.assign("/console/"); // what is cached and shown belongs to the other project
  }, []);
  const value = useMemo<SessionContext>(() => {
    const actions = new Set(session.actions);
    return { session, may: (action) => actions.has(action), signOut, changeProject };
  }, [session, signOut, changeProject]);
  return <Context value={value}>{children}</Context>;
}
