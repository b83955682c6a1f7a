import { render, screen } from "@testing-library/react";
import { MemoryRouter } from "react-router";
import { expect, it } from "vitest";
import { ObjectPath } from "./ObjectPath.tsx";

function shown(path: string): string {
  const { container } = render(
    <MemoryRouter>
      <ObjectPath path={path} />
    </MemoryRouter>,
  );
  return container.textContent ?? "";
}

const links = () =>
  screen.queryAllByRole("link").map((link) => [link.textContent, link.getAttribute("href")]);

it("leads to the bucket, each folder and the file", () => {
  expect(shown("obs://lab/训练 1/a.py")).toBe("obs://lab/训练 1/a.py");
  expect(links()).toEqual([
    ["lab", "/objects/lab/"],
    ["训练 1", "/objects/lab/%E8%AE%AD%E7%BB%83%201/"],
    ["a.py", "/objects/lab/%E8%AE%AD%E7%BB%83%201/a.py"],
  ]);
});

it("shows a folder with its slash, however it is written", () => {
  expect(shown("/lab/data/")).toBe("obs://lab/data/");
  expect(links().at(-1)).toEqual(["data", "/objects/lab/data/"]);
});

it("leads nowhere when the path is none of the store", () => {
  expect(shown("")).toBe("–");
  expect(shown("nfs:/x")).toBe("nfs:/x");
  expect(links()).toEqual([]);
});
