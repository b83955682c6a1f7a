import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { MemoryRouter } from "react-router";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DataList } from "./DataList.tsx";
import { retick, upToDate } from "./ticked.ts";

interface Row {
  id: string;
  phase: string;
}

const keyOf = (row: Row) => row.id;
const row = (id: string, phase = "Running"): Row => ({ id, phase });

describe("ticks", () => {
  it("stay with rows of other pages, in the order they were made", () => {
    expect(retick([row("b")], [row("c"), row("d")], ["b", "d"], keyOf)).toEqual([row("b"), row("d")]);
    expect(retick([row("b"), row("d")], [row("c"), row("d")], ["b"], keyOf)).toEqual([row("b")]);
  });
  it("show what has become of a row since", () => {
    expect(upToDate([row("a"), row("b")], [row("b", "Failed")], keyOf)).toEqual([
      row("a"),
      row("b", "Failed"),
    ]);
  });
});

const PAGES = [
  [row("first"), row("second")],
  [row("third"), row("fourth")],
];

function List() {
  const [ticked, setTicked] = useState<readonly Row[]>([]);
  const [page, setPage] = useState(0);
  return (
    <MemoryRouter>
      <DataList<Row>
        columns={[{ key: "id", title: "id", render: keyOf }]}
        rowKey={keyOf}
        query={{ data: { items: PAGES[page] ?? [], total: 4 }, error: null }}
        selection={{ rows: ticked, onChange: setTicked }}
        empty={null}
      />
      <output>{ticked.map(keyOf).join()}</output>
      <button type="button" onClick={() => setPage(1 - page)}>
        turn
      </button>
    </MemoryRouter>
  );
}

describe.each([
  ["wide", false],
  ["narrow", true],
])("a %s list", (_name, isNarrow) => {
  afterEach(() => vi.unstubAllGlobals());
  it("keeps what is ticked on other pages until it is cleared", { timeout: 30_000 }, async () => {
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: isNarrow && query.includes("max-width"),
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
    }));
    render(<List />);
    const said = () => screen.getByRole("status").textContent;
    const boxes = () => screen.getAllByRole("checkbox").slice(isNarrow ? 0 : 1); // the first of a table is "all"
    await userEvent.click(boxes()[1] as HTMLElement);
    expect(said()).toBe("second");
    await userEvent.click(screen.getByText("turn"));
    await userEvent.click(boxes()[0] as HTMLElement);
    expect(said()).toBe("second,third");
    await userEvent.click(screen.getByText("turn"));
    expect(boxes()[1]).toHaveProperty("checked", true);
    await userEvent.click(boxes()[1] as HTMLElement);
    expect(said()).toBe("third");
  });
});
