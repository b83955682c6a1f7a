/** Tokens and access keys of oneself, seen alike: an id, a description, a secret that is shown once. */
import { api, data, inProject } from "../api/client.ts";

export type Kind = "tokens" | "keys";

export interface Credential {
  id: string;
  description: string;
  enabled: boolean;
  created_at_ms: number;
  expires_at_ms: number;
}

export interface Issued {
  id: string;
  /** The only copy. */
  secret: string;
}

interface Asked {
  description: string;
  expires_at_ms: number;
}

export interface Store {
  list: (offset: number, limit: number) => Promise<{ items: Credential[]; total: number }>;
  issue: (asked: Asked) => Promise<Issued>;
  setEnabled: (id: string, enabled: boolean) => Promise<unknown>;
  remove: (id: string) => Promise<unknown>;
}

const TOKENS: Store = {
  list: async (offset, limit) => {
    const page = await data(
      api.GET("/v1/{project_id}/tokens", { params: { path: inProject(), query: { offset, limit } } }),
    );
    return { items: page.tokens, total: page.total };
  },
  issue: async (body) => {
    const made = await data(api.POST("/v1/{project_id}/tokens", { params: { path: inProject() }, body }));
    return { id: made.id, secret: made.token };
  },
  setEnabled: (token_id, enabled) =>
    api.PUT("/v1/{project_id}/tokens/{token_id}", {
      params: { path: inProject({ token_id }) },
      body: { enabled },
    }),
  remove: (token_id) =>
    api.DELETE("/v1/{project_id}/tokens/{token_id}", { params: { path: inProject({ token_id }) } }),
};

const KEYS: Store = {
  list: async (offset, limit) => {
    const page = await data(
      api.GET("/v1/{project_id}/access-keys", { params: { path: inProject(), query: { offset, limit } } }),
    );
    return { items: page.access_keys.map((key) => ({ ...key, id: key.access_key })), total: page.total };
  },
  issue: async (body) => {
    const made = await data(
      api.POST("/v1/{project_id}/access-keys", { params: { path: inProject() }, body }),
    );
    return { id: made.access_key, secret: made.secret_key };
  },
  setEnabled: (access_key, enabled) =>
    api.PUT("/v1/{project_id}/access-keys/{access_key}", {
      params: { path: inProject({ access_key }) },
      body: { enabled },
    }),
  remove: (access_key) =>
    api.DELETE("/v1/{project_id}/access-keys/{access_key}", { params: { path: inProject({ access_key }) } }),
};

export const STORES: Record<Kind, Store> = { tokens: TOKENS, keys: KEYS };
