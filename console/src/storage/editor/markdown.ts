/** Markdown, as much of it as is worth colouring: headings, code, emphasis, lists, links. */
import type { StreamParser } from "@codemirror/language";

interface State {
  inCode: boolean;
}

const parser: StreamParser<State> = {
  name: "markdown",
  startState: () => ({ inCode: false }),
  token(stream, state) {
    if (stream.sol()) {
      if (stream.match(/^\s*(```|~~~).*/)) {
        state.inCode = !state.inCode;
        return "meta";
      }
      if (state.inCode) {
        stream.skipToEnd();
        return "string";
      }
      if (stream.match(/^#{1,6}\s.*/)) return "heading";
      if (stream.match(/^\s*>.*/)) return "quote";
      if (stream.match(/^\s*([-*+]|\d+[.)])\s/)) return "keyword";
      if (stream.match(/^\s*([-*_])(\s*\1){2,}\s*$/)) return "meta";
    }
    if (stream.match(/^`[^`]*`/)) return "string";
    if (stream.match(/^\*\*[^*]+\*\*/) || stream.match(/^__[^_]+__/)) return "strong";
    if (stream.match(/^\*[^*\s][^*]*\*/)) return "emphasis";
    if (stream.match(/^!?\[[^\]]*\]\([^)]*\)/) || stream.match(/^https?:\/\/[^\s)]+/)) return "link";
    stream.next();
    stream.eatWhile(/[^`*_![h\s]/);
    return null;
  },
};

export const markdown = parser as StreamParser<unknown>;
