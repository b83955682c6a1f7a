import { expect, it } from "vitest";
import described from "../../../docs/reference/openapi.json";
import en from "../locales/en/audit.json";
import { auditQuery, NO_FILTERS } from "./filters.ts";
import { type AuditRecord, KINDS, OPERATIONS, placeOf } from "./operations.ts";

interface Described {
  paths: Record<string, Record<string, { operationId: string; description?: string }>>;
}

/** What `server/audit_rules.py` leaves out. */
const UNRECORDED = /\/runner\/|-searches$|-previews$|resource-instances\/(count|filter)$/;
const CHANGING = new Set(["post", "put", "patch", "delete"]);
const QUERIES = new Set(["validate_authorization", "uploads_write_part"]);

it("has a sentence for every operation that leaves a record", () => {
  const recorded = Object.entries((described as unknown as Described).paths)
    .filter(([path]) => !UNRECORDED.test(path))
    .flatMap(([, verbs]) => Object.entries(verbs))
    .filter(([verb, { operationId }]) => CHANGING.has(verb) || operationId === "logs_share")
    .map(([, operation]) => operation)
    .filter(
      ({ operationId, description }) =>
        !QUERIES.has(operationId) && !/not available/i.test(description ?? ""),
    )
    .map(({ operationId }) => operationId);
  expect(recorded.filter((id) => !(OPERATIONS as readonly string[]).includes(id))).toEqual([]);
  expect(Object.keys(en.op).sort()).toEqual([...OPERATIONS].sort());
  expect(Object.keys(en.kind).sort()).toEqual([...KINDS].sort());
});

it("asks for what the address says", () => {
  expect(auditQuery(NO_FILTERS, 5)).toEqual({});
  expect(
    auditQuery(
      { user: "ann", operation: "create_pool", resource: "job", outcome: "denied", time: "1d" },
      86_400_001,
    ),
  ).toEqual({ user_name: "ann", operation: "create_pool", resource: "job", outcome: "denied", since: 1 });
  expect(auditQuery({ ...NO_FILTERS, outcome: "nonsense", time: "10-20" }, 0)).toEqual({
    since: 10,
    until: 20,
  });
});

it("leads to what is there, and not to what was deleted", () => {
  const record = { resource: "job", resource_id: "a b", outcome: "success", operation: "stop_training_job" };
  expect(placeOf(record as AuditRecord)).toBe("/jobs/a%20b");
  expect(placeOf({ ...record, operation: "delete_training_job" } as AuditRecord)).toBe("");
  expect(placeOf({ ...record, resource: "token" } as AuditRecord)).toBe("");
});
