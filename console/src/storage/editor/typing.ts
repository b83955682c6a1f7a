import { EditorView } from "@codemirror/view";

/**
 * Typing over a selection, done by the editor.
 *
 * Left to itself Chromium gives what is typed the look of what it replaces, as a style attribute: the
 * content-security policy forbids that, and the browser logs an error each time.
 */
export const typesOverSelections = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { state } = view;
    const { from, to, empty } = state.selection.main;
    const text = event.data ?? "";
    if (event.inputType !== "insertText" || event.isComposing || empty || text === "") return false;
    event.preventDefault();
    const insert = () =>
      state.update(state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handlers = state.facet(EditorView.inputHandler); // brackets go around what is selected
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    return true;
  },
});
