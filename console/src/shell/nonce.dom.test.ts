import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { keepToPolicy } from "./nonce.ts";

const make = document.createElement;
beforeAll(keepToPolicy);
afterAll(() => {
  document.createElement = make;
  Reflect.deleteProperty(HTMLElement.prototype, "setAttribute");
});

it("sets a style as a property, and every other attribute as it is", () => {
  const set = vi.spyOn(Element.prototype, "setAttribute");
  const span = document.createElement("span");
  span.setAttribute("style", "color: rgb(255, 0, 0); letter-spacing: 1px");
  span.setAttribute("data-x", "1");
  expect([span.style.color, span.style.letterSpacing, span.dataset.x]).toEqual([
    "rgb(255, 0, 0)",
    "1px",
    "1",
  ]);
  expect(set).not.toHaveBeenCalledWith("style", expect.anything());
  set.mockRestore();
});
