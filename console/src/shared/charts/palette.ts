/** Colours of lines: told apart by eyes of every kind, readable on light and on dark ground. In a fixed order. */
const LIGHT = [
  "#1766d6",
  "#c2410c",
  "#15803d",
  "#9333ea",
  "#b45309",
  "#0e7490",
  "#be185d",
  "#4d7c0f",
  "#475569",
  "#b91c1c",
];
const DARK = [
  "#6aaeff",
  "#fb923c",
  "#4cc26b",
  "#c297ff",
  "#fbbf24",
  "#22d3ee",
  "#f472b6",
  "#a3e635",
  "#a8b4c4",
  "#ff7b72",
];

export function lineColor(index: number, isDark: boolean): string {
  const colors = isDark ? DARK : LIGHT;
  return colors[index % colors.length] as string;
}
