// Before the first paint, or a dark page would flash white: what preferences.ts keeps, in the smallest form.
(() => {
  const kept = localStorage.getItem("trainwright.theme");
  const dark = kept === "dark" || (kept !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
