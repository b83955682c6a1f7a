import { expect, it } from "vitest";
import type { Job } from "../../jobs/types.ts";
import { chosenTask, isOpenable } from "./openable.ts";

const job = (phase: string, retention = 0) =>
  ({ status: { phase, retention_time: retention } }) as unknown as Job;
const task = (state: string, reason = "", name = "worker-0") => ({ task: name, state, reason });

it("needs a command that runs", () => {
  expect(isOpenable(job("Running"), task("running"))).toBe(true);
  expect(isOpenable(job("Running"), task("preparing"))).toBe(false);
  expect(isOpenable(job("Running"), task("ended"))).toBe(false);
  expect(isOpenable(job("Failed"), task("running"))).toBe(false);
  expect(isOpenable(job("Running"), undefined)).toBe(false);
});

it("takes an environment that is kept after a failure", () => {
  expect(isOpenable(job("Running", 60_000), task("ended", "exit_code"))).toBe(true);
  expect(isOpenable(job("Running", 60_000), task("ended", "completed"))).toBe(false);
});

it("chooses the task that was asked for, else one that runs", () => {
  const tasks = [task("ended"), task("running", "", "worker-1"), task("running", "", "worker-2")];
  expect(chosenTask(job("Running"), tasks, "worker-2")).toBe("worker-2");
  expect(chosenTask(job("Running"), tasks, "gone-0")).toBe("worker-1");
  expect(chosenTask(job("Failed"), tasks, "")).toBe("worker-0");
  expect(chosenTask(job("Failed"), [], "")).toBe("");
});
