import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { ApiError } from "../api/errors.ts";
import { DescribedFields } from "./DescribedFields.tsx";
import { FormDialog } from "./FormDialog.tsx";

/** A machine with much to do draws slowly. */
const PATIENCE = { timeout: 10_000 };

function dialogue(props: { open: boolean; onSubmit?: () => Promise<unknown>; onClose?: () => void }) {
  return (
    <FormDialog
      title="A thing"
      action="Make"
      initial={{ name: "first", description: "" }}
      onSubmit={async () => undefined}
      onClose={() => undefined}
      {...props}
    >
      <DescribedFields namePattern={/^[a-z]+$/} nameHint="small letters" descriptionMax={9} />
    </FormDialog>
  );
}

it("begins with its values each time, and is not there while closed", { timeout: 30_000 }, async () => {
  const { rerender } = render(dialogue({ open: false }));
  expect(document.querySelector("input")).toBeNull();
  rerender(dialogue({ open: true }));
  const name = screen.getByRole("textbox", { name: /common.name/ });
  expect(name).toHaveProperty("value", "first");
  await userEvent.type(name, "x");
  rerender(dialogue({ open: false }));
  await expect.poll(() => document.querySelector("input"), PATIENCE).toBeNull();
  rerender(dialogue({ open: true }));
  expect(screen.getByRole("textbox", { name: /common.name/ })).toHaveProperty("value", "first");
});

it("begins anew right after it was closed, and is not closed by what was begun before", {
  timeout: 30_000,
}, async () => {
  let closed = 0;
  let finish = () => {};
  const onSubmit = () => new Promise<void>((resolve) => (finish = resolve));
  const onClose = () => (closed += 1);
  const { rerender } = render(dialogue({ open: true, onSubmit, onClose }));
  await userEvent.type(screen.getByRole("textbox", { name: /common.name/ }), "x");
  await userEvent.click(screen.getByRole("button", { name: "Make" }));
  rerender(dialogue({ open: false, onSubmit, onClose }));
  rerender(dialogue({ open: true, onSubmit, onClose }));
  const name = screen.getByRole("textbox", { name: /common.name/ });
  expect([name.getAttribute("value"), name.hasAttribute("disabled")]).toEqual(["first", false]);
  finish();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(closed).toBe(0);
});

it("stays open on failure, with the server's words beside the field that it names", {
  timeout: 30_000,
}, async () => {
  const failure = new ApiError(
    400,
    "ModelArts.1",
    "The name is taken.",
    "Choose another.",
    "",
    "dataset_name",
  );
  let closed = 0;
  render(dialogue({ open: true, onClose: () => (closed += 1), onSubmit: () => Promise.reject(failure) }));
  await userEvent.click(screen.getByRole("button", { name: "Make" }));
  expect(await screen.findByText("The name is taken. Choose another.", {}, PATIENCE)).toBeTruthy();
  expect(screen.getByRole("textbox", { name: /common.name/ }).getAttribute("aria-invalid")).toBe("true");
  expect(closed).toBe(0);
});
