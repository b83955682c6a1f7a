/** Selecting lines of a log: rows that scroll out of view stay drawn, and what is copied is the lines and nothing else. */
import { type RefObject, useEffect } from "react";
import type { Scroller } from "./scroller.ts";

export function useSelectedRows(box: RefObject<HTMLElement | null>, scroller: Scroller): void {
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    function selected() {
      const selection = document.getSelection();
      const [from, to] = [rowOf(selection?.anchorNode, element), rowOf(selection?.focusNode, element)];
      if (!selection || selection.isCollapsed || !from || !to) {
        scroller.keep(null);
        return;
      }
      scroller.model.unfollow(); // lines that run away cannot be selected
      scroller.keep([from, to]);
    }
    function copy(event: ClipboardEvent) {
      const selection = document.getSelection();
      if (!selection || selection.rangeCount === 0 || selection.isCollapsed) return;
      const text = linesIn(selection.getRangeAt(0).cloneContents());
      if (text === null) return;
      event.clipboardData?.setData("text/plain", text);
      event.preventDefault();
    }
    document.addEventListener("selectionchange", selected);
    element.addEventListener("copy", copy);
    return () => {
      document.removeEventListener("selectionchange", selected);
      element.removeEventListener("copy", copy);
    };
  }, [box, scroller]);
}

function rowOf(node: Node | null | undefined, box: HTMLElement | null): string | undefined {
  if (!node || !box?.contains(node)) return undefined;
  const element = node instanceof HTMLElement ? node : node.parentElement;
  return element?.closest<HTMLElement>("[data-key]")?.dataset.key;
}

/** The text of the lines in a part of the page; null when it is a part of one line, which copies as it is. */
export function linesIn(part: DocumentFragment): string | null {
  const texts = part.querySelectorAll("[data-text]");
  return texts.length === 0 ? null : [...texts].map((text) => text.textContent).join("\n");
}
