import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { NONCE } from "../../shell/nonce.ts";
import styles from "./CodeEditor.module.css";
import { languageOf, loadLanguage } from "./languages.ts";
import { looks } from "./looks.ts";
import { typesOverSelections } from "./typing.ts";

export interface CodeEditorProps {
  /** The text to begin with; another one replaces what is there. */
  value: string;
  /** Its name says the language. */
  name: string;
  readOnly?: boolean;
  /** Long lines go on in the next one. */
  wraps?: boolean;
  onChange?: ((text: string) => void) | undefined;
  onSave?: (() => void) | undefined;
  onCursor?: ((line: number, column: number) => void) | undefined;
}

/** CodeMirror in our clothes. Loaded on demand: import it with `lazy`. */
export function CodeEditor(props: CodeEditorProps) {
  const { value, name, readOnly = false, wraps = false } = props;
  const { t } = useTranslation();
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const words = useRef(t);
  words.current = t;
  const editor = useRef<{ view: EditorView; language: Compartment; mode: Compartment; wrap: Compartment }>(
    null,
  );

  useEffect(() => {
    if (place.current === null) return;
    const parts = { language: new Compartment(), mode: new Compartment(), wrap: new Compartment() };
    const view = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: [
          basics(words.current),
          parts.language.of([]),
          parts.mode.of([]),
          parts.wrap.of([]),
          separatorOf(latest.current.value),
          EditorView.updateListener.of((update) => {
            const { onChange, onCursor } = latest.current;
            if (update.docChanged) onChange?.(update.state.sliceDoc());
            if (onCursor && (update.selectionSet || update.docChanged)) {
              const at = update.state.selection.main.head;
              const line = update.state.doc.lineAt(at);
              onCursor(line.number, at - line.from + 1);
            }
          }),
          keymap.of([
            {
              key: "Mod-s",
              preventDefault: true,
              run: () => {
                latest.current.onSave?.();
                return true;
              },
            },
          ]),
        ],
      }),
    });
    editor.current = { view, ...parts };
    return () => {
      view.destroy();
      editor.current = null;
    };
  }, []);

  useEffect(() => {
    const view = editor.current?.view;
    if (view && view.state.sliceDoc() !== value)
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    let isLast = true;
    const language = languageOf(name);
    if (language === null) return;
    void loadLanguage(language).then((support) => {
      const here = editor.current;
      if (isLast && here) here.view.dispatch({ effects: here.language.reconfigure(support) });
    });
    return () => {
      isLast = false;
    };
  }, [name]);

  useEffect(() => {
    const here = editor.current;
    if (!here) return;
    // Reached and scrolled with the keyboard, editable or not.
    const label = EditorView.contentAttributes.of({ "aria-label": name, tabindex: "0" });
    const mode: Extension = readOnly
      ? [EditorState.readOnly.of(true), EditorView.editable.of(false)]
      : [highlightActiveLine(), highlightActiveLineGutter(), keymap.of([indentWithTab])];
    here.view.dispatch({ effects: here.mode.reconfigure([label, mode]) });
    if (!readOnly) here.view.focus();
  }, [readOnly, name]);

  useEffect(() => {
    const here = editor.current;
    here?.view.dispatch({ effects: here.wrap.reconfigure(wraps ? EditorView.lineWrapping : []) });
  }, [wraps]);

  return <div ref={place} className={styles.editor} />;
}

function basics(t: (key: string) => string): Extension {
  return [
    EditorView.cspNonce.of(NONCE),
    EditorState.phrases.of(phrases(t)),
    lineNumbers(),
    history(),
    drawSelection(),
    typesOverSelections,
    indentOnInput(),
    indentUnit.of("    "),
    bracketMatching(),
    closeBrackets(),
    search({ top: true }),
    highlightSelectionMatches(),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap]),
    looks,
  ];
}

/** A file from Windows keeps its line ends. */
function separatorOf(text: string): Extension {
  const isCrlf = text.includes("\r\n") && !/(^|[^\r])\n/.test(text);
  return isCrlf ? EditorState.lineSeparator.of("\r\n") : [];
}

/** CodeMirror's own words, in the language of the page. */
function phrases(t: (key: string) => string): Record<string, string> {
  return {
    Find: t("storage.editor.find"),
    Replace: t("storage.editor.replaceWith"),
    next: t("storage.editor.next"),
    previous: t("storage.editor.previous"),
    all: t("storage.editor.all"),
    "match case": t("storage.editor.matchCase"),
    "by word": t("storage.editor.byWord"),
    regexp: t("storage.editor.regexp"),
    replace: t("storage.editor.replaceOne"),
    "replace all": t("storage.editor.replaceAll"),
    close: t("storage.close"),
    "current match": t("storage.editor.currentMatch"),
    "on line": t("storage.editor.onLine"),
    "replaced match on line $": t("storage.editor.replacedOn"),
    "replaced $ matches": t("storage.editor.replacedMany"),
    "Go to line": t("storage.editor.goToLine"),
    go: t("storage.editor.go"),
  };
}
