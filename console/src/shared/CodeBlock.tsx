/** A text as it is written; what is long scrolls by itself, by keyboard, too. `label` says what it is. */
export function CodeBlock({ label, text }: { label: string; text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section tabIndex={0} aria-label={label} className="code">
      {text}
    </section>
  );
}
