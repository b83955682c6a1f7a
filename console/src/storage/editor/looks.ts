/** How code looks here: our tokens, in both themes. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import styles from "./CodeEditor.module.css";

const name = (style: string | undefined) => style ?? "";

const highlight = HighlightStyle.define([
  {
    tag: [tags.keyword, tags.operatorKeyword, tags.modifier, tags.self, tags.bool, tags.null, tags.atom],
    class: name(styles.keyword),
  },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.quote], class: name(styles.string) },
  { tag: [tags.number, tags.literal], class: name(styles.number) },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], class: name(styles.comment) },
  {
    tag: [
      tags.function(tags.variableName),
      tags.function(tags.definition(tags.variableName)),
      tags.propertyName,
      tags.definition(tags.propertyName),
      tags.attributeName,
      tags.labelName,
    ],
    class: name(styles.called),
  },
  { tag: [tags.className, tags.typeName, tags.namespace, tags.tagName], class: name(styles.type) },
  { tag: tags.heading, class: name(styles.heading) },
  { tag: [tags.strong, tags.emphasis], class: name(styles.strong) },
  { tag: [tags.link, tags.url], class: name(styles.link) },
  { tag: tags.invalid, class: name(styles.invalid) },
]);

const theme = EditorView.theme({
  "&": { height: "100%", color: "var(--text)", backgroundColor: "var(--surface)", fontSize: "13px" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)", padding: "8px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)" },
  ".cm-gutters": {
    backgroundColor: "var(--surface)",
    color: "var(--quiet)",
    border: "none",
    paddingLeft: "8px",
  },
  ".cm-activeLineGutter": { backgroundColor: "var(--code-line)", color: "var(--text)" },
  ".cm-activeLine": { backgroundColor: "var(--code-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": {
    backgroundColor: "var(--code-selection)",
    color: "inherit",
  },
  ".cm-searchMatch": { backgroundColor: "var(--code-match)" },
  ".cm-searchMatch-selected": { outline: "2px solid var(--accent)" },
  ".cm-selectionMatch": { backgroundColor: "var(--code-match)" },
  ".cm-panels": {
    backgroundColor: "var(--raised)",
    color: "var(--text)",
    borderColor: "var(--line)",
  },
  ".cm-panel.cm-search": { padding: "8px 28px 8px 10px", fontSize: "13px" },
  ".cm-panel.cm-search label": { fontSize: "13px" },
  ".cm-panel.cm-search [name=close]": { fontSize: "18px", color: "var(--text)", cursor: "pointer" },
  ".cm-textfield": {
    fontSize: "13px",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "5px",
    padding: "3px 8px",
  },
  ".cm-button": {
    fontSize: "13px",
    color: "var(--text)",
    backgroundColor: "var(--surface)",
    backgroundImage: "none",
    border: "1px solid var(--line)",
    borderRadius: "5px",
    padding: "3px 10px",
    cursor: "pointer",
  },
  ".cm-button:active": { backgroundImage: "none", backgroundColor: "var(--raised)" },
});

export const looks = [theme, syntaxHighlighting(highlight)];
