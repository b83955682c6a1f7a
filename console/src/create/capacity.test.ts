import { expect, it } from "vitest";
import { amountsOf, cpusOf, haveRoom, howMany, memoryOf, outlookOf } from "./capacity.ts";

it("reads quantities", () => {
  expect([cpusOf("4"), cpusOf("2500m"), cpusOf(undefined)]).toEqual([4, 2.5, 0]);
  expect([memoryOf("9Gi"), memoryOf("7680Mi"), memoryOf("1048576Ki"), memoryOf("x")]).toEqual([
    9216, 7680, 1024, 0,
  ]);
  expect(amountsOf({ cpu: "8", memory: "1Gi", "nvidia.com/gpu": "2" })).toEqual({
    cpus: 8,
    memory: 1024,
    cards: 2,
  });
});

it("counts per machine", () => {
  const each = { cpus: 4, memory: 1024, cards: 1 };
  const machines = [
    { cpus: 10, memory: 9000, cards: 8 },
    { cpus: 7, memory: 9000, cards: 8 },
    { cpus: 64, memory: 9000, cards: 0 },
  ];
  expect(howMany(each, machines)).toBe(3);
  expect(howMany({ cpus: 1, memory: 768, cards: 0 }, [{ cpus: 12, memory: 9216, cards: 0 }])).toBe(12);
});

it("says how a job will fare", () => {
  const one = { cpus: 1, memory: 768, cards: 0 };
  const machines = [{ all: { cpus: 4, memory: 4096, cards: 0 }, free: { cpus: 3, memory: 4096, cards: 0 } }];
  const fare = (count: number, waiting = 0) => outlookOf([{ each: one, count }], machines, waiting);
  expect([fare(1), fare(1, 2), fare(4), fare(5)]).toEqual(["free", "behind", "queue", "never"]);
  expect(outlookOf(undefined, machines, 0)).toBe("unknown");
});

it("packs roles of different sizes together", () => {
  const machines = [
    { cpus: 4, memory: 4096, cards: 1 },
    { cpus: 2, memory: 4096, cards: 0 },
  ];
  const small = { cpus: 1, memory: 512, cards: 0 };
  const large = { cpus: 3, memory: 1024, cards: 1 };
  expect(
    haveRoom(
      [
        { each: small, count: 3 },
        { each: large, count: 1 },
      ],
      machines,
    ),
  ).toBe(true);
  expect(
    haveRoom(
      [
        { each: small, count: 4 },
        { each: large, count: 1 },
      ],
      machines,
    ),
  ).toBe(false);
  expect(haveRoom([{ each: large, count: 2 }], machines)).toBe(false);
});
