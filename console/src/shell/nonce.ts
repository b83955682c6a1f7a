/** The nonce that this page's style elements must carry (content-security policy); CodeMirror and antd ask for it. */
export const NONCE = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";

/**
 * Let the parts style that do not know of the content-security policy: antd (without this the page scrolls behind
 * dialogues, and text areas that grow show the one they measure with) and the terminal (colours of its letters).
 *
 * Style elements get the nonce. A style as a text of the attribute is forbidden; the same text is welcome as a property.
 */
export function keepToPolicy(): void {
  const make = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const made = make(name, options);
    if (made instanceof HTMLStyleElement) made.nonce = NONCE;
    return made;
  }) as typeof document.createElement;
  const set = Element.prototype.setAttribute;
  HTMLElement.prototype.setAttribute = function (name, value) {
    if (name === "style") this.style.cssText = value;
    else set.call(this, name, value);
  };
}
